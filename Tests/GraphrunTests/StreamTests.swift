import Foundation
import GraphCore
import TestData
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
        // The name of another program's pipe: what a shell's <(...) gives.
        let command = "cat small.json | '\(Program.path)' /dev/stdin --events none"
        let shell = try Program(["-c", command], in: workplace.folder, program: "/bin/sh")
        #expect(try await shell.result().code == 0)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("a reader that goes away changes neither outputs nor exit code", arguments: ["pretty", "jsonl"])
    func closedPipe(_ kind: String) async throws {
        let pipe = try Child.pipe()
        // Nobody reads, from the first byte on.
        try pipe.reading.close()
        let program = try Program(
            ["small.json", "--events", kind], in: workplace.folder, output: .handle(pipe.writing))
        #expect(try await program.result().code == 0)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("a full disk behind standard output changes no outputs, and is told at the end, with 1")
    func fullOutput() async throws {
        for arguments in [["small.json"], ["small.json", "--events", "jsonl"], ["convert", "small.json"], ["--help"]] {
            let program = try Program(arguments, in: workplace.folder, output: .file(URL(filePath: "/dev/full")))
            let result = try await program.result()
            #expect(result.code == 1)
            #expect(
                result.errors == """
                    graphrun: standard output could not be written: No space left on device
                      Make room, or send it elsewhere.

                    """)
        }
        #expect(workplace.outputs == ["x_00001_.png", "x_00002_.png"])
    }

    @Test("no workflow commands the terminal: control characters do not reach standard error")
    func controlCharacters() async throws {
        let workflow = Samples.workflow(more: #", "\u001b[2J": {"class_type": "\u0007Nope\u009b", "inputs": {}}"#)
        let result = try await workplace.graphrun("-", input: workflow)
        #expect(result.code == 2)
        #expect(
            result.errors == """
                error: node \u{FFFD}[2J (\u{FFFD}Nope\u{FFFD}): unknown node type '\u{FFFD}Nope\u{FFFD}'
                  'graphrun nodes' lists the types; --server URL runs it on a server that has this one.

                """)
    }
}

@Suite("Ctrl-C", .timeLimit(.minutes(1)))
struct InterruptTests {
    @Test("cancels cleanly with 130 and leaves no output", arguments: [SIGINT, SIGTERM])
    func interrupt(_ signal: Int32) async throws {
        let workplace = try Workplace()
        try workplace.write("long.json", Samples.long)
        let program = try Program(["long.json", "--events", "jsonl"], in: workplace.folder)
        // Once it is in the middle of things.
        try await program.says(#""node_started","node":"3""#)
        program.send(signal)
        let result = try await program.result()
        #expect(result.code == 130 && result.errors == "graphrun: interrupted\n")
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.map { $0["seq"]?.number?.int } == (1...events.count).map { Int128($0) })
        #expect(events.last?["type"] == "run_finished" && events.last?["outcome"] == "cancelled")
        #expect(workplace.outputs.isEmpty)
    }
}
