internal import Foundation

/// The server's numbers: TestServer (graphserver with ComfyUI's test nodes) in a process of its own, and clients here
/// that are fast enough to tell.
enum ServerBench {
    /// A server started for one measurement.
    final class Running {
        let process = Process()
        let port: Int
        let base: URL
        var pid: Int32 { process.processIdentifier }

        init(_ arguments: [String] = []) throws {
            base = FileManager.default.temporaryDirectory.appendingPathComponent("graphrun-bench-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
            process.executableURL = URL(fileURLWithPath: ".build/release/TestServer")
            process.arguments = ["--port", "0", "--base-directory", base.path] + arguments
            let pipe = Pipe()
            process.standardError = pipe
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            var text = ""
            while !text.contains("listening on http://127.0.0.1:") || !text.contains("\n") {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { throw BenchSocket.Failure(message: "the server did not start: \(text)") }
                text += String(decoding: data, as: UTF8.self)
            }
            port = Int(text.split(separator: "\n")[0].split(separator: ":").last ?? "") ?? 0
        }

        deinit {
            process.terminate()
            process.waitUntilExit()
            try? FileManager.default.removeItem(at: base)
        }

        /// Resident memory, MB.
        var memory: Double {
            let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return Double(line?.split(separator: " ").dropFirst().first ?? "").map { $0 / 1024 } ?? 0
        }
    }

    static func run(_ only: String?) throws {
        let all: [(String, () throws -> Void)] = [
            ("start", start), ("latency", latency), ("nodes", nodes), ("posts", posts), ("burst", burst),
            ("frozen", frozen),
            ("idle", idle),
        ]
        for (name, measure) in all where only == nil || only == name { try measure() }
    }

