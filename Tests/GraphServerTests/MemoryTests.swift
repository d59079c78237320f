import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

/// By what the system says of a server process of its own.
@Suite("The memory of a server", .timeLimit(.minutes(3)))
struct MemoryTests {
    private static let megabyte = 1000

    /// A picture under so many blurs, the last of which is shown.
    private static func blurs(_ count: Int, width: Int, height: Int, color: Int) -> JSON {
        var members = [
            JSONObject.Member(
                "picture",
                Graphs.node(
                    "EmptyImage",
                    [
                        "width": .number(JSONNumber(width)), "height": .number(JSONNumber(height)), "batch_size": 1,
                        "color": .number(JSONNumber(color)),
                    ]))
        ]
        var last = "picture"
        for index in 0..<count {
            members.append(
                .init(
                    "blur \(index)",
                    Graphs.node("ImageBlur", ["image": [.string(last), 0], "blur_radius": 1, "sigma": 1])))
            last = "blur \(index)"
        }
        members.append(.init("shown", Graphs.node("PreviewImage", ["images": [.string(last), 0]])))
        return .object(JSONObject(members))
    }

    /// Numbers that are handed on from node to node.
    private static func chain(_ count: Int) -> JSON {
        var members = [JSONObject.Member("0", Graphs.node("PrimitiveInt", ["value": 7]))]
        for index in 1..<count {
            members.append(
                .init(String(index), Graphs.node("PrimitiveInt", ["value": [.string(String(index - 1)), 0]])))
        }
        members.append(.init("shown", Graphs.node("PreviewAny", ["source": [.string(String(count - 1)), 0]])))
        return .object(JSONObject(members))
    }

    /// A sound that is made louder, doubled and shown.
    private static func sound(_ seconds: Int) -> JSON {
        [
            "quiet": Graphs.node(
                "EmptyAudio", ["duration": .number(JSONNumber(seconds)), "sample_rate": 44100, "channels": 2]),
            "loud": Graphs.node("AudioAdjustVolume", ["audio": ["quiet", 0], "volume": 2]),
            "long": Graphs.node("AudioConcat", ["audio1": ["loud", 0], "audio2": ["loud", 0], "direction": "after"]),
            "shown": Graphs.node("PreviewAudio", ["audio": ["long", 0]]),
        ]
    }

    private static func run(_ graphs: [JSON], _ endpoint: Endpoint) throws {
        let ids = try graphs.map { try endpoint.submit($0) }
        let hasEnded = try eventually { try endpoint.queueRemaining() == 0 }
        #expect(hasEnded)
        for id in ids {
            #expect(try endpoint.history(id)?["status"]?["status_str"] == "success")
        }
    }

    private static func free(_ endpoint: Endpoint) throws {
        let answer = try endpoint.post("/free", ["unload_models": true, "free_memory": true])
        #expect(answer.status == 200)
    }

    /// Sizes whose pixels take 5 to 9 MB as floats.
    private static let pictures: [JSON] = (0..<10).map { index in
        blurs(12, width: 360 + 97 * index, height: 1300 - 83 * index, color: index)
    }

    @Test("is back when /free is answered, within 60 MB of the start, whatever it was taken for")
    func freed() async throws {
        try await withServerProcess { server, endpoint in
            let start = try #require(server.residentKilobytes)
            try Self.run(Self.pictures, endpoint)
            try Self.run((5..<10).map { Self.sound(10 * $0) }, endpoint)
            try Self.run([Self.chain(100_000)], endpoint)
            try Self.free(endpoint)
            let end = try #require(server.residentKilobytes)
            #expect(end - start < 60 * Self.megabyte)
        }
    }

    @Test("is a moment after the last run what the results take, and no more than 150 MB besides")
    func idle() async throws {
        try await withServerProcess { server, endpoint in
            try Self.run(Self.pictures, endpoint)
            // What the last run made is kept for the next.
            let (width, height) = (360 + 97 * 9, 1300 - 83 * 9)
            let kept = 12 * width * height * 3 * MemoryLayout<Float>.size / 1024
            let isBack = eventually { (server.residentKilobytes ?? 0) - kept < 150 * Self.megabyte }
            #expect(isBack)
            // The graph of the last run, its signatures and its results: 0.6 KB a node.
            try Self.run([Self.chain(100_000)], endpoint)
            let keptOfChain = 100_000 * 640 / 1024
            let isBackAgain = eventually { (server.residentKilobytes ?? 0) - keptOfChain < 150 * Self.megabyte }
            #expect(isBackAgain)
        }
    }
}
