import GraphCore
import Testing

@testable import GraphServer

@Suite("The history")
struct HistoryTests {
    private static func prompt(_ id: String) throws -> Prompt {
        Prompt(try PromptTexts.read(id), priority: 0, number: "0", createdAt: 1000)
    }

    private static func output(_ node: String, display: String, _ json: String) -> RunFold.Output {
        RunFold.Output(
            node: NodeID(node), display: NodeID(display), parent: nil, real: NodeID(display), json: Array(json.utf8))
    }

    private static func ended(
        _ id: String, startedAt: Int? = 1, outputs: [RunFold.Output] = []
    ) -> Narrator.Ended {
        Narrator.Ended(
            id: RunID(id), outcome: startedAt == nil ? .cancelled : .succeeded, startedAt: startedAt, endedAt: 2,
            outputs: outputs, outputCount: outputs.count, preview: nil, messages: [])
    }

    private static func ids(_ entries: [History.Entry]) -> [String] { entries.map(\.prompt.id.text) }

    @Test("has of each node what it showed last")
    func outputs() throws {
        let history = History()
        let outputs = [
            Self.output("1", display: "1", #"{"text":["a"]}"#),
            Self.output("2.0.0.1", display: "2", #"{"text":["b"]}"#),
            Self.output("2.0.0.2", display: "2", #"{"text":["c"]}"#),
        ]
        history.add(Self.ended("p", outputs: outputs), of: try Self.prompt("p"))
        let entry = try #require(history.entry("p"))
        #expect(String(decoding: entry.outputs, as: UTF8.self) == #"{"1":{"text":["a"]},"2":{"text":["c"]}}"#)
        #expect(
            try JSONParser.parse(entry.meta)["2"] == [
                "node_id": "2.0.0.2", "display_node": "2", "parent_node": .null, "real_node_id": "2",
            ])
    }

    @Test("takes a run of many output nodes in linear time")
    func many() throws {
        // With the square of it, the test would take many minutes.
        let count = 200_000
        let history = History()
        let outputs = (0..<count).map { Self.output("\($0)", display: "\($0)", "{}") }
        history.add(Self.ended("p", outputs: outputs), of: try Self.prompt("p"))
        let entry = try #require(history.entry("p"))
        #expect(entry.outputs.starts(with: #"{"0":{},"1":{},"2":{}"#.utf8))
        #expect(entry.outputs.suffix(13).elementsEqual(#","199999":{}}"#.utf8))
    }

    @Test("lets entries be removed one by one in linear time")
    func removal() throws {
        let count = 20_000
        var limits = History.Limits()
        limits.promptCount = count
        let history = History(limits: limits)
        for number in 0..<count { history.add(Self.ended("\(number)"), of: try Self.prompt("\(number)")) }
        for number in 0..<count - 1 { history.remove([RunID("\(number)")]) }
        #expect(Self.ids(history.entries) == ["\(count - 1)"])
    }

    @Test("lists a prompt once, at its last place, when its id is used again")
    func again() throws {
        let history = History()
        for id in ["a", "b"] { history.add(Self.ended(id), of: try Self.prompt(id)) }
        history.remove(["a"])
        history.add(Self.ended("a"), of: try Self.prompt("a"))
        #expect(Self.ids(history.entries) == ["b", "a"])
    }

    @Test("gives the newest that started, or those from an offset")
    func pages() throws {
        let history = History()
        for number in 0..<6 {
            let id = "\(number)"
            history.add(Self.ended(id, startedAt: number == 4 ? nil : 1), of: try Self.prompt(id))
        }
        #expect(Self.ids(history.started(maxCount: 2, offset: nil)) == ["3", "5"])
        #expect(Self.ids(history.started(maxCount: 2, offset: 1)) == ["1", "2"])
        #expect(Self.ids(history.started(maxCount: .max, offset: 3)) == ["3", "5"])
        #expect(Self.ids(history.started(maxCount: .max, offset: nil)) == ["0", "1", "2", "3", "5"])
        #expect(history.started(maxCount: 0, offset: nil).isEmpty)
    }

    @Test("forgets the oldest beyond its limits")
    func limits() throws {
        var limits = History.Limits()
        limits.promptCount = 2
        let history = History(limits: limits)
        for id in ["a", "b", "c"] { history.add(Self.ended(id), of: try Self.prompt(id)) }
        #expect(Self.ids(history.entries) == ["b", "c"])
        #expect(history.entry("a") == nil)
    }
}
