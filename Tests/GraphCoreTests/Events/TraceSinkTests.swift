import Testing
import TestNodes

@testable import GraphCore

@Suite("A trace file")
struct TraceSinkTests {
    /// The trace of events told as milliseconds and kind.
    private func trace(_ events: [(ms: Int, kind: RunEvent.Kind)]) throws -> JSON {
        var sink = TraceSink()
        for (index, event) in events.enumerated() {
            let number = UInt64(index + 1)
            sink.add(
                RunEvent(
                    run: "r", sequence: number, order: number, elapsed: .milliseconds(event.ms), kind: event.kind))
        }
        return try JSONParser.parse(sink.bytes())
    }

    /// One line a bar or mark: row, name, start and length in microseconds, result.
    private func lines(_ trace: JSON) -> String {
        (trace["traceEvents"]?.array ?? []).map { event in
            let length = event["dur"].map { "+\($0.number?.text ?? "?")" } ?? "mark"
            let row = event["tid"]?.number?.text ?? "?"
            let result = event["args"]?["result"]?.string.map { " \($0)" } ?? ""
            return "\(row) \(event["name"]?.string ?? "?") \(event["ts"]?.number?.text ?? "?")\(length)\(result)"
        }.joined(separator: "\n")
    }

    private func started(_ node: NodeID) -> RunEvent.Kind {
        .nodeStarted(node, type: "Add", display: node, parent: nil, because: .neverRan)
    }

    @Test("has a bar for each node, and rows of their own for those that ran at once")
    func bars() throws {
        let trace = try trace([
            (0, .runQueued), (0, .runStarted(nodeCount: 4, cached: [])), (1, started("a")), (2, started("b")),
            (3, .nodeProgress("b", completed: 1, total: 2, remaining: nil)), (4, .nodeFinished("a")),
            (5, started("c")), (7, .nodeFinished("b")), (8, .nodeFinished("c")), (9, .runFinished(.succeeded)),
        ])
        #expect(trace["displayTimeUnit"] == "ms")
        #expect(
            lines(trace) == """
                0 Add a 1000.0+3000.0 done
                1 Add b 2000.0+5000.0 done
                0 Add c 5000.0+3000.0 done
                """)
        let first = try #require(trace["traceEvents"]?.array?.first)
        #expect(
            JSONWriter.text(first)
                == #"{"name":"Add a","ph":"X","pid":1,"tid":0,"ts":1000.0,"dur":3000.0,"#
                + #""args":{"because":"never ran","result":"done"}}"#)
    }

    @Test("says how a node ended that did not finish, and marks what took no time")
    func endings() throws {
        #expect(
            lines(
                try trace([
                    (1, started("a")), (1, .nodePhase("a", type: "Add", stage: "load", message: "", percent: 0)),
                    (2, .nodeFailed("a", Diagnostic(.nodeFailed, node: "a", "no \"luck\""))), (3, started("b")),
                    (4, .nodeInterrupted("b")), (5, started("c")), (6, .nodeWaiting("c", for: .inputs(["x"]))),
                    (7, started("c")), (9, .nodeFinished("c")), (9, .nodeCached("d")),
                    (9, .nodeBlocked("e", type: "T", message: nil)),
                ])) == """
                    0 load a 1000.0mark
                    0 Add a 1000.0+1000.0 no "luck"
                    0 Add b 3000.0+1000.0 interrupted
                    0 Add c 5000.0+1000.0 waits for others
                    0 Add c 7000.0+2000.0 done
                    0 cached d 9000.0mark
                    0 blocked e 9000.0mark
                    """)
    }

    @Test("of nothing is an empty list")
    func empty() throws {
        #expect(try trace([])["traceEvents"] == [])
    }

    @Test("of a real run has one bar for each node that ran, and no two at once on a row")
    func realRun() async throws {
        let runner = TestRunner(cores: 4)
        let lines = (0..<50).map { "n\($0) = Add a: \($0)" } + ["s = Add a: n0 b: n1"]
        var sink = TraceSink()
        for event in try await runner.events(
            lines.joined(separator: "\n"), run: (0..<50).map { NodeID("n\($0)") } + ["s"])
        { sink.add(event) }
        let events = try #require(try JSONParser.parse(sink.bytes())["traceEvents"]?.array)
        let bars = events.filter { $0["ph"] == "X" }
        #expect(Set(bars.compactMap { $0["name"]?.string }).count == 51)
        #expect(bars.count == 51)
        let byRow = Dictionary(grouping: bars) { $0["tid"]?.number?.text }
        for row in byRow.values {
            let spans = row.compactMap { bar -> (start: Double, end: Double)? in
                guard let start = bar["ts"]?.number?.double, let length = bar["dur"]?.number?.double else { return nil }
                return (start, start + length)
            }.sorted { $0.start < $1.start }
            // A tenth of a microsecond is lost to rounding, twice.
            #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.end <= $1.start + 0.2 })
        }
    }
}
