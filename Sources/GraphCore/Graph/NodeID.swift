/// The name of a node in its workflow, such as `3`, `load_image` or, inside an expansion, `5.0.0.1`.
public struct NodeID: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral value: String) { text = value }
    public var description: String { text }

    /// Numbers in their order, before all other names.
    public static func < (one: NodeID, other: NodeID) -> Bool {
        switch (Int(one.text), Int(other.text)) {
        case (let a?, let b?): a < b
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): one.text < other.text
        }
    }
}

/// An output of a node, as an input names it: `["3", 0]` in a workflow file.
public struct Link: Sendable, Hashable {
    public let node: NodeID
    /// Counted from 0.
    public let slot: Int

    public init(_ node: NodeID, _ slot: Int) { (self.node, self.slot) = (node, slot) }

    /// As the API format spells it.
    public var json: JSON { .array([.string(node.text), .number(JSONNumber(slot))]) }
}
