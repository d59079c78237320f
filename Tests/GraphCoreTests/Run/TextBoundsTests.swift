import Synchronization
import TestNodes
import Testing

@testable import GraphCore

@Suite("What nodes say")
struct TextBoundsTests {
    private static let mebibyte = 1 << 20

    /// A node that gives `text` and the length of what it is linked to.
    private static func speaker(_ texts: [String]) -> Custom {
        Custom("Speaker") { _, _ in [Custom.output(.literal(.int(0))), .shown(key: "text", texts.map { .string($0) })] }
    }

    private static func shown(_ events: [RunEvent]) -> [[String]] {
        events.compactMap { event in
            guard case .nodeOutput(_, _, let values) = event.kind else { return nil }
            return values["text"]?.array?.compactMap(\.string)
        }
    }

    @Test("is cut at the bound, and says how long it was")
    func cut() {
        #expect(TextBounds.cut("short", to: 5) == "short")
        #expect(TextBounds.cut("longer", to: 4) == "long… [cut here: all of it has 6 bytes]")
        // Not amid a character.
        #expect(TextBounds.cut("aßb", to: 2) == "a… [cut here: all of it has 4 bytes]")
        #expect(TextBounds.cut("🙂🙂", to: 7) == "🙂… [cut here: all of it has 8 bytes]")
    }

    @Test("is shown up to one mebibyte a node; what flows on stays whole")
    func node() async throws {
        let length = Custom("Length") { inputs, _ in
            guard case .literal(.string(let text))? = try inputs[Custom.value] else { return [] }
            return [Custom.output(.literal(.int(Int128(text.utf8.count)))), .shown(key: "text", [.string(text)])]
        }
        let text = String(repeating: "x", count: 3 * Self.mebibyte)
        let events = try await TestRunner([length]).events(
            "a = Constant value: \"\(text)\"\nb = Length value: a\nc = Show value: b")
        let cut = String(repeating: "x", count: Self.mebibyte - 3) + "… [cut here: all of it has 3145728 bytes]"
        #expect(Self.shown(events).first == [cut])
        #expect(events.contains { TestRunner.line($0.kind) == "c shows [3145728]" })
    }

    @Test("is held to the bound together when it is many texts; files stay")
    func list() {
        let file: JSON = ["filename": "a.png", "subfolder": "", "type": "output"]
        let shown: [JSONObject.Member] = [
            .init("text", ["abc", "defg", "hij"]), .init("images", [file, "klm"]),
        ]
        #expect(TextBounds.cut(shown, to: 25).shown == shown)
        let (kept, byteCount) = TextBounds.cut(shown, to: 12)
        #expect(
            kept == [
                .init("text", ["abc", "def… [cut here: all of it has 13 bytes]"]), .init("images", [file]),
            ])
        #expect(byteCount == 12)
    }

    @Test("is shown in a few bytes a node once a run has shown sixteen mebibytes")
    func run() async throws {
        let count = 20
        let graph =
            (0..<count).map { "s\($0) = Speaker" }.joined(separator: "\n") + "\n"
            + "last = Collect " + (0..<count).map { "v\($0): s\($0)" }.joined(separator: " ")
        let nodes = [
            Self.speaker([String(repeating: "x", count: 2 * Self.mebibyte)]), Custom("Collect") { _, _ in [] },
        ]
        let texts = try await Self.shown(TestRunner(nodes).events(graph)).joined()
        #expect(texts.count == count)
        #expect(texts.prefix(16).allSatisfy { $0.utf8.count > Self.mebibyte })
        let least = String(repeating: "x", count: 253) + "… [cut here: all of it has 2097152 bytes]"
        #expect(texts.dropFirst(16).allSatisfy { $0 == least })
    }

    @Test("is bounded in logs, phases, failures and blocks, too")
    func messages() async throws {
        let long = String(repeating: "y", count: 100_000)
        let cut = String(repeating: "y", count: 65_536) + "… [cut here: all of it has 100000 bytes]"
        let nodes = [
            Custom("Log") { _, context in
                context.log(.info, long)
                context.phase("stage", long)
                throw Diagnostic(.nodeFailed, node: nil, long, suggestion: long)
            },
            Custom("Stop") { _, _ in [Custom.output.block(long)] },
        ]
        let runner = TestRunner(nodes)
        let kinds =
            try await runner.events("a = Log").map(\.kind) + runner.events("a = Stop\nb = Show value: a").map(\.kind)
        var told: [String] = []
        for kind in kinds {
            switch kind {
            case .nodeLog(_, _, let message), .nodePhase(_, _, _, let message, _): told.append(message)
            case .nodeFailed(_, let diagnostic): told += [diagnostic.message, diagnostic.suggestion ?? ""]
            case .nodeBlocked(_, _, let message): told.append(message ?? "")
            default: break
            }
        }
        #expect(told == Array(repeating: cut, count: 5))
    }

    @Test("is joined from a hundred thousand calls of a mapped list in linear time")
    func mapped() {
        // With the square of it, the test would take many minutes.
        let answers = (0..<200_000).map { index in
            NodeCall.Answer(slots: [], shown: [.init("text", [.string(String(index))])], expansion: nil)
        }
        let shown = NodeCall.mergeShown(answers)
        #expect(shown.map(\.key) == ["text"])
        #expect(shown.first?.value.array?.count == 200_000)
        #expect(shown.first?.value.array?.last == "199999")
    }

    /// Says when it is weighed.
    private struct Weighed: SocketValue {
        static let socketType: SocketType = "WEIGHED"
        let weigh: @Sendable () -> Void
        var byteCount: Int {
            weigh()
            return 8
        }
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    @Test("of how far a node is costs no look at all its inputs each time")
    func progress() async throws {
        let weighings = Counter()
        let value = Value.object(Weighed { weighings.count.add(1, ordering: .relaxed) })
        let nodes = [
            Custom("Give") { _, _ in [Custom.output(value)] },
            Custom("Step") { _, context in
                for step in 0..<1000 { try context.progress(Double(step), of: 100_000) }
                return []
            },
        ]
        _ = try await TestRunner(nodes).events("a = Give\nb = Step value: a")
        #expect(weighings.count.load(ordering: .relaxed) < 20)
    }
}
