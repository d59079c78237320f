import Foundation
import GraphCore
import Processes
import Synchronization
import Testing

/// A shell that runs `script`, whose own arguments are `words`.
private func shell(_ script: String, _ words: String...) throws -> ChildCommand {
    ChildCommand(try ProgramFile.find("sh", package: "dash"), ["-c", script, "sh"] + words)
}

private func text(_ command: ChildCommand, input: String = "") async throws -> String {
    String(decoding: try await command.run(input: Array(input.utf8)).output, as: UTF8.self)
}

@Suite("A child process", .timeLimit(.minutes(5)))
struct ChildProcessTests {
    @Test("gets its input, gives its output, and says how it ended")
    func plain() async throws {
        let (output, ending) = try await shell("cat; echo complaint >&2; exit 7").run(input: Array("words".utf8))
        #expect(output == Array("words".utf8))
        #expect(ending == ChildEnding(reason: .exited(code: 7), complaint: "complaint\n"))
        #expect(!ending.hasSucceeded)
        #expect(try await shell("true").run().ending == ChildEnding(reason: .exited(code: 0), complaint: ""))
    }

    @Test("gets its arguments as they are: spaces, quotes and what a shell would run")
    func arguments() async throws {
        let words = ["two words", "$(echo run)", "`echo run`", "a;b|c", "\"'\\", "", "--option", "你好"]
        let script = try shell(#"for word in "$@"; do printf '%s\n' "$word"; done"#)
        let command = ChildCommand(script.program, script.arguments + words)
        #expect(try await text(command) == words.map { $0 + "\n" }.joined())
    }

    @Test("is not started when an argument has a zero byte in it")
    func zeroByte() async throws {
        await #expect(
            throws: Diagnostic(
                .badInput, node: nil, "an argument of sh has a zero byte in it", suggestion: "Leave it out.")
        ) { try await shell("true", "a\0b").run() }
    }

