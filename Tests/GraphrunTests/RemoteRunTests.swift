import Foundation
import GraphCore
import Testing

@Suite("A run on a server", .timeLimit(.minutes(1)))
struct RemoteRunTests {
    private let here: Workplace
    private let server: RunningServer

    init() async throws {
        here = try Workplace()
        server = try await RunningServer()
        try here.write("small.json", Samples.small)
        try here.write("values.json", Samples.values)
    }

    private func remote(_ arguments: String..., input: String? = nil) async throws -> Program.Result {
        try await Program.run(arguments + ["--server", server.url], in: here.folder, input: input)
    }

    @Test("uploads the picture, shows the same, and fetches the same bytes as a run here")
    func same() async throws {
        try here.write("input/sub/photo.png", Samples.noise)
        try here.write("load.json", Samples.load("sub/photo.png"))
        let there = try await remote("load.json")
        #expect(there.code == 0 && there.errors.isEmpty)
        #expect(
            there.timeless == """
                LoadImage (1): T
                ImageInvert (2): T
                SaveImage (3): T
                  output/x_00001_.png
                done: 3 nodes in T

                """)
        #expect(server.workplace.files("input") == ["sub/photo.png"])
        #expect(server.workplace.files("output") == ["x_00001_.png"])
        #expect(here.outputs == ["x_00001_.png"])
        let local = try await here.graphrun("load.json", "--quiet")
        #expect(local.output == "output/x_00002_.png\n")
        let bytes = try Data(contentsOf: here.url("output/x_00001_.png"))
        #expect(try Data(contentsOf: here.url("output/x_00002_.png")) == bytes)
    }

    @Test("fetches the beginning of a speech while the rest is made")
    func beginning() async throws {
        let speech = """
            {"1": {"class_type": "TTS", "inputs": {"text": "This is first. This is second."}},
             "2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "x"}}}
            """
        try here.write("speech.json", speech)
        let there = try await remote("speech.json")
        #expect(there.code == 0 && there.errors.isEmpty)
        let beginnings = here.files("temp")
        #expect(beginnings.count == 1 && beginnings == server.workplace.files("temp"))
        #expect(there.output.hasPrefix("1: beginning in temp/\(beginnings.first ?? "")\nTTS (1): "), "\(there.output)")
        #expect(here.files("output") == ["x_00001_.flac"])
    }

    @Test("tells events as a run here does, in the same order")
    func events() async throws {
        try here.write("input/a.png", Samples.picture)
        try here.write("load.json", Samples.load("a.png"))
        func kinds(_ result: Program.Result) throws -> [[JSON?]] {
            let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
            #expect(events.map { $0["run_seq"]?.number?.int } == (1...events.count).map { Int128($0) })
            // How often progress is told depends on the clock.
            return events.filter { $0["type"] != "run_progress" && $0["type"] != "node_progress" }.map { event in
                ["type", "node", "node_type", "because", "stage", "message", "output", "outcome", "nodes"].map {
                    event[$0]
                }
            }
        }
        let there = try await remote("load.json", "--events", "jsonl")
        try FileManager.default.removeItem(at: here.url("output"))
        let local = try await here.graphrun("load.json", "--events", "jsonl")
        #expect(there.code == 0 && there.errors.isEmpty)
        #expect(try kinds(there) == kinds(local))
    }

    @Test("keeps its own file of the same name, and numbers the one it fetches")
    func names() async throws {
        try here.write("output/x_00001_.png", "mine")
        let result = try await remote("small.json", "--quiet")
        #expect(result.code == 0 && result.output == "output/x_00001_ (1).png\n")
        #expect(try here.text("output/x_00001_.png") == "mine")
        let again = try await remote("small.json", "--quiet")
        // The server has it in its cache, and says the same file.
        #expect(again.code == 0 && again.output == "output/x_00001_ (1).png\n")
        #expect(here.outputs == ["x_00001_ (1).png", "x_00001_.png"])
    }

    @Test("gives the server's file of the same name no new content, and runs with the name it was given")
    func renamed() async throws {
        try server.workplace.write("input/a.png", Samples.noise)
        try here.write("input/a.png", Samples.picture)
        try here.write("load.json", Samples.load("a.png"))
        let result = try await remote("load.json", "--quiet")
        #expect(result.code == 0 && result.output == "output/x_00001_.png\n")
        #expect(server.workplace.files("input") == ["a (1).png", "a.png"])
        let bytes = [UInt8](try Data(contentsOf: here.url("output/x_00001_.png")))
        // One pixel, not 200 x 200: IHDR's width.
        #expect(bytes[16..<20].elementsEqual([0, 0, 0, 1]))
    }

    @Test("leaves files that are not here to the server")
    func serverFile() async throws {
        try server.workplace.write("input/theirs.png", Samples.picture)
        try here.write("load.json", Samples.load("theirs.png"))
        #expect(try await remote("load.json", "--quiet").output == "output/x_00001_.png\n")
    }

    @Test("reads the workflow from standard input, takes --set, --only and folders")
    func options() async throws {
        let piped = try await remote("-", "--output-directory", "out", "--quiet", input: Samples.small)
        #expect(piped.code == 0 && piped.output == "out/x_00001_.png\n")
        let set = try await remote("values.json", "--set", "how many.value=12", "--only", "c", "--quiet")
        #expect(set.code == 0 && set.output == "12\n")
        let wrong = try await remote("values.json", "--only", "cc")
        #expect(wrong.code == 2)
        #expect(
            wrong.errors == "error: values.json: there is no node 'cc' to run\n  Did you mean 'c'?\n")
    }

    @Test("takes --for-each, one file after another")
    func forEach() async throws {
        for name in ["a.png", "b.png"] { try here.write("input/\(name)", Samples.picture) }
        try here.write("load.json", Samples.load("none.png"))
        let result = try await remote("load.json", "--for-each", "1.image=*.png")
        #expect(result.code == 0 && result.errors.isEmpty)
        let lines = result.output.split(separator: "\n").filter { !$0.contains("(") && !$0.hasPrefix("done") }
        #expect(lines == ["a.png:", "  output/x_00001_.png", "b.png:", "  output/x_00002_.png", "2 of 2 done"])
        #expect(server.workplace.files("input") == ["a.png", "b.png"])
    }

    @Test("saves pictures that are sent instead of saved, and temporary ones as such")
    func pictures() async throws {
        try here.write("ws.json", Samples.small.replacing("SaveImage", with: "SaveImageWebsocket"))
        let sent = try await remote("ws.json", "--quiet")
        #expect(sent.code == 0 && sent.output == "output/ComfyUI_00001_.png\n")
        #expect(server.workplace.files("output").isEmpty && here.outputs == ["ComfyUI_00001_.png"])
        try here.write("preview.json", Samples.small.replacing("SaveImage", with: "PreviewImage"))
        let preview = try await remote("preview.json", "--quiet")
        #expect(preview.output.wholeMatch(of: #/temp/ComfyUI_temp_[a-z]{5}_00001_\.png\n/#) != nil)
        #expect(here.files("temp").count == 1)
    }

    @Test("writes a trace")
    func trace() async throws {
        let result = try await remote("values.json", "--trace", "trace.json", "--events", "none")
        #expect(result.code == 0 && result.output.isEmpty && result.errors.isEmpty)
        let trace = try JSONParser.parse(try here.text("trace.json"))
        #expect(trace["traceEvents"]?.array?.count { $0["ph"] == "X" } == 4)
    }

    // MARK: What goes wrong

    @Test("says what the server finds wrong as it says what it finds wrong itself, with 2")
    func invalid() async throws {
        let bad = Samples.workflow(#""width": 0, "height": "x", "batch_size": 1, "color": 0"#)
        try here.write("bad.json", bad)
        let there = try await remote("bad.json")
        let local = try await here.graphrun("bad.json")
        #expect(there.code == 2 && local.code == 2 && there.output.isEmpty)
        #expect(there.errors == local.errors)
        #expect(
            there.errors == """
                error: node 1 (EmptyImage): input 'width': 0 is below 1
                  Use a value from 1 to 16384.
                error: node 1 (EmptyImage): input 'height': "x" is not a whole number
                  Give 'height' a whole number.

                """)
    }

    @Test("leaves types it does not know to the server")
    func types() async throws {
        let sleep = #", "3": {"class_type": "TestSleep", "inputs": {"value": ["1", 0], "seconds": 0}}"#
        let known = Samples.workflow(save: #""images": ["3", 0], "filename_prefix": "x""#, more: sleep)
        try here.write("known.json", known)
        #expect(try await here.graphrun("known.json").code == 2)
        #expect(try await remote("known.json", "--quiet").output == "output/x_00001_.png\n")
        try here.write("unknown.json", known.replacing("TestSleep", with: "TestSleeep"))
        let result = try await remote("unknown.json")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 3 (TestSleeep): Cannot execute because node TestSleeep does not exist.
                  Did you mean 'TestSleep'?

                """)
    }

    @Test("tells a node's failure with its suggestion, and ends with 1")
    func failure() async throws {
        try here.write("input/a.png", "no picture")
        try here.write("load.json", Samples.load("a.png"))
        let result = try await remote("load.json", "--events", "none")
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 1 (LoadImage 'the photo'): 'a.png': the file is not a picture: it starts like text
                  Open it in a text editor: a failed download often leaves a web page or an error message.

                """)
    }

    @Test("that is valid in part runs that part, tells the rest, and ends with 2")
    func partial() async throws {
        let more = #", "7": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}"#
        try here.write("some.json", Samples.workflow(more: more))
        let result = try await remote("some.json", "--quiet")
        #expect(result.code == 2 && result.output == "output/x_00001_.png\n")
        #expect(
            result.errors == """
                error: node 7 (PreviewImage): input 'images' links to node '8', which does not exist
                  Link it to one of the nodes of the workflow.

                """)
    }

    @Test(
        "refuses options that are the server's, and addresses that are none",
        arguments: [
            (["--cache", "none"], "--cache does not go with --server", "Give it to the server, if it takes it."),
            (
                ["--resource", "cpu=1"], "--resource does not go with --server",
                "Give it to the server, if it takes it."
            ),
            (["--keep-going"], "--keep-going does not go with --server", "Give it to the server, if it takes it."),
            (["--sync-outputs"], "--sync-outputs does not go with --server", "Give it to the server, if it takes it."),
            (
                ["--server", "ftp://x"], "--server takes the address of a server, such as http://192.168.1.5:8188",
                "Run 'graphrun --help'."
            ),
            (
                ["--server", "http://me:secret@x"],
                "--server takes the address of a server, such as http://192.168.1.5:8188",
                "Give the token with --token or $GRAPHRUN_TOKEN."
            ),
        ])
    func usage(_ words: [String], _ message: String, _ suggestion: String) async throws {
        let server = words.contains("--server") ? [] : ["--server", server.url]
        let result = try await Program.run(["small.json"] + words + server, in: here.folder)
        #expect(result.code == 3 && result.output.isEmpty)
        #expect(result.errors == "graphrun: \(message)\n  \(suggestion)\n")
    }

    @Test("refuses a token without a server")
    func tokenAlone() async throws {
        let result = try await here.graphrun("small.json", "--token", "secret")
        #expect(result.code == 3)
        #expect(result.errors == "graphrun: --token is of no use without --server\n  Name the server, too.\n")
    }
}
