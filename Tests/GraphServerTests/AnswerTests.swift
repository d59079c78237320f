import Dispatch
import Foundation
import GraphCore
import HTTP
import Synchronization
import Testing

@testable import GraphServer

@Suite("An answer")
struct AnswerTests {
    @Test("in JSON goes compressed to who asks for it, when it is large")
    func compressed() async throws {
        let place = try TestPlace()
        for target in ["/object_info", "/api/object_info"] {
            let answer = await place.get(target, headers: ["Accept-Encoding": "gzip"])
            #expect(answer.headers["Content-Encoding"] == "gzip" && answer.bytes.starts(with: [0x1F, 0x8B]))
            #expect(answer.headers["Vary"] == "Accept-Encoding")
        }
        #expect(await place.get("/object_info").headers["Content-Encoding"] == nil)
        #expect(await place.get("/queue", headers: ["Accept-Encoding": "gzip"]).headers["Content-Encoding"] == nil)
    }

    @Test("to a preflight names what is allowed, when pages of others are")
    func preflight() async throws {
        let headers: Headers = ["Origin": "https://a.example", "Access-Control-Request-Method": "POST"]
        let place = try TestPlace { options, _ in options.corsOrigin = "https://a.example" }
        for target in ["/prompt", "/api/userdata/a%2Fb", "/", "/nope"] {
            let answer = await place.send("OPTIONS", target, headers: headers)
            #expect(answer.status == 204 && answer.bytes.isEmpty)
            #expect(answer.headers["Access-Control-Allow-Origin"] == "https://a.example")
            #expect(answer.headers["Access-Control-Allow-Methods"] == "POST, GET, DELETE, PUT, OPTIONS, PATCH")
            #expect(answer.headers["Access-Control-Allow-Headers"] == "Content-Type, Authorization")
        }
        #expect(await place.send("OPTIONS", "/prompt", headers: ["Origin": "https://b.example"]).status == 403)
        #expect(await (try TestPlace()).send("OPTIONS", "/prompt").status == 405)
    }
}

@Suite("A lane")
struct BlockingPoolTests {
    private final class Counts: Sendable {
        let now = Atomic(0)
        let most = Atomic(0)

        func enter() {
            let count = now.wrappingAdd(1, ordering: .relaxed).newValue
            most.max(count, ordering: .relaxed)
        }
        func leave() { now.wrappingSubtract(1, ordering: .relaxed) }
    }

    @Test("does all that is asked, never more at once than it is wide")
    func bounded() async throws {
        let lane = BlockingPool(width: 2), counts = Counts()
        let sum = try await withThrowingTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    try await lane.run {
                        counts.enter()
                        defer { counts.leave() }
                        return number
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 199 * 200 / 2)
        #expect((1...2).contains(counts.most.load(ordering: .relaxed)))
    }

    @Test("leaves Swift's own threads to others, however much of it waits")
    func separate() async throws {
        let lane = BlockingPool(width: 64), semaphore = DispatchSemaphore(value: 0)
        let wereWoken = try await withThrowingTaskGroup { group in
            for _ in 0..<64 {
                group.addTask { try await lane.run { semaphore.wait(timeout: .now() + 30) == .success } }
            }
            // Runs only where a thread is left.
            group.addTask {
                for _ in 0..<64 { semaphore.signal() }
                return true
            }
            return try await group.reduce(true) { $0 && $1 }
        }
        #expect(wereWoken)
    }

    @Test("passes errors on, and drops what was cancelled before its turn")
    func cancelled() async {
        let lane = BlockingPool(width: 1)
        await #expect(throws: HTTPProblem(404, "x")) { try await lane.run { throw HTTPProblem(404, "x") } }
        let work = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await lane.run { 1 }
        }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
    }
}

@Suite("The temp folder")
struct TidyingTests {
    @Test("is emptied once the server listens, and before anything is put there")
    func emptied() async throws {
        let place = try TestPlace(files: ["temp/old.png": [1], "temp/sub/old.png": [1], "input/kept.png": [1]])
        #expect(place.names("temp") == ["old.png", "sub"])
        _ = try place.server.listen()
        let answer = await place.postForm(
            "/upload/image", [("image", "new.png", [1]), ("type", nil, Array("temp".utf8))])
        #expect(answer.status == 200)
        #expect(place.names("temp") == ["new.png"] && place.names("input") == ["kept.png"])
        await place.server.stop()
    }

    @Test("is left alone by a server that cannot listen")
    func left() throws {
        let place = try TestPlace(files: ["temp/old.png": [1]]) { options, _ in options.listen = ["256.0.0.1"] }
        #expect(throws: (any Error).self) { try place.server.listen() }
        #expect(place.names("temp") == ["old.png"])
    }

    @Test("is left alone when it is a link, which is told of")
    func link() async throws {
        let place = try TestPlace(files: ["precious/a.png": [1]]) { options, url in
            options.directories[.temp] = url.appending(path: "link").path
        }
        try place.link("link", to: "precious")
        _ = try place.server.listen()
        _ = await place.postForm("/upload/image", [("image", "a.png", [2]), ("type", nil, Array("temp".utf8))])
        #expect(place.names("precious").contains("a.png"))
        let path = place.url.appending(path: "link").path
        #expect(
            place.said.all == [
                "warning: the temp folder \(path) is not emptied: it is a symbolic link\n"
                    + "  Choose a folder of its own with --temp-directory."
            ])
        await place.server.stop()
    }
}
