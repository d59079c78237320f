import Foundation
import GraphCore
import HTTP
import Testing

/// Every number of every message that a server sends, at its extremes: no run ends by one.
@Suite("A number of a hostile server", .timeLimit(.minutes(2)))
struct HostileNumberTests {
    private let here: Workplace

    init() throws {
        here = try Workplace()
        try here.write("small.json", Samples.small)
    }

    static let numbers = [
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
        "18446744073709551616", "-1", "1e308", "-1e308", "1e999", "0.5", #""x""#, "[1]", "true",
    ]

    /// Messages with `$V` for one number each, while node 1 runs.
    private static let messages = [
        #"{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": $V}}}}"#,
        #"{"type": "run_progress", "data": {"prompt_id": "$ID", "finished": $V, "nodes": 2}}"#,
        #"{"type": "run_progress", "data": {"prompt_id": "$ID", "finished": 1, "nodes": $V}}"#,
        #"{"type": "run_progress", "data": {"prompt_id": "$ID", "finished": 1, "nodes": 2, "estimated_seconds_left": $V}}"#,
        #"{"type": "node_waiting", "data": {"prompt_id": "$ID", "node": "9", "expansion": $V}}"#,
        #"{"type": "node_phase", "data": {"prompt_id": "$ID", "node": "1", "message": "m", "progress": $V}}"#,
        #"{"type": "progress", "data": {"prompt_id": "$ID", "node": "1", "value": $V, "max": 2}}"#,
        #"{"type": "progress", "data": {"prompt_id": "$ID", "node": "1", "value": 1, "max": $V}}"#,
        #"{"type": "progress", "data": {"prompt_id": "$ID", "node": "1", "value": $V, "max": $V}}"#,
        #"{"type": "progress", "data": {"prompt_id": "$ID", "node": "1", "value": 1, "max": 2, "estimated_seconds_left": $V}}"#,
        #"{"type": "progress_state", "data": {"prompt_id": "$ID", "nodes": {"1": {"state": "running", "value": $V, "max": $V}}}}"#,
        #"{"type": "node_log", "data": {"prompt_id": "$ID", "node": "1", "level": $V, "message": "logged"}}"#,
        #"{"type": "execution_start", "data": {"prompt_id": "$ID", "timestamp": $V}}"#,
        #"{"type": "resync", "data": {"epoch": "e", "seq": $V}}"#,
        #"{"type": "executing", "data": {"prompt_id": "$ID", "node": "1", "epoch": "e", "seq": $V}}"#,
        #"{"type": $V, "data": $V}"#,
    ]

    private static func script(_ number: String) -> [String?] {
        func executing(_ node: String) -> String {
            #"{"type": "executing", "data": {"node": \#(node), "prompt_id": "$ID"}}"#
        }
        let begin = [
            #"{"type": "execution_cached", "data": {"nodes": [], "prompt_id": "$ID"}}"#, executing(#""1""#),
        ]
        let end = [
            #"{"type": "node_finished", "data": {"prompt_id": "$ID", "node": "1"}}"#, executing(#""2""#),
            #"{"type": "execution_success", "data": {"prompt_id": "$ID"}}"#, executing("null"),
        ]
        return begin + messages.map { $0.replacing("$V", with: number) } + end
    }

    private static func warning(_ number: String) -> String {
        """
        warning: small.json: the server sent 'run_progress' with a number that cannot be ('finished' is \(number)); \
        such messages are left out
          Look into the server's log; progress may be incomplete, outputs are not touched.

        """
    }

