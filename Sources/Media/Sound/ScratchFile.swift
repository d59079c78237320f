internal import GraphCore

/// A file of samples without a name.
final class ScratchFile: Sendable {
    private static let sampleByteCount = MemoryLayout<Float>.size

    private let file: ByteFile

    init(in folder: String) throws(Diagnostic) {
        do { file = try ByteFile(namelessIn: folder) } catch { throw Self.failed(.fileNotWritable, error) }
    }

    /// - Parameter position: in samples.
    func append(_ samples: PixelBuffer<Float>, at position: Int) throws(Diagnostic) {
        do {
            try file.write(samples.span, at: position * Self.sampleByteCount)
        } catch {
            throw Self.failed(.fileNotWritable, error)
        }
    }

    /// - Parameter range: in samples, all of which have been written.
    func read(_ range: Range<Int>) throws(Diagnostic) -> [Float] {
        let samples: [Float]
        do {
            samples = try file.values(range.count, at: range.lowerBound * Self.sampleByteCount)
        } catch {
            throw Self.failed(.fileNotReadable, error)
        }
        guard samples.count == range.count else {
            throw Self.failed(.fileNotReadable, CodecError("a long sound on the disk ends too early"))
        }
        return samples
    }

    private static func failed(_ code: Diagnostic.Code, _ error: CodecError) -> Diagnostic {
        Diagnostic(code, node: nil, error.message, suggestion: "Make room on the disk of the temp folder.")
    }
}
