internal import Glibc

/// A regular file, open for reading.
public final class OpenedFile: Sendable {
    private let descriptor: Int32
    public let byteCount: Int
    /// Since 1970, as the file system says it: any 64 bits.
    private let modified: (seconds: Int, nanoseconds: Int)

    /// - Throws: `HTTPProblem` 404 when there is no regular file, 403 when it may not be read, 503 when too many are open.
    public init(path: String) throws(HTTPProblem) {
        // Opening a pipe without O_NONBLOCK would wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            switch errno {
            case EACCES, EPERM: throw HTTPProblem(403, "the file may not be read")
            case EMFILE, ENFILE, ENOMEM:
                throw HTTPProblem(503, "the server has too many files open", suggestion: "Try again in a moment.")
            default: throw HTTPProblem(404, "there is no such file")
            }
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw HTTPProblem(404, "there is no such file")
        }
        self.descriptor = descriptor
        byteCount = max(0, Int(status.st_size))
        modified = (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    }

    deinit { close(descriptor) }

    /// Whole seconds since 1970, within what HTTP's dates can say.
    public var modifiedSeconds: Int { HTTPDate.clamped(secondsSince1970: modified.seconds) }

    /// Changes whenever the file's size or time of change does; aiohttp's form, so that caches stay good.
    public var etag: String {
        let nanoseconds = Int128(modified.seconds) * 1_000_000_000 + Int128(modified.nanoseconds)
        return "\"\(String(nanoseconds, radix: 16))-\(String(byteCount, radix: 16))\""
    }

    /// The first bytes, or all of a shorter file.
    /// - Throws: `HTTPProblem` 500 when the disk fails.
    public func prefix(_ maxByteCount: Int) throws(HTTPProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        let count = min(maxByteCount, byteCount)
        while bytes.count < count {
            guard let got = read(at: bytes.count, count: count - bytes.count, into: &bytes) else {
                throw HTTPProblem(500, "the file could not be read")
            }
            if got == 0 { break }
        }
        return bytes
    }

    /// Appends at most so many bytes from a position. Nil when the disk fails, 0 behind the end.
    func read(at position: Int, count: Int, into out: inout [UInt8]) -> Int? {
        let start = out.count
        out.append(contentsOf: repeatElement(0, count: count))
        var got = -1
        repeat {
            got = unsafe out.withUnsafeMutableBytes { bytes in
                unsafe pread(descriptor, bytes.baseAddress?.advanced(by: start), count, off_t(position))
            }
        } while got < 0 && errno == EINTR
        out.removeLast(count - max(got, 0))
        return got < 0 ? nil : got
    }
}
