import Foundation
import GraphCore
import HTTP
import Testing

@Suite("A server that is not ours", .timeLimit(.minutes(1)))
struct FakeServerTests {
    private let here: Workplace

    init() throws {
        here = try Workplace()
        try here.write("small.json", Samples.small)
    }

    private static func executing(_ node: String) -> String {
        #"{"type": "executing", "data": {"node": \#(node), "prompt_id": "$ID"}}"#
    }

    private static func executed(_ filename: String, subfolder: String = "") -> String {
        #"{"type": "executed", "data": {"node": "2", "display_node": "2", "prompt_id": "$ID", "output": {"images": "#
            + #"[{"filename": "\#(filename)", "subfolder": "\#(subfolder)", "type": "output"}]}}}"#
    }

    /// What ComfyUI 0.3.64 says of a small run.
    private static func comfyUI(_ executed: String) -> [String] {
        let finished =
            #"{"type": "progress_state", "data": {"prompt_id": "$ID", "nodes": "#
            + #"{"1": {"state": "finished", "value": 1, "max": 1}, "2": {"state": "running", "value": 0, "max": 1}}}}"#
        return [
            #"{"type": "execution_start", "data": {"prompt_id": "$ID", "timestamp": 1}}"#,
            #"{"type": "execution_cached", "data": {"nodes": [], "prompt_id": "$ID", "timestamp": 1}}"#,
            Self.executing(#""1""#), finished, Self.executing(#""2""#), executed,
            #"{"type": "execution_success", "data": {"prompt_id": "$ID", "timestamp": 2}}"#, Self.executing("null"),
        ]
    }

    private static let success = #"""
        {"status": {"status_str": "success", "completed": true, "messages": []},
         "outputs": {"2": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}}
        """#

    @Test("such as ComfyUI, is understood")
    func plain() async throws {
        let fake = try FakeServer(.init(messages: Self.comfyUI(Self.executed("a.png"))))
        let result = try await here.graphrun("small.json", "--server", fake.url)
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.timeless == """
                EmptyImage (1): T
                SaveImage (2): T
                  output/a.png
                done: 2 nodes in T

                """)
        #expect(try here.text("output/a.png") == "a file")
        await fake.stop()
    }

    @Test("and that numbers nothing is asked for the history when the connection was lost")
    func plainCut() async throws {
        let messages = Self.comfyUI(Self.executed("a.png")).prefix(3).map(Optional.some) + [nil]
        let fake = try FakeServer(.init(messages: messages, history: Self.success))
        let result = try await here.graphrun("small.json", "--server", fake.url, "--quiet")
        #expect(result.code == 0 && result.errors.isEmpty && result.output == "output/a.png\n")
        #expect(fake.seen.filter { $0.line == "GET /ws" }.count == 2)
        await fake.stop()
    }

    @Test(
        "puts no file outside the output folder",
        arguments: [
            ("../../x", ""), ("x", "../.."), ("/tmp/x", ""), ("x", "/tmp"), ("..", ""), ("a\\\\..\\\\b", ""),
            ("x", "link"),
        ])
    func hostile(_ filename: String, _ subfolder: String) async throws {
        try here.makeFolder("elsewhere")
        try here.makeFolder("output")
        try here.link("output/link", to: "../elsewhere")
        let fake = try FakeServer(.init(messages: Self.comfyUI(Self.executed(filename, subfolder: subfolder))))
        let result = try await here.graphrun("small.json", "--server", fake.url, "--quiet")
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(result.errors.hasPrefix("error: node 2 (SaveImage): '"))
        #expect(here.files("").filter { $0.hasSuffix("x") }.isEmpty)
        #expect(here.files("elsewhere").isEmpty)
        #expect(here.outputs.filter { !$0.hasPrefix("link") }.isEmpty)
        await fake.stop()
    }

    @Test("is told the token with every request, and nobody else is")
    func token() async throws {
        try here.write("load.json", Samples.load("a.png"))
        try here.write("input/a.png", Samples.picture)
        let fake = try FakeServer(.init(messages: Self.comfyUI(Self.executed("a.png"))))
        let result = try await here.graphrun("load.json", "--server", fake.url, "--token", "s3cret")
        #expect(result.code == 0 && !result.output.contains("s3cret") && !result.errors.contains("s3cret"))
        #expect(fake.seen.map(\.line).contains("POST /upload/image"))
        #expect(fake.seen.allSatisfy { $0.authorization == "Bearer s3cret" })
        await fake.stop()
    }

    @Test("is told the token of the environment; a warning says when others can read it")
    func environment() async throws {
        let result = try await Program.run(
            ["small.json", "--server", "http://nowhere.invalid:1"], in: here.folder,
            environment: ["GRAPHRUN_TOKEN": "s3cret", "no_proxy": "*"])
        #expect(result.code == 1)
        #expect(
            result.errors.hasPrefix(
                """
                warning: the token goes to nowhere.invalid:1 unencrypted: whoever listens on the way can read it
                  Use https, or a tunnel.
                graphrun: could not find the host of nowhere.invalid:1

                """))
    }

    @Test("gets the workflow in API format, with the names that its own files got")
    func posted() async throws {
        try here.write("load.json", Samples.load("a.png"))
        try here.write("input/a.png", Samples.picture)
        let fake = try FakeServer(.init(messages: Self.comfyUI(Self.executed("a.png"))))
        _ = try await here.graphrun("load.json", "--server", fake.url, "--only", "3", "--quiet")
        let body = try #require(fake.prompts.first)
        #expect(body["prompt"]?["1"]?["inputs"]?["image"] == "other.png")
        #expect(body["prompt"]?["3"]?["class_type"] == "SaveImage")
        #expect(body["partial_execution_targets"] == ["3"])
        #expect(body["client_id"]?.string?.count == 36 && body["extra_data"]?["extra_pnginfo"] != nil)
        await fake.stop()
    }

    @Test(
        "that refuses is told with what to do",
        arguments: [
            (
                429, #"{"error": {"type": "queue_full", "message": "The queue is full"}}"#, "The queue is full",
                "Try again later: it asks for 5 seconds."
            ),
            (
                403, #"{"error": {"message": "no entry"}}"#, "no entry",
                "Give its token with --token or $GRAPHRUN_TOKEN."
            ),
            (413, "too large", "the server answered 413", "Send less, or raise the server's limit."),
            (500, "", "the server answered 500", "Look into the server's log."),
        ])
    func refusals(_ status: Int, _ body: String, _ said: String, _ suggestion: String) async throws {
        let answer = Response(status, headers: ["Retry-After": "5"], body: .bytes(Array(body.utf8)))
        let fake = try FakeServer(.init(refusal: answer))
        let result = try await here.graphrun("small.json", "--server", fake.url)
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(result.errors == "graphrun: \(fake.url): the workflow was refused: \(said)\n  \(suggestion)\n")
        await fake.stop()
    }
}
