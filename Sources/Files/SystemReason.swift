internal import Foundation

enum SystemReason {
    /// The system's reason in a few words.
    static func text(_ error: any Error) -> String {
        // On Linux the cause is a POSIXError, which is no NSError.
        let causes = [error, (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error].compactMap {
            $0 as? POSIXError
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