    static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let start = SuspendingClock.now
        try work()
        return start.duration(to: .now) / .seconds(1)
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func text(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

    // MARK: Start and memory

    static func start() throws {
        var times: [Double] = [], memory: [Double] = []
        for _ in 0..<7 {
            let base = FileManager.default.temporaryDirectory.appendingPathComponent("graphrun-bench-start")
            try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: ".build/release/graphserver")
            let port = Int.random(in: 20000...30000)
            process.arguments = ["--port", "\(port)", "--base-directory", base.path]
            process.standardError = FileHandle.nullDevice
            let begun = SuspendingClock.now
            try process.run()
            while true {
                guard let socket = try? BenchSocket(port: port) else {
                    usleep(200)
                    continue
                }
                try socket.send(BenchSocket.get("/queue"))
                _ = try socket.answer()
                break
            }
            times.append(begun.duration(to: .now) / .milliseconds(1))
            sleep(1)
            let status =
                (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            memory.append((Double(line?.split(separator: " ").dropFirst().first ?? "") ?? 0) / 1024)
            process.terminate()
            process.waitUntilExit()
        }
        say(
            "start to first answer: median \(text(median(times), 1)) ms, best \(text(times.min() ?? 0, 1)); idle memory \(text(median(memory), 1)) MB"
        )
    }

    // MARK: One prompt

    private static func tiny(_ color: Int, client: String) -> String {
        "{\"client_id\":\"\(client)\",\"prompt\":{\"1\":{\"class_type\":\"EmptyImage\",\"inputs\":{\"width\":64,\"height\":64,\"batch_size\":1,\"color\":\(color)}},\"2\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"1\",0]}}}}"
    }

    static func latency() throws {
        let server = try Running()
        let (http, socket) = (try BenchSocket(port: server.port), try BenchSocket(port: server.port))
        try socket.openWebSocket("bench")
        _ = try socket.message()
        for isCached in [false, true] {
            var toAnswer: [Double] = [], toSuccess: [Double] = []
            for round in 0..<600 {
                let body = BenchSocket.post("/prompt", tiny(isCached ? 1 : round + 10, client: "bench"))
                let begun = SuspendingClock.now
                try http.send(body)
                let (status, _) = try http.answer()
                let answered = begun.duration(to: .now) / .milliseconds(1)
                guard status == 200 else { throw BenchSocket.Failure(message: "status \(status)") }
                var success = 0.0
                while true {
                    let message = try socket.message()
                    if success == 0, find("\"execution_success\"", message) {
                        success = begun.duration(to: .now) / .milliseconds(1)
                    }
                    if find("\"node\":null", message) { break }
                }
                if round >= 100 {
                    toAnswer.append(answered)
                    toSuccess.append(success)
                }
                usleep(1000)
            }
            say(
                "tiny prompt, \(isCached ? "cached" : "uncached"): POST to execution_success median \(text(median(toSuccess), 3)) ms, best \(text(toSuccess.min() ?? 0, 3)); POST to 200 median \(text(median(toAnswer), 3)) ms"
            )
        }
    }

    private static func find(_ word: String, _ bytes: ArraySlice<UInt8>) -> Bool {
        let word = Array(word.utf8)
        guard bytes.count >= word.count else { return false }
        // What is looked for stands near the front.
        for start in bytes.startIndex...(min(bytes.endIndex - word.count, bytes.startIndex + 160))
        where bytes[start] == word[0] {
            if bytes[start..<(start + word.count)].elementsEqual(word) { return true }
        }
        return false
    }

    // MARK: Cost of a node

    static func nodes() throws {
        for shape in ["chain", "wide"] {
            for count in [1000, 10_000, 100_000] {
                let server = try Running()
                let (http, socket) = (try BenchSocket(port: server.port), try BenchSocket(port: server.port))
                try socket.openWebSocket("bench")
                _ = try socket.message()
                var times: [Double] = []
                var messageCount = 0
                for round in 0..<5 {
                    let body =
                        "{\"client_id\":\"bench\",\"prompt\":{\(shape == "chain" ? chain(count, round) : wide(count, round))}}"
                    try http.send(BenchSocket.post("/prompt", body))
                    var begun = SuspendingClock.now
                    messageCount = 0
                    while true {
                        let message = try socket.message()
                        messageCount += 1
                        if find("\"execution_start\"", message) { begun = .now }
                        if find("\"execution_error\"", message) {
                            throw BenchSocket.Failure(message: String(decoding: message.prefix(400), as: UTF8.self))
                        }
                        if find("\"execution_success\"", message) { break }
                    }
                    times.append(begun.duration(to: .now) / .microseconds(1) / Double(count))
                    let (status, reply) = try http.answer()
                    guard status == 200 else {
                        throw BenchSocket.Failure(message: String(decoding: reply.prefix(400), as: UTF8.self))
                    }
                }
                say(
                    "\(shape) of \(count) nodes, one client on /ws: median \(text(median(times))) us a node, best \(text(times.min() ?? 0)), \(messageCount) messages"
                )
            }
        }
    }

    private static func chain(_ count: Int, _ round: Int) -> String {
        var nodes = [
            "\"0\":{\"class_type\":\"EmptyImage\",\"inputs\":{\"width\":1,\"height\":1,\"batch_size\":1,\"color\":\(round)}}"
        ]
        for index in 1..<(count - 1) {
            nodes.append("\"\(index)\":{\"class_type\":\"ImageInvert\",\"inputs\":{\"image\":[\"\(index - 1)\",0]}}")
        }
        nodes.append("\"\(count - 1)\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"\(count - 2)\",0]}}")
        return nodes.joined(separator: ",")
    }

    /// Half sources, then a binary tree of blends, so that no two nodes are equal.
    private static func wide(_ count: Int, _ round: Int) -> String {
        var nodes: [String] = [], tips: [String] = []
        for index in 0..<(count / 2) {
            nodes.append(
                "\"i\(index)\":{\"class_type\":\"EmptyImage\",\"inputs\":{\"width\":1,\"height\":1,\"batch_size\":1,\"color\":\(round * 200_000 + index)}}"
            )
            tips.append("i\(index)")
        }
        var next = 0
        while tips.count > 1 {
            var merged: [String] = []
            for position in stride(from: 0, to: tips.count - 1, by: 2) {
                nodes.append(
                    "\"b\(next)\":{\"class_type\":\"ImageBlend\",\"inputs\":{\"image1\":[\"\(tips[position])\",0],\"image2\":[\"\(tips[position + 1])\",0],\"blend_factor\":0.5,\"blend_mode\":\"normal\"}}"
                )
                merged.append("b\(next)")
                next += 1
            }
            if tips.count % 2 == 1 { merged.append(tips[tips.count - 1]) }
            tips = merged
        }
        nodes.append("\"out\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"\(tips[0])\",0]}}")
        return nodes.joined(separator: ",")
    }

    // MARK: Posts

    /// Holds the queue with a node that sleeps.
    private static func hold(_ http: BenchSocket) throws {
        try http.send(
            BenchSocket.post(
                "/prompt",
                "{\"prompt\":{\"1\":{\"class_type\":\"PrimitiveInt\",\"inputs\":{\"value\":1}},\"2\":{\"class_type\":\"TestSleep\",\"inputs\":{\"value\":[\"1\",0],\"seconds\":600}},\"3\":{\"class_type\":\"PreviewAny\",\"inputs\":{\"source\":[\"2\",0]}}}}"
            ))
        guard try http.answer().status == 200 else { throw BenchSocket.Failure(message: "the queue cannot be held") }
    }

    static func posts() throws {
        for round in 0..<3 {
            let server = try Running()
            try hold(try BenchSocket(port: server.port))
            let (connections, each) = (8, 5000)
            let sockets = try (0..<connections).map { _ in try BenchSocket(port: server.port) }
            // One thread for all: more would take the second core from the server.
            let bodies = (0..<connections).map { BenchSocket.post("/prompt", tiny($0, client: "bench")) }
            let taken = try seconds {
                for (socket, body) in zip(sockets, bodies) { try socket.send(body) }
                for step in 0..<each {
                    for (socket, body) in zip(sockets, bodies) {
                        guard try socket.answer().status == 200 else { throw BenchSocket.Failure(message: "refused") }
                        if step + 1 < each { try socket.send(body) }
                    }
                }
            }
            say(
                "POST /prompt over 8 connections, queue held, run \(round + 1): \(Int(Double(connections * each) / taken)) a second; memory with \(connections * each) waiting \(text(server.memory, 0)) MB"
            )
        }
    }

    // MARK: Many clients

    static func burst() throws {
        let server = try Running()
        let crowd = try Crowd(count: 500, port: server.port)
        for round in 0..<5 {
            let http = try BenchSocket(port: server.port)
            let posts = 400
            let before = crowd.total, target = (crowd.counts.min() ?? 0) + 3 * posts
            let body = BenchSocket.post("/prompt", tiny(1, client: "nobody"))
            var sent = 0
            let begun = SuspendingClock.now
            try http.send(Array((0..<posts).map { _ in body }.joined()))
            sent = posts
            let isComplete = crowd.read(until: target, seconds: 20)
            let taken = begun.duration(to: .now) / .seconds(1)
            let delivered = crowd.total - before
            say(
                "status burst to 500 clients, run \(round + 1): \(Int(Double(delivered) / taken)) messages a second (\(delivered) of \(3 * sent * 500)\(isComplete ? "" : ", not all came"))"
            )
            for _ in 0..<posts { _ = try http.answer() }
        }
    }

    static func frozen() throws {
        var ratios: [Double] = [], differences: [Double] = []
        for round in 0..<5 {
            var p99: [Bool: Double] = [:]
            for hasFrozen in [false, true] {
                let server = try Running()
                let crowd = try Crowd(count: 990, port: server.port)
                // Never read from again.
                let frozen = try (0..<(hasFrozen ? 10 : 0)).map { number in
                    let socket = try BenchSocket(port: server.port)
                    try socket.openWebSocket("frozen\(number)")
                    return socket
                }
                let http = try BenchSocket(port: server.port)
                var latencies: [Double] = []
                for _ in 0..<60 {
                    let target = (crowd.counts.min() ?? 0) + 3
                    let begun = SuspendingClock.now
                    try http.send(BenchSocket.post("/prompt", tiny(1, client: "nobody")))
                    _ = crowd.read(until: target, seconds: 10) { _ in
                        latencies.append(begun.duration(to: .now) / .milliseconds(1))
                    }
                    _ = try http.answer()
                    usleep(2000)
                }
                latencies.sort()
                p99[hasFrozen] = latencies[latencies.count * 99 / 100]
                if hasFrozen { say("  memory with \(frozen.count) frozen: \(text(server.memory, 1)) MB") }
            }
            let (without, with) = (p99[false] ?? 0, p99[true] ?? 0)
            ratios.append(with / without)
            differences.append(with - without)
            say(
                "  run \(round + 1): p99 of the others without frozen clients \(text(without)) ms, with 10 frozen \(text(with)) ms"
            )
        }
        say(
            "1,000 clients, 10 frozen: p99 of the others, median of 5: ratio \(text(median(ratios))), difference \(text(median(differences))) ms"
        )
    }

    static func idle() throws {
        let server = try Running()
        let before = server.memory
        var sockets: [BenchSocket] = []
        for number in 0..<9_990 {
            let socket = try BenchSocket(port: server.port)
            try socket.openWebSocket("idle\(number)")
            _ = try socket.message()
            sockets.append(socket)
        }
        sleep(1)
        say("\(sockets.count) idle WebSockets: \(text(server.memory, 1)) MB (before: \(text(before, 1)) MB)")
    }
}
