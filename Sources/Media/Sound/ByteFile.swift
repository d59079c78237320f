internal import GraphCore
internal import Glibc

/// A file that is read and written in pieces anywhere.
///
/// One without a name goes when the last who uses it lets go, and when the program is killed.
final class ByteFile: Sendable {
    let descriptor: Int32

    /// Opens a file for reading.
    /// - Throws: `CodecError` when there is none; also for a pipe or a device, which would never end.
    init(reading path: String) throws(CodecError) {
        // A pipe without a writer would stop the thread right here.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failed("the file cannot be opened", "Check that it may be read.") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CodecError("this is not a file that holds bytes", suggestion: "Choose a sound file.")
        }
    }

    /// Creates a file, or empties one.
    init(writing path: String) throws(CodecError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.notWritten() }
    }

    /// Makes a file without a name.
    init(namelessIn folder: String) throws(CodecError) {
        var path = Array((folder + "/.sound-XXXXXX").utf8CString)
        descriptor = unsafe mkstemp(&path)
        guard descriptor >= 0 else { throw Self.notWritten() }
        unsafe unlink(path)
        // No child keeps it open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var byteCount: Int {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// As many of `count` bytes as there are.
    func read(_ count: Int, at position: Int) throws(CodecError) -> [UInt8] { try values(count, at: position) }

    /// As many of `count` values as there are, each as it lies in memory.
    /// - Parameter position: in bytes.
    func values<Value: BitwiseCopyable>(_ count: Int, at position: Int) throws(CodecError) -> [Value] {
        var hasFailed = false
        let values = unsafe [Value](unsafeUninitializedCapacity: count) { values, valueCount in
            let bytes = UnsafeMutableRawBufferPointer(values)
            var done = 0
            while done < bytes.count {
                let more = unsafe pread(
                    descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, position + done)
                if more < 0 && errno == EINTR { continue }
                hasFailed = more < 0
                guard more > 0 else { break }
                done += more
            }
            valueCount = done / MemoryLayout<Value>.stride
        }
        if hasFailed { throw Self.failed("the file cannot be read", CodecError.copySound) }
        return values
    }

    /// - Parameter position: in bytes.
    func write<Value: BitwiseCopyable>(_ values: [Value], at position: Int) throws(CodecError) {
        try write(values.span, at: position)
    }

    func write<Value: BitwiseCopyable>(_ values: Span<Value>, at position: Int) throws(CodecError) {
        let byteCount = values.count * MemoryLayout<Value>.stride
        var done = 0
        while done < byteCount {
            let more = unsafe values.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor, bytes.baseAddress?.advanced(by: done), byteCount - done, position + done)
            }
            if more < 0 && errno == EINTR { continue }
            guard more > 0 else { throw Self.notWritten() }
            done += more
        }
    }

    private static func notWritten() -> CodecError {
        failed("the sound cannot be written", "Make room on the disk, or choose another folder.")
    }

    private static func failed(_ message: String, _ suggestion: String) -> CodecError {
        let reason = unsafe String(cString: strerror(errno))
        return CodecError("\(message) (\(reason))", suggestion: suggestion)
    }
}

extension CodecError {
    static let copySound = "Copy the file again from its source, or open and re-save it in a sound editor."
}
