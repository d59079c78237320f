internal import GraphCore

/// A binary heap of the turns of waiting prompts, the next one first.
struct TurnQueue: Sendable {
    struct Turn: Sendable {
        let priority: Double
        let arrival: Int
        let id: RunID

        static func < (one: Turn, other: Turn) -> Bool {
            (one.priority, one.arrival) < (other.priority, other.arrival)
        }
    }

    private var turns: [Turn] = []

    init(_ turns: [Turn] = []) { self.turns = turns.sorted { $0 < $1 } }

    var count: Int { turns.count }

    mutating func push(_ turn: Turn) {
        turns.append(turn)
        var index = turns.count - 1
        while index > 0, turns[index] < turns[(index - 1) / 2] {
            turns.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func pop() -> Turn? {
        guard let first = turns.first else { return nil }
        let last = turns.removeLast()
        guard !turns.isEmpty else { return first }
        turns[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < turns.count && turns[child] < turns[least] {
                least = child
            }
            if least == index { return first }
            turns.swapAt(index, least)
            index = least
        }
    }
}
