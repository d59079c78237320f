import Foundation
import GraphCore
import Testing

@Suite("A connection to a server", .timeLimit(.minutes(1)))
struct RemoteConnectionTests {
    private let here: Workplace

    init() throws { here = try Workplace() }

    /// Many nodes one after another, and a picture at the end.
    private static func chain(_ count: Int, seconds: Double) -> String {
        let nodes = (0..<count).map { index in
            """
            "s\(index)": {"class_type": "TestSleep",
             "inputs": {"value": ["\(index == 0 ? "1" : "s\(index - 1)")", 0], "seconds": \(seconds)}}
            """
        }
        return Samples.workflow(
            save: #""images": ["s\#(count - 1)", 0], "filename_prefix": "x""#,
            more: ",\n" + nodes.joined(separator: ",\n"))
    }

    @Test("that is cut several times loses nothing and repeats nothing")
    func cuts() async throws {
        let server = try await RunningServer()
        let cuts = [700, 900, 1500, 2500, 4000, 300, 1200]
        let proxy = try CuttingProxy(to: server.port, cutsAfter: cuts)
        try here.write("chain.json", Self.chain(30, seconds: 0.02))
        let result = try await here.graphrun("chain.json", "--server", proxy.url, "--events", "jsonl")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(proxy.cutCount == cuts.count)
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.map { $0["run_seq"]?.number?.int } == (1...events.count).map { Int128($0) })
        let nodes = ["1"] + (0..<30).map { "s\($0)" } + ["2"]
        for type in ["node_started", "node_finished"] {
            #expect(events.filter { $0["type"] == .string(type) }.compactMap { $0["node"]?.string } == nodes)
        }
        #expect(events.count { $0["type"] == "node_output" } == 1)
        #expect(events.first?["type"] == "run_queued" && events.last?["type"] == "run_finished")
        #expect(here.outputs == ["x_00001_.png"])
    }

    @Test("that is cut among pictures has each of them once")
    func cutPictures() async throws {
        let server = try await RunningServer()
        let proxy = try CuttingProxy(to: server.port, cutsAfter: [1800, 700, 1100, 900, 1500, 800])
        let batch = Samples.workflow(
            #""width": 8, "height": 8, "batch_size": 12, "color": 255"#, save: #""images": ["1", 0]"#)
        try here.write("batch.json", batch.replacing("SaveImage", with: "SaveImageWebsocket"))
        let result = try await here.graphrun("batch.json", "--server", proxy.url, "--quiet")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(proxy.cutCount > 3)
        #expect(here.outputs.count == 12 && result.output.split(separator: "\n").count == 12)
    }

    @Test("that nobody answers is told at once, with 1")
    func nobody() async throws {
        let server = try await RunningServer()
        server.kill9()
        try here.write("small.json", Samples.small)
        try here.write("load.json", Samples.load("a.png"))
        try here.write("input/a.png", Samples.picture)
        for workflow in ["small.json", "load.json"] {
            let result = try await here.graphrun(workflow, "--server", server.url)
            #expect(result.code == 1 && result.output.isEmpty)
            #expect(result.errors.hasPrefix("graphrun: could not connect to 127.0.0.1:\(server.port): "))
            #expect(result.errors.hasSuffix("\n  Is the server running?\n"))
        }
    }

    /// Starts a run of seconds, and calls `act` once its first node has started.
    private func interfere(
        _ arguments: [String], _ act: (Program) async throws -> Void
    ) async throws -> Program.Result {
        let program = try Program(arguments + ["--events", "jsonl"], in: here.folder)
        try await program.says(#""node_started","node":"s0""#)
        try await act(program)
        return try await program.result()
    }

    @Test("to a server that dies and stays away is given up when the time is up, with 1")
    func killed() async throws {
        let server = try await RunningServer()
        try here.write("chain.json", Self.chain(1, seconds: 60))
        let result = try await interfere(["chain.json", "--server", server.url, "--timeout", "5"]) { _ in
            server.kill9()
        }
        #expect(result.code == 1)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("graphrun: could not connect to 127.0.0.1:\(server.port): ") == true)
        #expect(
            lines.dropFirst() == [
                "  Is the server running?", "graphrun: stopped after 5 s (--timeout)",
                "  Give it more time, or less to do.",
            ])
    }

    @Test("to a server that was started anew says that the run is gone, with 1")
    func restarted() async throws {
        let server = try await RunningServer()
        var second: RunningServer?
        try here.write("chain.json", Self.chain(1, seconds: 60))
        let result = try await interfere(["chain.json", "--server", server.url]) { _ in
            server.kill9()
            second = try await RunningServer(server.workplace, port: server.port)
        }
        #expect(result.code == 1)
        #expect(
            result.errors == """
                graphrun: \(server.url) does not know the run any more: it was started anew, or its history cleared
                  Run the workflow again; outputs that were made are in the server's output folder.

                """)
        let last = try result.output.split(separator: "\n").last.map { try JSONParser.parse(String($0)) }
        #expect(last?["type"] == "run_finished" && last?["outcome"] == "failed")
        withExtendedLifetime(second) {}
    }

    @Test("is used to stop the run on Ctrl-C, which ends with 130 once the server has", arguments: [SIGINT, SIGTERM])
    func interrupt(_ signal: Int32) async throws {
        let server = try await RunningServer()
        try here.write("chain.json", Self.chain(1, seconds: 60))
        let result = try await interfere(["chain.json", "--server", server.url]) { $0.send(signal) }
        #expect(result.code == 130 && result.errors == "graphrun: interrupted\n")
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.contains { $0["type"] == "node_interrupted" && $0["node"] == "s0" })
        #expect(events.last?["type"] == "run_finished" && events.last?["outcome"] == "cancelled")
        // The server is free again.
        try here.write("small.json", Samples.small)
        #expect(try await here.graphrun("small.json", "--server", server.url, "--quiet").code == 0)
    }

    @Test("is used to stop the run when --timeout is up")
    func timeout() async throws {
        let server = try await RunningServer()
        try here.write("chain.json", Self.chain(1, seconds: 60))
        let result = try await here.graphrun(
            "chain.json", "--server", server.url, "--timeout", "0.5", "--events", "none")
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(
            result.errors == """
                graphrun: stopped after 0.5 s (--timeout)
                  Give it more time, or less to do.

                """)
    }

    @Test("says how many are before it, and can take it out of the queue again")
    func waiting() async throws {
        let server = try await RunningServer()
        try here.write("chain.json", Self.chain(1, seconds: 60))
        try here.write("small.json", Samples.small)
        let result = try await interfere(["chain.json", "--server", server.url]) { program in
            let second = try await here.graphrun("small.json", "--server", server.url, "--timeout", "0.5")
            #expect(second.code == 1)
            #expect(second.output.hasPrefix("waiting: 1 before it\ncancelled: 0 nodes in "))
            program.send(SIGINT)
        }
        #expect(result.code == 130)
    }
}
