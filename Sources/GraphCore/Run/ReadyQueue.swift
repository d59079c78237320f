/// First in, first out.
struct ReadyQueue {
    private var items: [Int32] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }

    mutating func append(_ index: Int) { items.append(Int32(index)) }

    mutating func popFirst() -> Int? {
        guard head < items.count else { return nil }
        defer {
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                head = 0
            }
        }
        return Int(items[head])
    }
}
