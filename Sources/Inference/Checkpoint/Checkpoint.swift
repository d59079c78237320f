public import GraphCore

/// The weights of a network by name, as PyTorch (`.pth`, `.pt`) and safetensors files keep them.
///
/// The file is mapped, not read: only the tensors that are asked for are copied. Nothing in it is ever executed.
public struct Checkpoint: Sendable {
    public enum ElementType: Sendable, Hashable {
        case float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool
    }

    public struct Entry: Sendable, Hashable {
        /// Outermost dimension first, as PyTorch prints it; empty for a single number.
        public let shape: [Int]
        public let elementType: ElementType
    }

    /// Every tensor, by its name inside the dictionary that holds the weights (`params`, `state_dict`, ...).
    public let entries: [String: Entry]

    /// Reads the table of contents.
    /// - Parameter path: of a regular file.
    public init(path: String) throws(Diagnostic) {
        throw Diagnostic(.badFile, node: nil, "not written yet")
    }

    /// The values of a tensor in row-major order, as float32 whatever they are stored as.
    public func floats(_ name: String) throws(Diagnostic) -> [Float] { [] }
}
