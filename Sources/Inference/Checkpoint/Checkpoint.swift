internal import Digest
public import GraphCore

/// The weights of a network by name, as PyTorch (`.pth`, `.pt`) and safetensors files keep them.
///
/// What kind of file it is, its first bytes say, not its name. Only the table of contents is read at first, then each
/// tensor that is asked for. Nothing in the file is ever executed.
public struct Checkpoint: Sendable {
    public enum ElementType: Sendable, Hashable {
        case float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool
    }

    public struct Entry: Sendable, Hashable {
        /// Outermost dimension first, as PyTorch prints it; empty for a single number.
        public let shape: [Int]
        public let elementType: ElementType

        /// Of its numbers.
        public var count: Int { shape.reduce(1, *) }
    }

    /// Every tensor, by its name inside the dictionary that holds the weights (`params`, `state_dict`, ...).
    public let entries: [String: Entry]
    /// What a safetensors file says of itself; empty for the others.
    public let metadata: [String: String]

    private let file: CheckpointFile
    private let tensors: [String: StoredTensor]

    /// Reads the table of contents.
    /// - Parameter path: of a regular file.
    /// - Throws: `Diagnostic` `fileNotFound`, `fileNotReadable`, `tooLarge` or, for all that a file can have wrong in
    ///   it, `badFile`.
    public init(path: String) throws(Diagnostic) {
        file = try CheckpointFile(path: path)
        let start = try file.bytes(at: 0, count: min(file.byteCount, 512))
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            (tensors, metadata) = (try TorchFile(file).tensors, [:])
        } else {
            try ForeignFile.refuse(start, file.name)
            let contents = try SafetensorsFile(file)
            (tensors, metadata) = (contents.tensors, contents.metadata)
        }
        entries = tensors.mapValues(\.entry)
    }

    /// The values of a tensor in row-major order, as float32 whatever they are stored as.
    /// - Throws: `Diagnostic` `badFile` when there is none of that name, or the file was changed since it was opened.
    public func floats(_ name: String) throws(Diagnostic) -> [Float] {
        guard let tensor = tensors[name] else {
            throw Complaint.bad(file.name, "has no tensor \(Complaint.quoted(name))", nil)
        }
        try file.checkUnchanged()
        return try tensor.floats(file)
    }

    /// SHA-256 of the whole file as 64 lower-case hexadecimal digits.
    /// - Parameter step: told of the bytes done, of all; what it throws ends the reading.
    public func contentDigest(step: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }) throws -> String {
        var hash = IncrementalSHA256()
        var done = 0
        try file.checkUnchanged()
        while done < file.byteCount {
            try step(done, file.byteCount)
            let piece = try file.bytes(at: done, count: min(1 << 20, file.byteCount - done))
            hash.update(piece[...])
            done += piece.count
        }
        try file.checkUnchanged()
        return hash.hexadecimal()
    }
}
