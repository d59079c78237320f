internal import Foundation
internal import GraphCore

enum SystemReason {
    /// What kind of thing keeps a file from being written.
    static func code(_ error: any Error) -> Diagnostic.Code {
        switch causes(error).first {
        case .ENOSPC, .EDQUOT: return .diskFull
        case .EFBIG: return .tooLarge
        case .ENOTDIR, .EEXIST, .EISDIR, .ENOTEMPTY: return .fileExists
        case .ENAMETOOLONG: return .badFileName
        default: break
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace?: return .diskFull
        case .fileWriteFileExists?: return .fileExists
        case .fileWriteInvalidFileName?: return .badFileName
        default: return .fileNotWritable
        }
    }

    /// What the system itself said, as far as it is known.
    private static func causes(_ error: any Error) -> [POSIXErrorCode] {
        // On Linux the cause is a POSIXError, which is no NSError, or an NSError of POSIX's domain.
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        return [error, cause].compactMap { error in
            if let error = error as? POSIXError { return error.code }
            guard let error = error as NSError?, error.domain == NSPOSIXErrorDomain else { return nil }
            return POSIXErrorCode(rawValue: Int32(clamping: error.code))
        }
    }

    /// The system's reason in a few words.
    static func text(_ error: any Error) -> String {
        for cause in causes(error) {
            switch cause {
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
        case .fileWriteInvalidFileName?: return "the name is too long"
        default: return (error as NSError).localizedDescription
        }
    }
}
