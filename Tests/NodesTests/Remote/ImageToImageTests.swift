import GraphCore
import Media
import Testing
import TestModelServer

@testable import Nodes
@testable import Remote

@Suite("ImageToImage")
struct ImageToImageTests {
    private let photo = Image.counting(height: 6, width: 8)

    @Test("sends the picture to variations, and with a mask to inpainting")
    func xinference() async throws {
        let studio = try PaintingStudio()
        _ = try await studio.change(photo, ["strength": .double(0.25), "seed": .int(7)])
        let sent = try #require(studio.peer.requests(to: "/v1/images/variations").first)
        #expect(try ImageDecoder.decode(try #require(sent.part("image")).bytes).image == photo)
        #expect(sent.field("size") == nil && sent.field("prompt") == "a cat")
        #expect(sent.kwargs?["strength"] == 0.25 && sent.kwargs?["seed"] == 7)
        let mask = Mask(batch: 1, height: 6, width: 8, floats: (0..<48).map { $0 < 8 ? 1 : 0 })
        let image = try await studio.change(photo, ["mask": mask.value, "width": .int(32), "height": .int(16)])
        #expect(image.width == 32 && image.height == 16)
        let masked = try #require(studio.peer.requests(to: "/v1/images/inpainting").first)
        let white = try ImageDecoder.decode(try #require(masked.part("mask_image")).bytes).image.eightBit()
        #expect((0..<6).map { white[$0 * 8 * 3] } == [255, 0, 0, 0, 0, 0])
        await studio.peer.stop()
    }

    @Test("sends the picture to OpenAI's edits")
    func openAI() async throws {
        let studio = try PaintingStudio(.openai)
        _ = try await studio.change(photo)
        let sent = try #require(studio.peer.requests(to: "/v1/images/edits").first)
        #expect(sent.parts.map(\.name) == ["model", "prompt", "n", "image"])
        await studio.peer.stop()
    }

    @Test("changes each picture of a batch, with seeds that follow one another")
    func batch() async throws {
        let studio = try PaintingStudio()
        let pair = Image.counting(batch: 2, height: 6, width: 8)
        let image = try await studio.change(pair, ["n": .int(2), "seed": .literal(.int(Int128(UInt64.max)))])
        #expect(image.batch == 4)
        let sent = studio.peer.requests(to: "/v1/images/variations")
        #expect(sent.compactMap { $0.kwargs?["seed"]?.number?.text } == ["18446744073709551615", "0"])
        let pictures = try sent.compactMap { try $0.part("image").map { try ImageDecoder.decode($0.bytes).image } }
        #expect(pictures.map { $0.eightBit()[0] } == [0, 144])
        await studio.peer.stop()
    }
}
