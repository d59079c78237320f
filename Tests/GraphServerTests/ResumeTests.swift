import GraphCore
import HTTP
import Testing

@testable import GraphServer

@Suite("A client that comes back", .timeLimit(.minutes(3)))
struct ResumeTests {
    private static let transient: Set<String> = ["progress_state", "progress", "run_progress", "status"]

    /// What must reach everyone exactly once.
    private static func facts(_ frames: [WireSocket.Frame]) -> [UInt64] {
        frames.filter { !transient.contains($0.type ?? "") }.compactMap(\.seq)
    }

    private static func epoch(_ frames: [WireSocket.Frame]) throws -> String {
        try #require(frames.first { $0["epoch"] != nil }?["epoch"]?.string)
    }

    @Test("with the number it saw last is told exactly what it missed")
    func resumed() async throws {
        try await withServerProcess { _, endpoint in
            let (id, all) = try endpoint.run(Graphs.wide(0..<10), client: "c")
            let epoch = try Self.epoch(all)
            let facts = Self.facts(all)
            #expect(facts == facts.sorted())
            #expect(Set(facts).count == facts.count)
            for seen in [0, facts[0], facts[facts.count / 2], facts[facts.count - 2]] {
                let missed = facts.filter { $0 > seen }
                let socket = try endpoint.socket("c", "&since=\(epoch):\(seen)")
                #expect(try socket.next()["sid"] == "c")
                let welcome = try socket.next()
                #expect(
                    welcome.json
                        == [
                            "type": "resumed",
                            "data": [
                                "epoch": .string(epoch), "seq": .number(JSONNumber(Int(seen))),
                                "replayed": .number(JSONNumber(missed.count)),
                            ],
                        ])
                let replayed = try socket.read(untilEndOf: id)
                #expect(Self.facts(replayed) == missed)
                // Word for word what was said the first time.
                let again = replayed.filter { !Self.transient.contains($0.type ?? "") }
                #expect(
                    again == all.filter { $0.seq.map { $0 > seen } == true && !Self.transient.contains($0.type ?? "") })
            }
            let last = try #require(facts.last)
            let socket = try endpoint.socket("c", "&since=\(epoch):\(last)")
            _ = try socket.next()
            #expect(try socket.next()["replayed"] == 0)
            #expect(try socket.readWaiting().isEmpty)
        }
    }

    @Test(
        "with a number that means nothing here is told to start over",
        arguments: ["of another life", "of the future", "that is no number"])
    func resync(kind: String) async throws {
        try await withServerProcess { _, endpoint in
            let (_, all) = try endpoint.run(Graphs.number(1), client: "c")
            let epoch = try Self.epoch(all)
            let last = try #require(all.compactMap(\.seq).max())
            let since =
                switch kind {
                case "of another life": "0badcafe:1"
                case "of the future": "\(epoch):\(last + 1)"
                default: "yesterday"
                }
            let socket = try endpoint.socket("c", "&since=\(since)")
            _ = try socket.next()
            #expect(
                try socket.next().json
                    == [
                        "type": "resync", "data": ["epoch": .string(epoch), "seq": .number(JSONNumber(Int(last)))],
                    ])
            // And is told everything from then on.
            let id = try endpoint.submit(Graphs.number(2), client: "c")
            #expect(try socket.read(untilEndOf: id).contains { $0.type == "execution_success" })
        }
    }

    @Test("with a number whose messages are gone is told to start over")
    func gone() async throws {
        try await withListeningPlace({ $0.keptByteCount = 100_000 }) { _, endpoint in
            let first = try endpoint.run(Graphs.number(0), client: "c").frames
            var all = first
            // So little at a time that who reads along loses nothing.
            for value in 1...150 { all = try endpoint.run(Graphs.number(value), client: "c").frames }
            let epoch = try Self.epoch(all)
            let socket = try endpoint.socket("c", "&since=\(epoch):\(Self.facts(first)[0])")
            _ = try socket.next()
            #expect(try socket.next().type == "resync")
            // What is still kept can be had.
            let facts = Self.facts(all)
            let late = try endpoint.socket("c", "&since=\(epoch):\(facts[facts.count - 4])")
            _ = try late.next()
            #expect(try late.next()["replayed"] == 3)
        }
    }

    @Test("sees every fact exactly once, at whatever moments it leaves and comes back, however many do")
    func many() async throws {
        try await withListeningPlace { _, endpoint in
            let clientCount = 100
            let id = "crowded"
            let meeting = Meeting()
            async let told = atOnce(clientCount) { index in
                let socket = try endpoint.socket("crowd")
                _ = try socket.next()
                meeting.arrive()
                return try Self.wander(socket, endpoint, id, index)
            }
            let reference = try endpoint.socket("crowd")
            try meeting.wait(for: clientCount)
            var graph = Graphs.wide(0..<100).object ?? JSONObject()
            graph["slow"] = Graphs.node("TestSleep", ["value": ["a1", 0], "seconds": 0.5])
            graph["shown"] = Graphs.node("PreviewAny", ["source": ["slow", 0]])
            _ = try endpoint.submit(.object(graph), client: "crowd", [("prompt_id", .string(id))])
            let expected = Self.facts(try reference.read(untilEndOf: id))
            #expect(expected.count > 400)
            let seen = try await told
            for (index, one) in seen.enumerated() {
                #expect(one.facts == expected, "client \(index), which came \(one.visitCount) times")
            }
            #expect(seen.contains { $0.visitCount > 3 })
        }
    }

    /// Reads some frames, goes away without a word, comes back, and so on to the end of the run.
    private static func wander(
        _ first: WireSocket, _ endpoint: Endpoint, _ id: String, _ index: Int
    ) throws -> (facts: [UInt64], visitCount: Int) {
        var (socket, facts, visitCount) = (first, [UInt64](), 1)
        var last: (epoch: String, seq: UInt64)?
        while true {
            // Each leaves at other moments.
            var left = (index * 37 + visitCount * 101) % 60 + 1
            while left > 0 || last == nil {
                let frame = try socket.nextText()
                left -= 1
                if frame.type == "resync" { throw Wire.Failure(description: "told to start over") }
                if case .closed = frame { throw Wire.Failure(description: "closed") }
                guard let seq = frame.seq, let epoch = frame["epoch"]?.string else { continue }
                // `resumed` repeats the number that was given.
                if frame.type == "resumed" { continue }
                last = (epoch, seq)
                if !transient.contains(frame.type ?? "") { facts.append(seq) }
                if frame.isEnd(of: id) { return (facts, visitCount) }
            }
            visitCount += 1
            socket = try endpoint.socket("crowd", last.map { "&since=\($0.epoch):\($0.seq)" } ?? "")
        }
    }

    @Test("finds its run over when the server was killed, and the new one at once on the same port")
    func killed() async throws {
        try await onThread {
            let old = try ServerProcess()
            let socket = try old.endpoint.socket("c")
            let id = try old.endpoint.submit(Graphs.sleep(300), client: "c")
            let seen = try socket.read { $0.type == "progress" }
            old.kill(.kill)
            let new = try ServerProcess(port: old.endpoint.port)
            #expect(try new.endpoint.get("/queue").json == ["queue_running": [], "queue_pending": []])
            let epoch = try Self.epoch(seen)
            let again = try new.endpoint.socket("c", "&since=\(epoch):\(seen.compactMap(\.seq).max() ?? 0)")
            _ = try again.next()
            #expect(try again.next().type == "resync")
            #expect(try new.endpoint.history(id) == nil)
        }
    }
}

/// A reader in a hundred that reads nothing.
@Suite("A client that never reads", .timeLimit(.minutes(2)))
struct SilentClientTests {
    @Test("delays nobody, and costs no more than what is kept for all")
    func silent() async throws {
        try await withServerProcess { server, endpoint in
            _ = try endpoint.run(Graphs.number(0), client: "c")
            let before = server.residentKilobytes
            let silent = try (0..<40).map { _ in
                try WireSocket(endpoint.port, "/ws?clientId=c", receiveByteCount: 4096)
            }
            // About 20,000 messages of 250 bytes each: 5 MB for every client, were they queued for each.
            let (_, told) = try endpoint.run(Graphs.wide(0..<2500), client: "c")
            #expect(told.count { $0.type == "executed" } == 2500)
            if let before, let after = server.residentKilobytes {
                #expect(after - before < 120_000, "\(silent.count) clients that do not read")
            }
        }
    }
}
