/// A node type. A value without mutable state; the same instance runs for every node of its type, at the same time.
public protocol Node: Sendable {
    var schema: NodeSchema { get }

    /// Computes the outputs. Called once per element when an input is a list (unless the schema `takesLists`).
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput]

    /// Which lazy inputs are needed, given those known so far; asked again as they become known.
    func neededInputs(_ inputs: Inputs) throws -> [String]

    /// Something besides the inputs that decides whether a cached result still holds. Links are not known yet.
    func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken
}

extension Node {
    public func neededInputs(_ inputs: Inputs) throws -> [String] { [] }
    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .none
    }
}

/// A node that has a change token says so by conforming to this; the others are never asked.
public protocol ChangingNode: Node {}

public enum ChangeToken: Sendable, Hashable {
    case none
    /// The result holds while this stays the same, such as a file's SHA-256.
    case token(String)
    /// The result never holds.
    case always
}
