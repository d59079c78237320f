/// The one internal graph every format is read into: nodes in file order, each input a literal or a link.
///
/// Nothing is checked here beyond what the format itself promises; that is the validator's work.
public struct Workflow: Sendable {
    public struct Node: Sendable {
        public let id: NodeID
        /// The node type, such as `LoadImage`; nil when the file names none.
        public let type: String?
        /// What editors say of the node (`_meta`): its title, the package it is from.
        public let meta: JSONObject
        public var inputs: [Input]

        public init(id: NodeID, type: String?, meta: JSONObject, inputs: [Input]) {
            (self.id, self.type, self.meta, self.inputs) = (id, type, meta, inputs)
        }

        public init(id: NodeID, type: String?, title: String? = nil, inputs: [Input]) {
            let meta = JSONObject(title.map { [.init("title", .string($0))] } ?? [])
            self.init(id: id, type: type, meta: meta, inputs: inputs)
        }

        /// What the author called the node, if anything.
        public var title: String? { meta["title"]?.string }

        public subscript(name: String) -> Source? {
            get { inputs.first { $0.name == name }?.source }
            set {
                inputs.removeAll { $0.name == name && newValue == nil }
                guard let newValue else { return }
                if let index = inputs.firstIndex(where: { $0.name == name }) {
                    inputs[index].source = newValue
                } else {
                    inputs.append(Input(name, newValue))
                }
            }
        }
    }

    public struct Input: Sendable, Equatable {
        public let name: String
        public var source: Source

        public init(_ name: String, _ source: Source) { (self.name, self.source) = (name, source) }
    }

    public enum Source: Sendable, Equatable {
        case literal(JSON)
        case link(Link)
        /// Looks like a link and is none, such as `["3"]` or `["3", -1]`. The validator says why.
        case malformedLink(JSON)
    }

    public var nodes: [Node]
    /// Gives `extraPNGInfo`. A parsed editor file takes ten times the memory of its text, and few nodes ask for it: a
    /// workflow that waits holds the text and parses it when asked.
    public var extraPNGInfoSource: @Sendable () -> JSONObject

    public init(nodes: [Node], extraPNGInfo: JSONObject = JSONObject()) {
        (self.nodes, extraPNGInfoSource) = (nodes, { extraPNGInfo })
    }

    /// What the author's editor stored beside the graph (`extra_pnginfo`), saved into pictures as text chunks.
    /// May be parsed at each call.
    public var extraPNGInfo: JSONObject {
        get { extraPNGInfoSource() }
        set { extraPNGInfoSource = { newValue } }
    }

    /// The nodes that a person means by `name`: the one with that id, else all with that title.
    public func indices(named name: String) -> [Int] {
        if let index = nodes.firstIndex(where: { $0.id.text == name }) { return [index] }
        return nodes.indices.filter { nodes[$0].title == name }
    }
}
