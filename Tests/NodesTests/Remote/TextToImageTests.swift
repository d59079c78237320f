import Files
import GraphCore
import HTTP
import Media
import Testing
import TestModelServer

@testable import Nodes
@testable import Remote

@Suite("TextToImage")
struct TextToImageTests {
    @Test("makes a picture of the size asked for", arguments: [Provider.Kind.xinference, .openai])
    func picture(kind: Provider.Kind) async throws {
        let studio = try PaintingStudio(kind)
        let image = try await studio.paint()
        #expect(image == (try ImageDecoder.decode(MadePicture.png(width: 64, height: 48)).image))
        await studio.peer.stop()
    }

    @Test("makes several as a batch")
    func batch() async throws {
        let studio = try PaintingStudio()
        let image = try await studio.paint(["n": .int(3)])
        #expect(image.batch == 3)
        // The blue of the scripted server's pictures is their number.
        let (bytes, size) = (image.eightBit(), 64 * 48 * 3)
        let blues = [bytes[2], bytes[size + 2], bytes[2 * size + 2]]
        #expect(blues == [0, 1, 2])
        await studio.peer.stop()
    }

    @Test("asks the provider and the model that the workflow names")
    func names() async throws {
        let studio = try PaintingStudio()
        studio.peer.setModels(["FLUX.1-schnell": "image"])
        _ = try await studio.paint(["provider": .text("local"), "model": .text("FLUX.1-schnell")])
        #expect(studio.peer.requests(to: "/v1/images/generations").map { $0.field("model") } == ["FLUX.1-schnell"])
        await studio.peer.stop()
    }

    @Test("tells how far the server is, stage by stage")
    func progress() async throws {
        let studio = try PaintingStudio()
        studio.peer.stageProgress(0.25, 0.5, 0.75, 1)
        let run = try PaintingRun(studio)
        #expect(await run.start().value.outcome == .succeeded)
        // What comes within 50 ms of another is merged.
        #expect(run.progress.first == 0)
        #expect(run.progress == run.progress.sorted() && Set(run.progress).isSubset(of: [0, 0.25, 0.5, 0.75, 1]))
        #expect(!Set(run.progress).isDisjoint(with: [0.25, 0.5, 0.75]))
        #expect(run.stages == ["processing", "downloading"])
        let asked = studio.peer.requests.filter { $0.path.hasSuffix("/progress") }
        let id = studio.peer.requests(to: "/v1/images/generations").first?.kwargs?["request_id"]?.string ?? "none"
        #expect(id.utf8.count == 32)
        #expect(asked.allSatisfy { $0.path == "/v1/requests/\(id)/progress" })
        await studio.peer.stop()
    }

    @Test("estimates how far it is by earlier runs where no server tells, and says so")
    func estimate() async throws {
        let studio = try PaintingStudio(.openai)
        studio.peer.stage(.held)
        let costs = CostModel(["version": 1, "seconds": ["TextToImage": ["0": 1000]]])
        let run = try PaintingRun(studio, costs: costs)
        let running = run.start()
        try await run.told {
            if case .nodePhase(_, _, "processing", let message, _) = $0 { message.contains("estimate") } else { false }
        }
        studio.peer.release()
        #expect(await running.value.outcome == .succeeded)
        let messages = run.events.compactMap { event -> String? in
            if case .nodePhase("1", _, _, let message, _) = event { message } else { nil }
        }
        #expect(messages.contains("gpt-image-1 on 'local'; about 1000 s, an estimate from earlier runs"))
        #expect(!run.progress.isEmpty && run.progress.allSatisfy { (0...0.95).contains($0) })
        await studio.peer.stop()
    }

    @Test("has no bar where there is nothing to judge by, only the seconds so far")
    func noEstimate() async throws {
        let studio = try PaintingStudio(.openai)
        studio.peer.stage(.held)
        let run = try PaintingRun(studio)
        let running = run.start()
        try await run.told {
            if case .nodePhase(_, _, "processing", let message, _) = $0 {
                message.hasSuffix(" s so far")
            } else {
                false
            }
        }
        studio.peer.release()
        #expect(await running.value.outcome == .succeeded)
        #expect(run.progress.isEmpty)
        await studio.peer.stop()
    }

