/// A graph that a node wants to run in its place. Ids are local: the engine puts the parent's in front.
public struct ExpansionGraph: Sendable {
    public struct Node: Sendable {
        public let id: String
        public let type: String
        public var inputs: [(name: String, source: Source)]
        /// The node of the visible workflow that this one reports as; the parent's when nil.
        public var display: NodeID?
    }

    public enum Source: Sendable {
        /// Anything the parent has in hand, a picture for example.
        case value(Value)
        /// A node of this expansion, by its local id.
        case local(String, slot: Int)
        /// A node of the graph outside, known from a raw link or the dynamic prompt.
        case outer(Link)
    }

    public private(set) var nodes: [Node] = []
    private var indexByID: [String: Int] = [:]

    public init() {}

    /// Adds a node and returns its local id.
    /// - Parameter id: 1, 2, 3... when nil.
    @discardableResult
    public mutating func add(
        _ type: String, id: String? = nil, display: NodeID? = nil, _ inputs: [(name: String, source: Source)] = []
    ) -> String {
        let id = id ?? String(nodes.count + 1)
        indexByID[id] = nodes.count
        nodes.append(Node(id: id, type: type, inputs: inputs, display: display))
        return id
    }

    /// Sets an input of a node added before.
    public mutating func set(_ id: String, _ name: String, _ source: Source) {
        guard let index = indexByID[id] else { return }
        nodes[index].inputs.removeAll { $0.name == name }
        nodes[index].inputs.append((name, source))
    }
}
