internal import Synchronization

/// Permits of `cpu` beyond a node's own, for the loops of a node that has work for several cores while others have
/// none. Never waited for: a permit is lent while it is free and nobody stands in line for it, and is to be given back
/// as soon as somebody does.
public struct SpareCores: Sendable {
    private let permits: ResourcePool.Resource?
    /// Position of `permits` in its pool.
    private let index: Int

    init(_ pool: ResourcePool) {
        index = pool.index(of: .cpu)
        permits = pool.resources[index]
    }

    private init() { (permits, index) = (nil, 0) }

    /// No core but the node's own, as for a node called by hand.
    public static let none = SpareCores()

    /// At most so many are lent.
    public var maxCount: Int { permits.map { $0.total - 1 } ?? 0 }

    /// Lends a permit; false when there is none to spare. What is lent is given back by `giveBack`.
    public func borrow() -> Bool { permits?.borrow() ?? false }

    /// Whether a node waits for a permit.
    public var isWanted: Bool { permits.map { $0.waitingCount.load(ordering: .relaxed) > 0 } ?? false }

    public func giveBack() { permits?.release()?.granted(index) }
}
