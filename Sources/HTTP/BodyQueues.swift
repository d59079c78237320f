internal import Dispatch

/// Where large bodies are handled: not on a loop's thread, nor on one of the few that run tasks.
///
/// Bodies of about one size stand in one line, one at a time, which bounds the memory and the cores that they take. A body
/// never waits for much larger ones.
struct BodyQueues: Sendable {
    /// Up to 256 KiB, 1 MiB, 4 MiB, 16 MiB, and beyond.
    private static let smallestByteCount = 256 << 10
    private let queues = (0..<5).map { DispatchQueue(label: "graphrun bodies \($0)") }

    /// - Parameter byteCount: of the body that `work` handles.
    func add(_ byteCount: Int, _ work: @escaping @Sendable () -> Void) {
        var (index, limit) = (0, Self.smallestByteCount)
        while byteCount > limit, index < queues.count - 1 { (index, limit) = (index + 1, limit * 4) }
        queues[index].async(execute: work)
    }
}