    @Test("has words for a server that takes longer than ever")
    func longer() throws {
        let studio = try PaintingStudio(.openai)
        let call = PictureCall(
            server: try studio.providers.server(), model: "m", order: PictureOrder(prompt: ""), share: (1, 3),
            started: .now, interval: .zero)
        #expect(
            call.painting(.seconds(25), usual: .seconds(20))
                == "m on 'local', picture 2 of 3; 25 s so far, longer than the 20 s of earlier runs")
        #expect(call.painting(.zero, usual: nil) == "m on 'local', picture 2 of 3")
    }

    @Test("comes from the cache when nothing has changed, the seed included")
    func cached() async throws {
        let studio = try PaintingStudio()
        let run = try PaintingRun(studio)
        _ = await run.start().value
        _ = await run.start().value
        #expect(studio.peer.requests(to: "/v1/images/generations").count == 1)
        await studio.peer.stop()
    }

    // MARK: Cancelling

    @Test("that is cancelled has the server drop the picture")
    func cancelled() async throws {
        let studio = try PaintingStudio()
        studio.peer.stageProgress(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
        let run = try PaintingRun(studio)
        let running = run.start()
        #expect(await studio.peer.waits { $0.requests.contains { $0.path.hasSuffix("/progress") } })
        running.cancel()
        #expect(await running.value.outcome == .cancelled)
        #expect(await studio.peer.waits { !$0.abortedRequests.isEmpty })
        let sent = studio.peer.requests(to: "/v1/images/generations").compactMap { $0.kwargs?["request_id"]?.string }
        #expect(studio.peer.abortedRequests == Set(sent))
        let abort = studio.peer.requests.first { $0.path.hasSuffix("/abort") }
        #expect(abort?.path == "/v1/models/Z-Image-Turbo/requests/\(sent.first ?? "")/abort")
        #expect(abort?.json != nil)
        await studio.peer.stop()
    }

    @Test("that takes too long is dropped by the server, too")
    func tooLong() async throws {
        let studio = try PaintingStudio(timeout: .milliseconds(400))
        studio.peer.stage(.held)
        #expect(
            await studio.complaint() == """
                'local' was not done after 0.4 s
                  Give it less work, or more time with 'timeout' in its configuration.
                """)
        #expect(await studio.peer.waits { !$0.abortedRequests.isEmpty })
        await studio.peer.stop()
    }

    @Test("that is cancelled while it stands in line bothers nobody")
    func cancelledInLine() async throws {
        let studio = try PaintingStudio(limit: 1)
        studio.peer.stage(.held)
        let first = Task { try await studio.paint() }
        #expect(await studio.peer.waits { $0.runningCount == 1 })
        let run = try PaintingRun(studio)
        let running = run.start()
        try await run.told { if case .nodePhase(_, _, "waiting_for_server", _, _) = $0 { true } else { false } }
        running.cancel()
        #expect(await running.value.outcome == .cancelled)
        studio.peer.release()
        #expect(try await first.value.batch == 1)
        #expect(studio.peer.abortedRequests.isEmpty)
        #expect(studio.peer.requests(to: "/v1/images/generations").count == 1)
        await studio.peer.stop()
    }

    // MARK: What goes wrong

    @Test("waits for a slow server, and asks again one that is busy")
    func patience() async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(.busy(), .loading(), .held)
        let running = Task { try await studio.paint() }
        #expect(await studio.peer.waits { $0.requests(to: "/v1/images/generations").count == 3 })
        studio.peer.release()
        #expect(try await running.value.width == 64)
        await studio.peer.stop()
    }

    @Test("says what to do when the server's memory is full")
    func memory() async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(.outOfMemory)
        #expect(
            await studio.complaint() == """
                'local' answered 500: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of \
                23.65 GiB of which 1.20 GiB is free.
                  Choose fewer steps or a smaller size, or launch the model with --cpu_offload true (xinference launch \
                --model-name Z-Image-Turbo --model-type image --cpu_offload true).
                """)
        await studio.peer.stop()
    }

    @Test("asks again when an answer broke off, and says so in the end")
    func cut() async throws {
        let studio = try PaintingStudio()
        for _ in 0..<5 { studio.peer.stage(.cut(after: 1_000)) }
        let complaint = await studio.complaint()
        #expect(complaint.hasPrefix("'local': ") && complaint.contains("Look into the server's log"), "\(complaint)")
        #expect(studio.peer.requests(to: "/v1/images/generations").count == 5)
        await studio.peer.stop()
    }

    @Test("takes no more than its pictures can have")
    func huge() async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(.huge(65 << 20))
        #expect(
            await studio.complaint() == """
                the answer of 'local' is larger than 67108864 bytes
                  Ask for less at once.
                """)
        await studio.peer.stop()
    }

    @Test(
        "says what is wrong with an answer",
        arguments: [
            (
                #"{"data": ["#,
                """
                the answer of 'local' is not JSON: line 1, column 11: expected a value but found the end of the file
                  Check that its url is that of a model server, and look into the server's log.
                """
            ),
            (
                #"{"data": []}"#,
                """
                the answer of 'local' holds no pictures
                  Check that the model makes pictures, and look into the server's log.
                """
            ),
            (
                #"{"data": [{"b64_json": "@@@@"}]}"#,
                """
                picture 1 in the answer of 'local' is not base64
                  Look into the server's log.
                """
            ),
            (
                #"{"data": [{"b64_json": ""}]}"#,
                """
                picture 1 in the answer of 'local' is not base64
                  Look into the server's log.
                """
            ),
            (
                #"{"data": [{"b64_json": "SGVsbG8sIHdvcmxkIQ=="}]}"#,
                """
                picture 1 of 'local': the file is not a picture: it starts like text
                  Look into the server's log.
                """
            ),
            (
                #"{"data": [{"revised_prompt": "a dog"}]}"#,
                """
                picture 1 in the answer of 'local' is neither b64_json nor a url
                  Check that the url of 'local' is that of a model server.
                """
            ),
        ])
    func wrongAnswer(body: String, complaint: String) async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(.body(Array(body.utf8), type: "application/json"))
        #expect(await studio.complaint() == complaint)
        await studio.peer.stop()
    }

    @Test("makes no batch of pictures of different sizes")
    func sizes() async throws {
        let studio = try PaintingStudio()
        let pictures = [MadePicture.png(width: 4, height: 3), MadePicture.png(width: 3, height: 4)]
        let list = pictures.map { #"{"b64_json": "data:image/png;base64,\#(Base64.encode($0))"}"# }
        studio.peer.stage(.body(Array(#"{"data": [\#(list.joined(separator: ","))]}"#.utf8), type: "application/json"))
        #expect(
            await studio.complaint(["n": .int(2)]) == """
                'local' sent pictures of 4x3 and 3x4 pixels, which cannot be one batch
                  Name a size, or make the pictures one by one.
                """)
        await studio.peer.stop()
    }

    private static func answer(_ pictures: [[UInt8]]) -> [UInt8] {
        let list = pictures.map { #"{"b64_json": "\#(Base64.encode($0))"}"# }
        return Array(#"{"data": [\#(list.joined(separator: ","))]}"#.utf8)
    }

    /// A small file that says it has 100 megapixels.
    private static let bomb: [UInt8] = {
        var png = MadePicture.png(width: 4, height: 3)
        png.replaceSubrange(16..<24, with: [0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10])
        return png
    }()

    @Test("takes no more pictures than were asked for")
    func tooMany() async throws {
        let studio = try PaintingStudio()
        let answer = Self.answer(Array(repeating: Self.bomb, count: 16))
        studio.peer.stage(.body(answer, type: "application/json"))
        #expect(
            await studio.complaint() == """
                the answer of 'local' holds 16 pictures, and 1 was asked for
                  Look into the server's log; a model that ignores the number cannot be used here.
                """)
        await studio.peer.stop()
    }

    @Test(
        "decodes no pictures that are much larger than was asked for",
        arguments: [
            (1, "a picture of 100 megapixels, where 1 of 64x48 pixels was asked for"),
            (16, "16 pictures of together 1600 megapixels, where 16 of 64x48 pixels were asked for"),
        ])
    func tooLarge(count: Int, words: String) async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(
            .body(Self.answer(Array(repeating: Self.bomb, count: count)), type: "application/json"))
        #expect(
            await studio.complaint(["n": .int(count)]) == """
                'local' sent \(words) and at most 16 megapixels are read
                  Look into the server's log, or ask for the size that the model paints.
                """)
        await studio.peer.stop()
    }

    @Test("reads no answer of a million values")
    func manyValues() async throws {
        let studio = try PaintingStudio()
        let zeros = String(repeating: "0,", count: 1_000_000)
        studio.peer.stage(.body(Array(#"{"data": [\#(zeros)0]}"#.utf8), type: "application/json"))
        #expect(
            await studio.complaint() == """
                the answer of 'local' is not JSON: line 1, column 200007: the text holds more than 100000 values
                  Check that its url is that of a model server, and look into the server's log.
                """)
        await studio.peer.stop()
    }

    @Test("takes a picture that an answer has in a data: address")
    func dataAddress() async throws {
        let studio = try PaintingStudio()
        let file = MadePicture.png(width: 64, height: 48)
        for (address, isWhole) in [
            ("data:image/png;base64,\(Base64.encode(file))", true), ("data:image/png,abc", false), ("data:", false),
            ("data:image/png;base64,@@", false),
        ] {
            studio.peer.stage(.body(Array(#"{"data": [{"url": "\#(address)"}]}"#.utf8), type: "application/json"))
            guard isWhole else {
                #expect(
                    await studio.complaint() == """
                        picture 1 in the answer of 'local' is a data: address without base64 in it
                          Look into the server's log.
                        """)
                continue
            }
            #expect(try await studio.paint() == (try ImageDecoder.decode(file).image))
        }
        await studio.peer.stop()
    }

    @Test("says in the server's words what is wrong, also where the answer calls itself a success")
    func errorInSuccess() async throws {
        let studio = try PaintingStudio()
        studio.peer.stage(.body(Array(#"{"error": {"message": "quota exceeded"}}"#.utf8), type: "application/json"))
        #expect(
            await studio.complaint() == """
                'local' answered with an error: quota exceeded
                  Check the node's inputs, and look into the server's log.
                """)
        await studio.peer.stop()
    }

    @Test("says how an answer differs from what was asked for")
    func differences() async throws {
        let small = MadePicture.png(width: 32, height: 32), right = MadePicture.png(width: 64, height: 48)
        var order = PictureOrder(prompt: "")
        order.size = (64, 48)
        order.count = 2
        #expect(PictureDifferences.words(order, [right, right]) == [])
        #expect(
            PictureDifferences.words(order, [right, small]) == ["ignored the size: 64x48 was asked for, 32x32 came"])
        #expect(PictureDifferences.words(order, [right]) == ["made 1 picture of the 2 that were asked for"])
        order.size = nil
        #expect(PictureDifferences.words(order, [small, small]) == [])
        let studio = try PaintingStudio()
        studio.peer.stage(.body(Self.answer([small]), type: "application/json"))
        let run = try PaintingRun(studio)
        #expect(await run.start().value.outcome == .succeeded)
        let logs = run.events.compactMap { event -> String? in
            if case .nodeLog("1", .warning, let text) = event { text } else { nil }
        }
        #expect(logs == ["'local' ignored the size: 64x48 was asked for, 32x32 came"])
        await studio.peer.stop()
    }

    @Test("never contacts another server, whatever an answer names")
    func elsewhere() async throws {
        let (studio, other) = (try PaintingStudio(), try ScriptedServer())
        for address in [
            "\(other.url)/v1/models", "http://localhost:\(studio.peer.port)/v1/models", "file:///etc/passwd",
        ] {
            studio.peer.stage(.body(Array(#"{"data": [{"url": "\#(address)"}]}"#.utf8), type: "application/json"))
            #expect(
                await studio.complaint() == """
                    'local' answered with an address of another server, which is not fetched: '\(address)'
                      Use a server that answers with the picture itself (b64_json).
                    """)
        }
        #expect(other.requests.isEmpty)
        await other.stop()
        await studio.peer.stop()
    }

    @Test("fetches pictures that the server itself keeps, and follows no redirect from there")
    func fetched() async throws {
        let other = try ScriptedServer()
        let gallery = try Gallery(elsewhere: other.url + "/v1/models")
        let studio = PaintingStudio(peer: other, providers: try PaintingStudio.providers(gallery.url, .openai))
        for address in ["/files/a.png", gallery.url + "/files/a.png?token=1"] {
            gallery.answer = address
            #expect(try await studio.paint() == (try ImageDecoder.decode(MadePicture.png(width: 8, height: 6)).image))
        }
        gallery.answer = "/files/moved.png"
        #expect(
            await studio.complaint() == """
                'local' answered 302: it has moved
                  Look into the server's log.
                """)
        #expect(other.requests.isEmpty)
        await gallery.stop()
        await other.stop()
    }

    @Test("says that no server is configured")
    func noServer() async throws {
        let node = TextToImage(.none)
        await #expect(
            throws: Diagnostic(
                .badInput, node: nil, input: "provider", "no model server is configured",
                suggestion: """
                    Start one (docs/MODEL-SERVERS.md) and name it in graphrun.yaml:
                      providers:
                        local: {kind: xinference, url: "http://127.0.0.1:9997"}
                    """)
        ) { try await NodeCall.image(node, PaintingStudio.inputs([:])) }
    }
}
