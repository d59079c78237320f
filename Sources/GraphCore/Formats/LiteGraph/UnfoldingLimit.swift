/// How far subgraphs and group nodes of a file may unfold: by what the file holds, so that a small one never becomes a
/// large workflow.
///
/// Nested definitions grow exponentially: 10 KB of them reach any fixed bound. A definition used many times grows with
/// the file's square at most, and the base leaves room for that in files as people draw them.
struct UnfoldingLimit {
    private static let baseNodeCount = 5_000
    private static let baseByteCount = 4 << 20
    /// Per node and per byte that the file holds.
    private static let factor = 20

    /// Nodes that the file holds.
    private let heldCount: Int
    private let maxNodeCount: Int
    private let maxByteCount: Int
    private var nodeCount = 0
    private var byteCount = 0

    init(of file: LiteGraphFile) {
        var (nodes, bytes) = (0, 0)
        for node in file.nodes + file.definitions.flatMap(\.nodes) {
            nodes += 1
            bytes += node.promptByteCount
        }
        for group in file.groupNodes.members {
            nodes += group.value["nodes"]?.array?.count ?? 0
            bytes += JSONWriter.bytes(group.value).count
        }
        heldCount = nodes
        maxNodeCount = min(LiteGraphFile.maxNodeCount, Self.baseNodeCount + Self.factor * nodes)
        maxByteCount = Self.baseByteCount + Self.factor * bytes
    }

    /// Counts what comes in place of a host.
    /// - Parameter what: `subgraphs` or `group nodes`.
    mutating func add(nodes: Int, bytes: Int, of what: String) throws(UnreadableWorkflow) {
        nodeCount += nodes
        byteCount += bytes
        let suggestion = "Use them less often, or split the workflow."
        guard nodeCount <= maxNodeCount else {
            throw UnreadableWorkflow(
                .tooLarge,
                "its \(what) unfold into more than \(maxNodeCount) nodes, the limit for a file that holds \(heldCount)",
                suggestion: suggestion)
        }
        guard byteCount <= maxByteCount else {
            throw UnreadableWorkflow(
                .tooLarge,
                "its \(what) unfold into more than \(maxByteCount >> 20) MiB, the limit for a file of its size",
                suggestion: suggestion)
        }
    }
}

extension LiteGraphFile.Node {
    /// About what the node takes in a prompt: texts as they are, the rest at a flat rate.
    var promptByteCount: Int {
        let values = values.map { JSONWriter.bytes($0).count } ?? 0
        return 128 + 32 * inputs.count + type.utf8.count + (title?.utf8.count ?? 0) + values
    }
}