    @Test("leaves its message out with a warning, and the run goes on", arguments: numbers)
    func pretty(_ number: String) async throws {
        let fake = try FakeServer(.init(messages: Self.script(number)))
        let result = try await here.graphrun("small.json", "--server", fake.url)
        #expect(result.code == 0)
        #expect(
            result.timeless == """
                1 [info] logged
                EmptyImage (1): T
                SaveImage (2): T
                done: 2 nodes in T

                """)
        #expect(result.errors == Self.warning(number == "[1]" ? "[1]" : number))
        await fake.stop()
    }

    @Test("is none in events and a trace", arguments: numbers)
    func events(_ number: String) async throws {
        let fake = try FakeServer(.init(messages: Self.script(number)))
        let result = try await here.graphrun(
            "small.json", "--server", fake.url, "--events", "jsonl", "--trace", "t.json")
        #expect(result.code == 0)
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.last?["outcome"] == "succeeded")
        #expect(try JSONParser.parse(try here.text("t.json"))["traceEvents"]?.array?.isEmpty == false)
        await fake.stop()
    }

    @Test("draws no bar at a terminal that is longer than the others", arguments: numbers)
    func terminal(_ number: String) async throws {
        let fake = try FakeServer(.init(messages: Self.script(number)))
        // util-linux's way to give a program a terminal.
        let command = "'\(Program.path)' small.json --server \(fake.url)"
        let program = try Program(["-qec", command, "/dev/null"], in: here.folder, program: "/usr/bin/script")
        let result = try await program.result()
        #expect(result.code == 0)
        #expect(result.output.contains("done: 2 nodes in "))
        await fake.stop()
    }

    @Test("that is 0 or missing is no mistake", arguments: ["0", "null"])
    func harmless(_ number: String) async throws {
        let fake = try FakeServer(.init(messages: Self.script(number)))
        let result = try await here.graphrun("small.json", "--server", fake.url)
        #expect(result.code == 0 && result.errors.isEmpty)
        await fake.stop()
    }

    @Test(
        "of a refusal is told when it makes sense",
        arguments: [
            ("5", "Try again later: it asks for 5 seconds."), ("-5", "Try again later."),
            ("9223372036854775808", "Try again later."), ("1e308", "Try again later."),
        ])
    func retryAfter(_ field: String, _ advice: String) async throws {
        let refusal = Response(
            503, headers: ["Retry-After": field], body: .bytes(Array(#"{"error": {"message": "full"}}"#.utf8)))
        // It is asked once more after each pause, and an interrupt would be an end of its own.
        let fake = try FakeServer(.init(refusal: refusal))
        let result = try await here.graphrun("small.json", "--server", fake.url)
        #expect(result.code == 1)
        #expect(result.errors == "graphrun: \(fake.url): the workflow was refused: full\n  \(advice)\n")
        await fake.stop()
    }
}

@Suite("An option's number", .timeLimit(.minutes(2)))
struct OptionNumberTests {
    private let here: Workplace

    init() throws {
        here = try Workplace()
        try here.write("small.json", Samples.small)
    }

    static let numbers = [
        "9e18", "9223372036854775807", "9223372036854775808", "nan", "inf", "-1", "0", "1e308", "1e999",
    ]

    @Test("that is none of its range is refused", arguments: numbers)
    func refused(_ number: String) async throws {
        for (option, message) in [
            ("--timeout", "--timeout takes a number of seconds above 0 and below 1000000000, not '\(number)'"),
            ("--resource", "--resource takes NAME=N with N from 1 to 1024, not 'cpu=\(number)'"),
            ("--model-memory", "--model-memory takes a size such as 8GB, not '\(number)GB'"),
            ("--cache", "--cache takes none, classic, lru:COUNT or ram:SIZE such as ram:2GB, not 'ram:\(number)GB'"),
        ] {
            let value =
                switch option {
                case "--resource": "cpu=\(number)"
                case "--model-memory": "\(number)GB"
                case "--cache": "ram:\(number)GB"
                default: number
                }
            let result = try await here.graphrun("small.json", "\(option)=\(value)")
            #expect(result.code == 3 && result.output.isEmpty)
            #expect(result.errors.hasPrefix("graphrun: \(message)\n"), "\(result.errors)")
        }
        let result = try await here.graphrun("check", "small.json", "--set", "1.width=\(number)")
        #expect(result.code == 2, "\(result.errors)")
    }

    @Test(
        "may be as large as its range",
        arguments: [["--cache", "lru:9223372036854775807"], ["--timeout", "999999999"]])
    func large(_ options: [String]) async throws {
        let result = try await Program.run(["small.json", "--quiet"] + options, in: here.folder)
        #expect(result.code == 0 && result.errors.isEmpty)
    }
}
