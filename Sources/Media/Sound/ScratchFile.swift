internal import Glibc
internal import GraphCore

/// A file of samples without a name: it goes when the last who reads it lets go, and when the program is killed.
final class ScratchFile: Sendable {
    private let descriptor: Int32

    init(in folder: String) throws(Diagnostic) {
        var path = Array((folder + "/.sound-XXXXXX").utf8CString)
        descriptor = unsafe mkstemp(&path)
        if descriptor >= 0 {
            unsafe unlink(path)
            // No child keeps it open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        if descriptor < 0 { throw Self.failed(.fileNotWritable, "no file can be made in \(folder)") }
    }

    deinit { close(descriptor) }

    /// - Parameter position: in samples.
    func append(_ samples: [Float], at position: Int) throws(Diagnostic) {
        var written = 0
        let byteCount = samples.count * MemoryLayout<Float>.size
        while written < byteCount {
            let count = unsafe samples.withUnsafeBytes { bytes in
                unsafe pwrite(
                    descriptor, bytes.baseAddress?.advanced(by: written), byteCount - written,
                    position * MemoryLayout<Float>.size + written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failed(.fileNotWritable, "a long sound cannot be written to the disk") }
            written += count
        }
    }

    func read(_ range: Range<Int>) throws(Diagnostic) -> [Float] {
        let start = range.lowerBound * MemoryLayout<Float>.size
        let byteCount = range.count * MemoryLayout<Float>.size
        var isWhole = true
        let samples = unsafe [Float](unsafeUninitializedCapacity: range.count) { samples, initializedCount in
            var done = 0
            let bytes = UnsafeMutableRawBufferPointer(samples)
            while done < byteCount {
                let count = unsafe pread(
                    descriptor, bytes.baseAddress?.advanced(by: done), byteCount - done, start + done)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                done += count
            }
            isWhole = done == byteCount
            initializedCount = done / MemoryLayout<Float>.size
        }
        guard isWhole else { throw Self.failed(.fileNotReadable, "a long sound cannot be read back from the disk") }
        return samples
    }

    private static func failed(_ code: Diagnostic.Code, _ message: String) -> Diagnostic {
        let reason = unsafe String(cString: strerror(errno))
        return Diagnostic(
            code, node: nil, "\(message): \(reason)", suggestion: "Make room on the disk of the temp folder.")
    }
}
