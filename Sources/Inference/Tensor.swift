internal import GraphCore

/// Numbers with a shape, in row-major order.
public struct Tensor: Sendable, Equatable {
    /// Outermost dimension first: [batch, channels, height, width] for pictures.
    public let shape: [Int]
    public let values: [Float]

    /// - Precondition: as many values as the shape says.
    public init(shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "a tensor has as many values as its shape says")
        (self.shape, self.values) = (shape, values)
    }
}

/// An input or output of a model.
public struct TensorPort: Sendable, Equatable {
    /// What pictures come as; a model of other numbers is none for pictures.
    public enum ElementType: Sendable { case float32, float16, uint8, other }

    public let name: String
    public let elementType: ElementType
    /// Nil where any length will do.
    public let shape: [Int?]

    /// Several, for people: `input [1, 3, any, any]`.
    static func text(_ ports: [TensorPort]) -> String {
        ports.map { port in
            "\(port.name) [\(port.shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]"
        }.joined(separator: " and ")
    }
}

/// What a model computes on.
public enum Device: String, Sendable, CaseIterable {
    /// The graphics card if the runtime can use one, else the processor.
    case auto
    case cpu, cuda
}