    @Test("learns of its surroundings only where programs are, its home, and that text is UTF-8")
    func environment() async throws {
        unsafe setenv("GRAPHRUN_TEST_SECRET", "secret", 1)
        unsafe setenv("GRAPHRUN_TEST_KEPT", "kept", 1)
        var command = ChildCommand(try ProgramFile.find("env", package: "coreutils"), [])
        command.keptVariables = ["GRAPHRUN_TEST_KEPT", "GRAPHRUN_TEST_UNSET"]
        let names = try await text(command).split(separator: "\n").map { $0.prefix { $0 != "=" } }
        let usual: Set<Substring> = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "GRAPHRUN_TEST_KEPT"]
        #expect(Set(names).isSubset(of: usual))
        #expect(Set(names).isSuperset(of: ["PATH", "LANG", "LC_ALL", "GRAPHRUN_TEST_KEPT"]))
    }

    @Test("begins with no signal blocked and none ignored")
    func signals() async throws {
        signal(SIGPIPE, SIG_IGN)
        let status = try await text(shell("cat /proc/self/status"))
        for name in ["SigBlk", "SigIgn"] {
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
            // 32 and 33 are the C library's own.
            let mask = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
            #expect(mask & 0x7FFF_FFFF == 0, "\(line)")
        }
    }

    @Test("may read and write more than a pipe holds, at the same time")
    func large() async throws {
        let input = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let (output, ending) = try await shell("cat").run(input: input)
        #expect(output == input)
        #expect(ending.hasSucceeded)
    }

    @Test("waits for whoever takes its output slowly: a pipe's content and one piece is all that is ahead")
    func backpressure() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "graphrun-blocks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        // Every block is followed by a byte in a file.
        let block = 65_536
        let script = "i=0; while [ $i -lt 100 ]; do head -c \(block) /dev/zero; printf . >> $1; i=$((i+1)); done"
        var (total, furthest) = (0, 0)
        let ending = try await shell(script, file.path).run { bytes in
            total += bytes.count
            if total < 20 * block { try await Task.sleep(for: .milliseconds(10)) }
            let written = ((try? Data(contentsOf: file).count) ?? 0) * block
            furthest = max(furthest, written - total)
        }
        #expect(total == 100 * block)
        #expect(furthest <= 2 * block)
        #expect(ending.hasSucceeded)
    }

    @Test("that closes its input early is no failure")
    func closedInput() async throws {
        let (output, ending) = try await shell("head -c 3").run(input: [UInt8](repeating: 65, count: 3_000_000))
        #expect(output == [65, 65, 65])
        #expect(ending.hasSucceeded)
    }

    @Test("that closes its output early is waited for")
    func closedOutput() async throws {
        let (output, ending) = try await shell("printf a; exec >&- 2>&-; sleep 0.2; exit 3").run()
        #expect(output == [97])
        #expect(ending.reason == .exited(code: 3))
    }

    @Test("whose own child keeps the pipes open ends when it ends, and takes that child along")
    func grandchild() async throws {
        let (output, ending) = try await shell("sleep 600 & echo $!").run()
        #expect(ending.hasSucceeded)
        let id = try #require(Int32(String(decoding: output, as: UTF8.self).dropLast()))
        #expect(try await Self.isGone(id))
    }

    @Test("that a signal ends says which")
    func signalled() async throws {
        let ending = try await shell("kill -TERM $$").run().ending
        #expect(ending == ChildEnding(reason: .killed(signal: SIGTERM), complaint: ""))
    }

    @Test("that fails is told of in its own words")
    func failure() async throws {
        let command = try shell("echo no such voice >&2; echo 'try another' >&2; exit 2")
        let ending = try await command.run().ending
        #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "sh ended with code 2: no such voice; try another", suggestion: "Ask it.")
        ) { try ending.check(command, suggestion: "Ask it.") }
        let killed = ChildEnding(reason: .killed(signal: 9), complaint: "")
        #expect(throws: Diagnostic(.nodeFailed, node: nil, "sh was killed by signal 9", suggestion: "Ask it.")) {
            try killed.check(command, suggestion: "Ask it.")
        }
    }

    @Test("may complain at length: the first and the last 4 KiB are kept")
    func complaint() async throws {
        let script = "printf first >&2; head -c 1000000 /dev/zero | tr '\\0' x >&2; printf last >&2"
        let complaint = try await shell(script).run().ending.complaint
        #expect(complaint.hasPrefix("firstxxx"))
        #expect(complaint.hasSuffix("xxxlast"))
        #expect(complaint.contains("\n[991817 bytes left out]\n"))
        #expect(complaint.utf8.count == 8192 + "\n[991817 bytes left out]\n".utf8.count)
    }

    @Test("that writes more than it may is killed")
    func tooMuch() async throws {
        var command = try shell("cat /dev/zero")
        command.maxOutputByteCount = 1_000_000
        var count = 0
        await #expect(
            throws: Diagnostic(
                .tooLarge, node: nil, "sh wrote more than 1000000 bytes", suggestion: "Give it less to do at once.")
        ) { try await command.run { count += $0.count } }
        #expect(count <= 1_000_000)
    }

    @Test(
        "that takes longer than it may is killed, also when it does nothing at all", arguments: ["", "exec >&- 2>&-;"])
    func tooSlow(first: String) async throws {
        var command = try shell(first + "sleep 600")
        command.timeLimit = .seconds(1)
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "sh did not end within 1 seconds", suggestion: "Give it less to do at once.")
        ) { try await command.run() }
    }

    @Test("may have all the time there is")
    func endless() async throws {
        var command = try shell("echo done")
        command.timeLimit = .seconds(Int64.max)
        #expect(try await command.run().output == Array("done\n".utf8))
    }

    @Test("that cannot be started is told of")
    func notStarted() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "graphrun-program-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        // Written by a child: no other test's child holds it open.
        _ = try await shell("echo no program > $1; chmod 755 $1", file.path).run()
        let command = ChildCommand(try #require(ProgramFile(path: file.path)), [])
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "cannot start \(file.lastPathComponent): Exec format error",
                suggestion: "Install it again.")
        ) { try await command.run() }
    }

    /// Whether it was waited for, too.
    static func isUnknown(_ id: Int32) -> Bool { kill(id, 0) == -1 && errno == ESRCH }

    /// Whether there is no such process any more, not even a dead one that nobody has waited for.
    static func isGone(_ id: Int32) async throws -> Bool {
        // What the child left behind belongs to init, which may take a moment.
        for _ in 0..<500 {
            if Self.isUnknown(id) { return true }
            let state = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
            if state.contains(") Z ") && !state.contains(") Z \(getpid()) ") { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

@Suite("A cancelled child process", .timeLimit(.minutes(5)))
struct CancelledChildTests {
    /// Starts a child whose first line of output is its id; cancels when that has come, or at once.
    private func cancelled(_ script: String, input: [UInt8] = []) async throws -> Int32 {
        let command = try shell("echo $$; \(script)")
        let (ids, known) = AsyncStream.makeStream(of: Int32.self)
        let task = Task {
            try await command.run(input: input) { bytes in
                let line = bytes.prefix { $0 != 10 }
                if let id = Int32(String(decoding: line, as: UTF8.self)) { known.yield(id) }
            }
        }
        var id: Int32 = 0
        for await first in ids {
            id = first
            break
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        return id
    }

    @Test(
        "is gone, and waited for, when its task goes on",
        arguments: [
            "sleep 600", "trap '' TERM INT HUP; while :; do sleep 1; done", "cat /dev/zero", "exec >&- 2>&-; sleep 99",
        ])
    func gone(script: String) async throws {
        let id = try await cancelled(script)
        #expect(ChildProcessTests.isUnknown(id))
    }

    @Test("takes along what it had started")
    func group() async throws {
        let command = try shell("sleep 600 & echo $!; wait")
        let (ids, known) = AsyncStream.makeStream(of: Int32.self)
        let task = Task {
            try await command.run { known.yield(Int32(String(decoding: $0.dropLast(), as: UTF8.self)) ?? 0) }
        }
        for await id in ids {
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await ChildProcessTests.isGone(id))
            break
        }
    }

    @Test("is never started when the task was cancelled before")
    func before() async throws {
        let command = try shell("echo started")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await command.run()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("is killed when whoever takes its output fails")
    func failingConsumer() async throws {
        struct Full: Error {}
        let id = Mutex<Int32>(0)
        await #expect(throws: Full.self) {
            try await shell("echo $$; sleep 600").run { bytes in
                id.withLock { $0 = Int32(String(decoding: bytes.dropLast(), as: UTF8.self)) ?? 0 }
                throw Full()
            }
        }
        #expect(ChildProcessTests.isUnknown(id.withLock { $0 }))
    }

    @Test("leaves no zombie and no descriptor, 200 times, at any moment of its life")
    func manyTimes() async throws {
        // Descriptors are told apart by a program only this test runs: nobody else's children hold its pipes.
        let program = FileManager.default.temporaryDirectory.appending(path: "graphrun-cat-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: program) }
        _ = try await shell("cp /bin/cat $1", program.path).run()
        let command = ChildCommand(try #require(ProgramFile(path: program.path)), ["-"])
        let input = [UInt8](repeating: 65, count: 200_000)
        let before = Self.pipeCount
        for index in 0..<200 {
            let task = Task { try await command.run(input: input) { _ in try await Task.sleep(for: .seconds(60)) } }
            // From before the child is there to when it waits for its output to be taken.
            for _ in 0..<(index % 20) * 20 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(Self.children(named: program.lastPathComponent).isEmpty)
        // Other tests have some pipes open at any time, never a hundred.
        #expect(Self.pipeCount < before + 100)
    }

    /// Descriptors of this process that are pipes.
    private static var pipeCount: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix("pipe:")
                == true
        }
    }

    /// Processes, dead or alive, whose parent this one is.
    private static func children(named name: String) -> [String] {
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return ids.compactMap { id in
            guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return nil }
            // The kernel keeps 15 letters of a name.
            return stat.contains("(\(name.prefix(15)))") && stat.contains(") \(getpid()) ") ? stat : nil
        }
    }
}

@Suite("Programs that are looked for")
struct ProgramFileTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "graphrun-programs-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ name: String, permissions: Int) throws {
            let file = url.appending(path: name)
            try Data("#!/bin/sh\n".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file.path)
        }
    }

    @Test("are found in the first folder that has them")
    func first() throws {
        let (one, other) = (try Folder(), try Folder())
        try other.write("speaker", permissions: 0o755)
        let path = "\(one.url.path):\(other.url.path)"
        #expect(try ProgramFile.find("speaker", in: path, package: "x").path == other.url.path + "/speaker")
        try one.write("speaker", permissions: 0o755)
        #expect(try ProgramFile.find("speaker", in: path, package: "x").path == one.url.path + "/speaker")
    }

    @Test("are another file once they were replaced")
    func identity() throws {
        let folder = try Folder()
        try folder.write("speaker", permissions: 0o755)
        let first = try ProgramFile.find("speaker", in: folder.url.path, package: "x")
        #expect(try ProgramFile.find("speaker", in: folder.url.path, package: "x") == first)
        try Data("#!/bin/sh\necho new\n".utf8).write(to: folder.url.appending(path: "speaker"))
        #expect(try ProgramFile.find("speaker", in: folder.url.path, package: "x") != first)
    }

    @Test("that are missing come with the command that installs them")
    func missing() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "speaker"), withIntermediateDirectories: true)
        let missing = Diagnostic(
            .fileNotFound, node: nil, "the program 'speaker' is not installed",
            suggestion: "Install it with: sudo apt-get install -y espeak-ng")
        #expect(throws: missing) {
            try ProgramFile.find("speaker", in: "relative:\(folder.url.path)::/nowhere", package: "espeak-ng")
        }
        #expect(throws: missing) { try ProgramFile.find("speaker", in: "", package: "espeak-ng") }
    }
}
