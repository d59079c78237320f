internal import Foundation

enum SystemReason {
    /// The system's reason in a few words.
    static func text(_ error: any Error) -> String {
        // On Linux the cause is a POSIXError, which is no NSError, or an NSError of POSIX's domain.
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        let causes = [error, cause].compactMap { error -> POSIXError? in
            if let error = error as? POSIXError { return error }
            guard let error = error as NSError?, error.domain == NSPOSIXErrorDomain else { return nil }
            return POSIXErrorCode(rawValue: Int32(clamping: error.code)).map { POSIXError($0) }
        }
        for cause in causes {
            switch cause.code {
            case .ENOSPC, .EDQUOT: return "the disk is full"
            case .EFBIG: return "the file is larger than the system allows"
            case .EACCES, .EPERM: return "permission denied"
            case .EROFS: return "the disk is read-only"
            case .ENOTDIR, .EEXIST: return "a file is in the way"
            case .EISDIR, .ENOTEMPTY: return "a folder is in the way"
            case .ENOENT: return "no such file or folder"
            case .ENAMETOOLONG: return "the name is too long"
            default: break
            }
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace?: return "the disk is full"
        case .fileWriteNoPermission?, .fileReadNoPermission?: return "permission denied"
        case .fileWriteVolumeReadOnly?: return "the disk is read-only"
        case .fileWriteFileExists?: return "a file is in the way"
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return "no such file or folder"
        default: return (error as NSError).localizedDescription
        }
    }
}
