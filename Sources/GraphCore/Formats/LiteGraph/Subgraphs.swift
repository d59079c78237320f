/// What the definitions of a file's subgraphs are to each other: which stands inside which, and the ids their nodes get
/// so that no two in the file are the same.
struct Subgraphs {
    /// How deep subgraphs may stand inside one another.
    static let maxDepth = 64

    /// Position of each definition in the file, by its id.
    let indexByID: [String: Int]

    /// - Throws: when a subgraph contains itself, or they are nested too deep.
    init(of file: LiteGraphFile) throws(UnreadableWorkflow) {
        indexByID = Dictionary(
            file.definitions.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let indexByID = indexByID
        let inner = file.definitions.map { definition in
            var seen: Set<Int> = []
            return definition.nodes.compactMap { node in
                indexByID[node.type].flatMap { seen.insert($0).inserted ? $0 : nil }
            }
        }
        try Self.checkDepth(inner) { file.definitions[$0].name }
    }

    /// Depth first: a definition met again on the way down contains itself.
    private static func checkDepth(_ inner: [[Int]], name: (Int) -> String) throws(UnreadableWorkflow) {
        var depths = [Int?](repeating: nil, count: inner.count)
        for root in inner.indices where depths[root] == nil {
            var path = [(definition: root, next: 0, depth: 1)]
            var isOnPath: Set<Int> = [root]
            while let (definition, next, depth) = path.last {
                guard next < inner[definition].count else {
                    depths[definition] = depth
                    isOnPath.remove(definition)
                    path.removeLast()
                    if let outer = path.indices.last { path[outer].depth = max(path[outer].depth, depth + 1) }
                    continue
                }
                path[path.count - 1].next += 1
                let found = inner[definition][next]
                if isOnPath.contains(found) { throw circle(path.map(\.definition), back: found, name) }
                if let known = depths[found] {
                    path[path.count - 1].depth = max(depth, known + 1)
                } else {
                    isOnPath.insert(found)
                    path.append((found, 0, 1))
                }
            }
            guard let depth = depths[root], depth <= maxDepth else {
                throw UnreadableWorkflow(
                    .tooLarge, "its subgraphs stand more than \(maxDepth) deep inside one another",
                    suggestion: "Unpack some of them in ComfyUI.")
            }
        }
    }

    private static func circle(_ path: [Int], back: Int, _ name: (Int) -> String) -> UnreadableWorkflow {
        let suggestion = "Take one of them out in ComfyUI, or restore an older copy of the file."
        let circle = path[(path.firstIndex(of: back) ?? 0)...].map { "'\(name($0))'" }
        guard circle.count > 1, let first = circle.first else {
            return UnreadableWorkflow(
                .cycle, "the subgraph '\(name(back))' contains itself", suggestion: suggestion)
        }
        let shown = circle.count > 6 ? circle.prefix(5) + ["..."] : circle[...]
        return UnreadableWorkflow(
            .cycle,
            "the subgraphs contain one another in a circle: \((shown + [first]).joined(separator: " contains "))",
            suggestion: suggestion)
    }
}

extension LiteGraphFile {
    /// Gives new ids to nodes of definitions whose ids the root or an earlier definition has, as the editor does when it
    /// loads a file: each the next one above the highest so far. Links and `proxyWidgets` follow.
    mutating func renumber(_ subgraphs: Subgraphs) {
        var used = Set(nodes.map(\.id))
        var renamed = [[String: String]](repeating: [:], count: definitions.count)
        for index in definitions.indices {
            for position in definitions[index].nodes.indices {
                let id = definitions[index].nodes[position].id
                guard used.contains(id) else {
                    used.insert(id)
                    if let number = Int(id), number <= 1 << 53 { lastID = max(lastID, number) }
                    continue
                }
                repeat { lastID += 1 } while used.contains(String(lastID))
                let new = String(lastID)
                used.insert(new)
                renamed[index][id] = new
                definitions[index].nodes[position].id = new
            }
            guard !renamed[index].isEmpty else { continue }
            for position in definitions[index].links.indices {
                let link = definitions[index].links[position]
                if let new = renamed[index][link.from] { definitions[index].links[position].from = new }
                if let new = renamed[index][link.to] { definitions[index].links[position].to = new }
            }
        }
        func follow(_ nodes: inout [Node]) {
            for position in nodes.indices {
                guard let definition = subgraphs.indexByID[nodes[position].type], !renamed[definition].isEmpty,
                    let entries = nodes[position].properties["proxyWidgets"]?.array
                else { continue }
                nodes[position].properties["proxyWidgets"] = .array(
                    entries.map { entry in
                        guard case .array(var parts) = entry, let id = parts.first.flatMap({ LiteGraphFile.id($0) }),
                            let new = renamed[definition][id]
                        else { return entry }
                        parts[0] = .string(new)
                        return .array(parts)
                    })
            }
        }
        follow(&nodes)
        for index in definitions.indices { follow(&definitions[index].nodes) }
    }
}
