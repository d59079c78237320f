internal import GraphCore
internal import Glibc

/// A file of weights, open for reading: the only file of the readers that holds unsafe code.
///
/// It is read by position with `pread`, never through a mapping, although both copy from the same page cache. A mapped
/// file that somebody shortens, as `cp` over it does, ends the whole process with SIGBUS, and no check before the copy
/// can rule that out; `pread` comes back short, which is an error like any other. It also fills an array without a page
/// fault for every 4 KiB. As with a mapping, only what is asked for is read, and the file never lies in memory twice.
final class CheckpointFile: Sendable {
    private let descriptor: CInt
    /// The last part of its path, for messages.
    let name: String
    let byteCount: Int
    private let modified: (seconds: Int, nanoseconds: Int)

    /// - Throws: `Diagnostic` when there is no regular file that may be read.
    init(path: String) throws(Diagnostic) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        // Opening a pipe without O_NONBLOCK would wait for its writer.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let text = Complaint.quoted(name)
            switch errno {
            case ENOENT, ENOTDIR: throw Diagnostic(.fileNotFound, node: nil, "there is no file \(text)")
            case EACCES, EPERM: throw Diagnostic(.fileNotReadable, node: nil, "\(text) may not be read")
            case EMFILE, ENFILE, ENOMEM:
                throw Diagnostic(
                    .fileNotReadable, node: nil, "\(text) cannot be opened: too many files are open",
                    suggestion: "Try again in a moment.")
            default: throw Diagnostic(.fileNotReadable, node: nil, "\(text) cannot be opened (error \(errno))")
            }
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder, not a file" : "no regular file"
            throw Diagnostic(.fileNotReadable, node: nil, "\(Complaint.quoted(name)) is \(kind)")
        }
        byteCount = Int(status.st_size)
        modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    deinit { close(descriptor) }

    /// - Throws: when the file is no longer what it was at opening: a table of contents that was checked then says
    ///   nothing of other bytes.
    func checkUnchanged() throws(Diagnostic) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, Int(status.st_size) == byteCount,
            status.st_mtim.tv_sec == modified.seconds, status.st_mtim.tv_nsec == modified.nanoseconds
        else { throw changed }
    }

    /// The bytes from a position on.
    /// - Throws: unless the file has all of them.
    func bytes(at offset: Int, count: Int) throws(Diagnostic) -> [UInt8] {
        try values(at: offset, count: count, of: UInt8.self)
    }

    /// Numbers that stand in the file one after another, little-endian like the machine, at any alignment.
    /// - Throws: unless the file has all of them.
    func values<Stored: BitwiseCopyable>(
        at offset: Int, count: Int, of type: Stored.Type
    ) throws(Diagnostic) -> [Stored] {
        try check(offset, count, MemoryLayout<Stored>.stride)
        var isWhole = true
        let values = unsafe [Stored](unsafeUninitializedCapacity: count) { buffer, filled in
            isWhole = unsafe fill(UnsafeMutableRawBufferPointer(buffer), from: offset)
            filled = isWhole ? count : 0
        }
        if !isWhole { throw changed }
        return values
    }

    /// The same, each turned into a float32. Works in pieces that stay in the processor's cache; inlined, since only a
    /// loop that knows its conversion works on several numbers at once.
    @inline(__always)
    func floats<Stored: BitwiseCopyable>(
        at offset: Int, count: Int, of type: Stored.Type, _ convert: (Stored) -> Float
    ) throws(Diagnostic) -> [Float] {
        let size = MemoryLayout<Stored>.stride
        try check(offset, count, size)
        let capacity = min(count, 1 << 15)
        var isWhole = true
        let floats = unsafe [Float](unsafeUninitializedCapacity: count) { result, filled in
            unsafe withUnsafeTemporaryAllocation(of: Stored.self, capacity: capacity) { piece in
                while filled < count, isWhole {
                    let length = min(capacity, count - filled)
                    let part = unsafe UnsafeMutableBufferPointer(rebasing: piece[..<length])
                    isWhole = unsafe fill(UnsafeMutableRawBufferPointer(part), from: offset + filled * size)
                    guard isWhole else { break }
                    let target = unsafe UnsafeMutableBufferPointer(rebasing: result[filled..<filled + length])
                    for i in 0..<length { unsafe target[i] = convert(part[i]) }
                    filled += length
                }
            }
        }
        if !isWhole { throw changed }
        return floats
    }

    private func check(_ offset: Int, _ count: Int, _ size: Int) throws(Diagnostic) {
        let (total, overflows) = count.multipliedReportingOverflow(by: size)
        guard offset >= 0, count >= 0, !overflows, offset <= byteCount, total <= byteCount - offset else {
            throw Complaint.cutOff(name)
        }
    }

    /// Whether the file had enough bytes.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            // Linux reads at most 2 GiB at once.
            let got = unsafe pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + filled))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            filled += got
        }
        return true
    }

    private var changed: Diagnostic {
        Complaint.bad(name, "was changed, or the disk failed, while it was read", "Load it again.")
    }
}
