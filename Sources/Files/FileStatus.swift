internal import Foundation

/// What the system says of a path, in one call: FileManager looks up owners, too, which a folder of 10,000 files would
/// feel. Links are not followed.
struct FileStatus {
    enum Kind { case file, folder, link, other }

    let kind: Kind
    let byteCount: Int
    /// The lower nine bits: owner, group, others.
    let permissions: UInt32
    /// Of content and of anything, since 1970; within what JavaScript's dates can say, 275,760 years either way.
    let modifiedMilliseconds: Int, changedMilliseconds: Int
    /// Another value for every file and every change of one, without reading it: where it lies on the disk, its size, and
    /// when its content and its entry changed, in nanoseconds.
    let identity: String
    /// Files with the same number can be linked and renamed to each other.
    let device: UInt64

    /// Nil when there is nothing.
    init?(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        byteCount = max(0, Int(status.st_size))
        permissions = UInt32(status.st_mode) & 0o777
        device = UInt64(status.st_dev)
        #if canImport(Darwin)
        let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
        let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        modifiedMilliseconds = Self.milliseconds(modified.tv_sec, modified.tv_nsec)
        changedMilliseconds = Self.milliseconds(changed.tv_sec, changed.tv_nsec)
        // As text: numbers of files may take all 64 bits.
        identity =
            "\(status.st_dev)-\(status.st_ino)-\(byteCount)-\(modified.tv_sec)-\(modified.tv_nsec)-\(changed.tv_sec)"
            + "-\(changed.tv_nsec)"
    }

    /// File systems keep any 64 bits of seconds.
    static func milliseconds(_ seconds: Int, _ nanoseconds: Int) -> Int {
        min(max(seconds, -8_640_000_000_000), 8_639_999_999_999) * 1000 + min(max(nanoseconds, 0), 999_999_999)
            / 1_000_000
    }

    /// Of a regular file, or of one that a link leads to which does not leave `root`: what is listed can be read.
    static func offered(_ path: String, below root: String) -> FileStatus? {
        guard let status = FileStatus(path) else { return nil }
        switch status.kind {
        case .file: return status
        case .folder, .other: return nil
        case .link:
            let target = Folders.realPath(path)
            guard Folders.contains(Folders.realPath(root), target), let status = FileStatus(target) else { return nil }
            return status.kind == .file ? status : nil
        }
    }

    /// Gives `path` the name `other`, in place of a file that has it, at one stroke.
    static func rename(_ path: String, over other: String) throws {
        #if canImport(Darwin)
        let failed = unsafe Darwin.rename(path, other) != 0
        #else
        let failed = unsafe Glibc.rename(path, other) != 0
        #endif
        if failed { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Makes a file that was not there and opens it for writing. Nothing waits for the disk: what Foundation's
    /// `Data.write` does for every file takes longer than all the rest of saving a small picture.
    static func create(_ path: String) throws -> FileHandle {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Returns when the disk has what a folder lists. Some file systems cannot, and what they list is not told here.
    static func syncFolder(_ path: String) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    // MARK: Locks

    /// Keeps others from locking a file for as long as it is open. Does nothing where there are no locks.
    static func lock(_ file: FileHandle) {
        while flock(file.fileDescriptor, LOCK_EX) != 0, errno == EINTR {}
    }

    enum Removal { case removed, locked, unknown }

    /// Removes a file unless a running program has it locked.
    static func removeUnlocked(_ path: String) -> Removal {
        // Network file systems lock only what may be written.
        let descriptor = unsafe open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return .unknown }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno == EWOULDBLOCK ? .locked : .unknown }
        return unsafe unlink(path) == 0 ? .removed : .unknown
    }
}
