/// What happens when nodes wait for each other.
extension Scheduler {
    /// Whether nothing runs and nothing can, although nodes are open: they wait for each other.
    var isStuck: Bool { runningCount == 0 && readyCount == 0 && openCount > 0 && !isHalted }

    /// Blames the circle that keeps the run from going on. Only expansions can make one: the validator finds the others.
    mutating func failStuck() {
        guard let first = status.indices.first(where: { status[$0] == .waiting || status[$0] == .expanding }) else {
            halt()
            return
        }
        var path: [Int] = []
        var positionInPath: [Int: Int] = [:]
        var index = first
        while positionInPath[index] == nil {
            positionInPath[index] = path.count
            path.append(index)
            guard let next = openSource(of: index) else { break }
            index = next
        }
        let circle = Array(path[(positionInPath[index] ?? 0)...])
        let blamed = circle.first { status[$0] == .expanding } ?? circle[0]
        let names = ([index] + circle.dropFirst().reversed() + [index]).map { node($0).id.text }
        expansions[blamed] = nil
        fail(
            blamed,
            Diagnostic(
                .cycle, node: node(blamed).id,
                "the graph this node expanded into waits for itself: \(names.joined(separator: " -> "))",
                suggestion: "Let the expansion link only to nodes that do not depend on this one."))
        tellConsumers()
    }

    /// A node without a result that `index` waits for.
    private func openSource(of index: Int) -> Int? {
        if status[index] == .following { return Int(leaders[Int(groups[index])]) }
        let awaited =
            expansions[index]?.awaited
            ?? node(index).inputs.compactMap { input -> Int? in
                guard case .link(let source, _) = input.source else { return nil }
                return Int(source)
            }
        return awaited.first { [.waiting, .expanding, .following].contains(status[$0]) }
    }
}
