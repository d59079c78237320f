import Foundation
import GraphCore
import Testing

@Suite("Standard input and output", .timeLimit(.minutes(1)))
struct StreamTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("small.json", Samples.small)
    }

    @Test("'-' reads the workflow from a pipe", arguments: ["run", "check", "plan", "convert"])
    func pipe(_ verb: String) async throws {
        let result = try await workplace.graphrun(verb, "-", input: Samples.small)
        #expect(result.code == 0 && result.errors.isEmpty && !result.output.isEmpty)
        #expect(workplace.outputs == (verb == "run" ? ["x_00001_.png"] : []))
    }

    @Test("'-' with nothing there, or too much, is refused")
    func badInput() async throws {
        let empty = try await workplace.graphrun("-", input: "")
        #expect(empty.code == 2 && empty.output.isEmpty)
        #expect(
            empty.errors == """
                error: standard input: not valid JSON: line 1, column 1: expected a value but found the end of the file
                  Check the file: it is empty.

                """)
        let endless = try await Program.run(["/dev/zero"], in: workplace.folder)
        #expect(endless.code == 2)
        #expect(
            endless.errors == """
                graphrun: /dev/zero: the file has more than 67108864 bytes; the limit is 67108864
                  Split the workflow into smaller ones.

                """)
    }

    @Test("a named pipe is read like a file")
    func namedPipe() async throws {
        let process = try Program.process(["-"], in: workplace.folder)
        let text = try workplace.text("small.json")
        // A second program's standard input, named: what a shell's <(...) gives.
        process.arguments = ["/dev/stdin", "--events", "none"]
        let given = Pipe()
        try given.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try given.fileHandleForWriting.close()
        process.standardInput = given
        #expect(try await Program.exitCode(of: process) == 0)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("a reader that goes away changes neither outputs nor exit code", arguments: ["pretty", "jsonl"])
    func closedPipe(_ kind: String) async throws {
        let process = try Program.process(["small.json", "--events", kind], in: workplace.folder)
        let output = Pipe()
        process.standardOutput = output
        // Nobody reads, from the first byte on.
        try output.fileHandleForReading.close()
        #expect(try await Program.exitCode(of: process) == 0)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("a full disk behind standard output changes nothing either")
    func fullOutput() async throws {
        let process = try Program.process(["small.json"], in: workplace.folder)
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        #expect(try await Program.exitCode(of: process) == 0)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("no workflow commands the terminal: control characters do not reach standard error")
    func controlCharacters() async throws {
        let workflow = Samples.workflow(more: #", "\u001b[2J": {"class_type": "\u0007Nope\u009b", "inputs": {}}"#)
        let result = try await workplace.graphrun("-", input: workflow)
        #expect(result.code == 2)
        #expect(
            result.errors == """
                error: node \u{FFFD}[2J (\u{FFFD}Nope\u{FFFD}): unknown node type '\u{FFFD}Nope\u{FFFD}'
                  Run 'graphrun nodes' to list the types.

                """)
    }
}

@Suite("Ctrl-C", .timeLimit(.minutes(1)))
struct InterruptTests {
    @Test("cancels cleanly with 130 and leaves no output", arguments: [SIGINT, SIGTERM])
    func interrupt(_ signal: Int32) async throws {
        let workplace = try Workplace()
        try workplace.write("long.json", Samples.long)
        let process = try Program.process(["long.json", "--events", "jsonl"], in: workplace.folder)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        let (chunks, chunk) = AsyncStream.makeStream(of: Data.self)
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                chunk.finish()
            } else {
                chunk.yield(data)
            }
        }
        async let code = Program.exitCode(of: process)
        var text = ""
        var isSent = false
        for await data in chunks {
            text += String(decoding: data, as: UTF8.self)
            // Once it is in the middle of things.
            if !isSent && text.contains(#""node_started","node":"3""#) {
                kill(process.processIdentifier, signal)
                isSent = true
            }
        }
        #expect(try await code == 130)
        let told = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(told == "graphrun: interrupted\n")
        let events = try text.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.map { $0["seq"]?.number?.int } == (1...events.count).map { Int128($0) })
        #expect(events.last?["type"] == "run_finished" && events.last?["outcome"] == "cancelled")
        #expect(workplace.outputs.isEmpty)
    }
}
