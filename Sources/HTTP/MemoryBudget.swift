internal import Synchronization

/// Memory that all connections of a server share for one purpose, so that many peers at once take no more than it.
final class MemoryBudget: Sendable {
    let byteCount: Int
    /// What each share has besides: small requests go on being served while large ones use up the budget.
    let freeByteCount: Int
    private let used = Mutex(0)

    init(byteCount: Int, freeByteCount: Int = 0) { (self.byteCount, self.freeByteCount) = (byteCount, freeByteCount) }

    var usedByteCount: Int { used.withLock { $0 } }

    /// Whether so many bytes more would fit now, the free ones of a new share considered.
    func hasRoom(for count: Int) -> Bool { count - freeByteCount <= byteCount - usedByteCount }

    /// - Parameter evenAlone: also when it is more than the budget, if no other share uses it.
    fileprivate func change(by difference: Int, evenAlone: Bool) -> Bool {
        used.withLock { used in
            guard difference <= 0 || difference <= byteCount - used || evenAlone && used == 0 else { return false }
            used += difference
            return true
        }
    }
}

/// A part of a budget. It goes back when the last that refers to it goes.
final class MemoryShare: Sendable {
    private let budget: MemoryBudget
    private let count = Mutex(0)

    init(_ budget: MemoryBudget) { self.budget = budget }

    deinit { _ = budget.change(by: -count.withLock { $0 }, evenAlone: false) }

    /// Counts so many bytes instead of those before. False, and nothing is changed, when the budget has no room.
    /// - Parameter evenAlone: also when it is more than the budget, if no other share uses it.
    func resize(to byteCount: Int, evenAlone: Bool = false) -> Bool {
        let counted = max(0, byteCount - budget.freeByteCount)
        return count.withLock { count in
            guard budget.change(by: counted - count, evenAlone: evenAlone) else { return false }
            count = counted
            return true
        }
    }
}
