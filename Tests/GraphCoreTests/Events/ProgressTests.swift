import Synchronization
import Testing
import TestNodes

@testable import GraphCore

@Suite("Progress")
struct ProgressTests {
    /// Time that a test moves.
    private final class Clock: Sendable {
        private let state = Mutex(Duration.zero)
        var now: Duration { state.withLock { $0 } }
        func advance(_ milliseconds: Int) { state.withLock { $0 += .milliseconds(milliseconds) } }
    }

    /// Runs a node that reports 0, 1, 2... of `total`, with so many milliseconds between, and tells what was told of it.
    private func told(
        of total: Double = 10, after pauses: [Int], costs: CostModel = CostModel(), fails: Bool = false
    ) async throws -> [String] {
        let clock = Clock()
        let node = Custom("Worker") { _, context in
            try context.progress(0, of: total)
            for (index, pause) in pauses.enumerated() {
                clock.advance(pause)
                try context.progress(Double(index + 1), of: total)
            }
            if fails { throw Diagnostic(.nodeFailed, node: nil, "enough") }
            return [Custom.output(.literal(.null))]
        }
        let runner = TestRunner([node]) {
            $0.clock = { clock.now }
            $0.costs = costs
        }
        return try await runner.events("w = Worker").compactMap { event in
            switch event.kind {
            case .nodeProgress(_, let completed, _, let remaining, _):
                let left = remaining.map { " left \(Int(clamping: ($0.seconds * 1000).rounded())) ms" } ?? ""
                return "\(Int(clamping: completed)) at \(Int(clamping: event.elapsed.seconds * 1000)) ms" + left
            case .nodeFinished: return "done"
            case .nodeFailed: return "failed"
            default: return nil
            }
        }
    }

    @Test("closer than 50 ms is merged; the first and the last of a node are always told")
    func merged() async throws {
        #expect(
            try await told(of: 100, after: [20, 20, 20, 1, 1]) == ["0 at 0 ms", "3 at 60 ms", "5 at 62 ms", "done"])
    }

    @Test("50 ms apart is told each time")
    func apart() async throws {
        #expect(
            try await told(of: 100, after: [50, 50, 49, 1])
                == ["0 at 0 ms", "1 at 50 ms", "2 at 100 ms", "4 at 150 ms", "done"])
    }

    @Test("reported once is told once")
    func once() async throws {
        #expect(try await told(after: []) == ["0 at 0 ms", "done"])
    }

    @Test("before a picture is always told, and before that picture")
    func pictures() async throws {
        let node = Custom("Painter") { _, context in
            for index in 0..<2 {
                try context.progress(Double(index), of: 3)
                context.preview([UInt8(index)], format: .png)
            }
            try context.send([2], format: .png, step: 2, of: 3)
            try context.progress(3, of: 3)
            return [Custom.output(.literal(.null))]
        }
        let runner = TestRunner([node]) { $0.clock = { .zero } }
        let told = try await runner.events("p = Painter").compactMap { event -> String? in
            switch event.kind {
            case .nodeProgress(_, let completed, _, _, _): "\(Int(clamping: completed))"
            case .nodePreview(_, _, let bytes): "preview \(bytes[0])"
            case .nodePicture(_, _, let bytes): "picture \(bytes[0])"
            default: nil
            }
        }
        #expect(told == ["0", "preview 0", "1", "preview 1", "2", "picture 2", "3"])
    }

    @Test("held back is told of a node that fails, too")
    func failing() async throws {
        #expect(try await told(of: 100, after: [1], fails: true) == ["0 at 0 ms", "1 at 1 ms", "failed"])
    }

    @Test("has an estimate by the node's own pace once a tenth is done")
    func pace() async throws {
        #expect(
            try await told(of: 4, after: [100, 100])
                == ["0 at 0 ms", "1 at 100 ms left 300 ms", "2 at 200 ms left 200 ms", "done"])
    }

    @Test("has an estimate from earlier runs before that")
    func learned() async throws {
        var costs = CostModel()
        costs.record(type: "Worker", byteCount: 0, seconds: 2)
        #expect(
            try await told(of: 100, after: [500, 2000], costs: costs) == [
                "0 at 0 ms left 2000 ms", "1 at 500 ms left 1500 ms", "2 at 2500 ms", "done",
            ])
    }

    @Test("can be estimated by the node itself, from what earlier runs took")
    func usual() async throws {
        let box = Usual()
        let node = Custom("Worker") { _, context in
            box.add(context.usualDuration)
            return [Custom.output(.literal(.null))]
        }
        var costs = CostModel()
        costs.record(type: "Worker", byteCount: 0, seconds: 2)
        let taught = TestRunner([node]) { $0.costs = costs }
        _ = try await taught.events("w = Worker")
        _ = try await TestRunner([node]) { _ in }.events("w = Worker")
        #expect(box.heard == [.seconds(2), nil])
        #expect(NodeContext().usualDuration == nil)
    }

    private final class Usual: Sendable {
        private let state = Mutex<[Duration?]>([])
        var heard: [Duration?] { state.withLock { $0 } }
        func add(_ duration: Duration?) { state.withLock { $0.append(duration) } }
    }

    @Test("that is no number ends no run")
    func nonsense() async throws {
        #expect(try await told(of: .nan, after: [60]).last == "done")
        #expect(try await told(of: 0, after: [60]).last == "done")
        #expect(try await told(of: -1, after: [60]).last == "done")
    }
}
