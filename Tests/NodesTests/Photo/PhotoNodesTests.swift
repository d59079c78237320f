import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("A node for photos")
struct PhotoNodesTests {
    private static let nodes: [any Node] = [
        ImageGrayscale(), ImageAutoContrast(), ImageDenoise(), ImageDescratch(), ImageDeskew(), ImageVignetteFix(),
    ]

    private static func values(_ node: any Node, _ image: Image, _ changes: [String: Value] = [:]) -> [String: Value] {
        var values: [String: Value] = ["image": image.value]
        for spec in node.schema.inputs {
            if let json = spec.defaultValue { values[spec.name] = .literal(Literal(json)) }
        }
        return values.merging(changes) { $1 }
    }

    private static func run(
        _ node: any Node, _ image: Image, _ changes: [String: Value] = [:]
    ) async throws -> [BoundOutput] {
        try await node.run(Inputs(node.schema, values(node, image, changes)), NodeContext())
    }

    private static func picture(_ outputs: [BoundOutput]) throws -> Image {
        guard case .value(_, let value)? = outputs.first else { throw CodecError("no output") }
        return try #require(Image(value))
    }

    /// Stripes, so that there is something to see.
    private static func stripes(width: Int, height: Int, channels: Int, batch: Int = 1) -> Image {
        let bytes = (0..<batch * height * width * channels).map {
            UInt8(60 + ($0 / channels % width / 20 % 2) * 90 + ($0 &* 2_654_435_761 >> 13 & 7))
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
    }

    @Test("takes pictures of 1, 3 and 4 channels, and batches of them", arguments: nodes.indices, [1, 3, 4])
    func channels(node: Int, channels: Int) async throws {
        let image = Self.stripes(width: 90, height: 60, channels: channels, batch: 2)
        let result = try Self.picture(try await Self.run(Self.nodes[node], image))
        #expect(result.batch == 2 && result.channels == channels)
    }

    @Test("stops when the run is cancelled", arguments: nodes.indices)
    func cancelled(node: Int) async throws {
        let (node, image) = (Self.nodes[node], Self.stripes(width: 1500, height: 1000, channels: 3))
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await node.run(Inputs(node.schema, Self.values(node, image)), NodeContext())
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("refuses two channels in one sentence", arguments: ["ImageDenoise", "ImageDeskew"])
    func twoChannels(type: String) async throws {
        let node = try #require(Self.nodes.first { $0.schema.type == type })
        let image = Image(batch: 1, height: 1, width: 1, channels: 2, bytes: [0, 0])
        let error = await #expect(throws: Diagnostic.self) { try await Self.run(node, image) }
        #expect(error?.message == "the picture has 2 channels, and a photo has 1, 3 or 4")
        #expect(error?.suggestion == "Convert it to grey, RGB or RGBA first.")
    }

    @Test("says why a window of even side will not do")
    func evenWindow() async throws {
        let image = Self.stripes(width: 20, height: 20, channels: 3)
        let error = await #expect(throws: Diagnostic.self) {
            try await Self.run(ImageDenoise(), image, ["search_window": .literal(.int(20))])
        }
        #expect(error?.message == "search_window is 20, and only a window with an odd side has a middle")
        #expect(error?.suggestion == "Use 19 or 21.")
    }

    @Test("returns a straight picture as it is, bit for bit, with angle 0")
    func straight() async throws {
        let image = Self.stripes(width: 300, height: 200, channels: 3)
        let outputs = try await Self.run(ImageDeskew(), image)
        #expect(try Self.picture(outputs) == image)
        guard case .value(_, let angle) = outputs[1] else {
            Issue.record("no angle")
            return
        }
        #expect(Double(angle) == 0)
    }

    @Test("turns the drawn photo upright, by the angle it was drawn with, and gives the same on one core as on many")
    func drawnPhoto() async throws {
        let name = "old-photo.jpg"
        let text = """
            {
              "load": {"class_type": "LoadImage", "inputs": {"image": "\(name)"}},
              "deskew": {"class_type": "ImageDeskew", "inputs": {"image": ["load", 0], "max_angle": 10.0, "border": "crop"}},
              "angle": {"class_type": "PreviewAny", "inputs": {"source": ["deskew", 1]}},
              "descratch": {"class_type": "ImageDescratch", "inputs": {"image": ["deskew", 0], "kind": "both", "sensitivity": 0.8, "max_width": 4, "min_length": 12.0, "dust": true, "dust_size": 7, "grow": 1}},
              "denoise": {"class_type": "ImageDenoise", "inputs": {"image": ["descratch", 0], "method": "non_local_means", "strength": 0.5, "noise": 0.0, "search_window": 11, "patch": 5, "median_size": 3, "blend": 0.85}},
              "flat": {"class_type": "ImageVignetteFix", "inputs": {"image": ["denoise", 0], "mode": "fit", "falloff": 0.3, "strength": 1.0, "max_gain": 2.0}},
              "contrast": {"class_type": "ImageAutoContrast", "inputs": {"image": ["flat", 0], "mode": "per_channel", "black_percent": 0.5, "white_percent": 0.5, "keep_cast": 0.4, "strength": 1.0}},
              "save": {"class_type": "SaveImage", "inputs": {"images": ["contrast", 0], "filename_prefix": "x"}}
            }
            """
        var pictures: [Image] = []
        for cores in [1, 4] {
            let place = try Workplace()
            let (result, shown) = try await place.run(text, cores: cores)
            #expect(result.outcome == .succeeded)
            let angle = try #require(shown["angle"]?["text"]?.array?.first?.string.flatMap(Double.init))
            #expect(abs(angle - 2.5) < 0.15)
            let file = try #require(shown["save"]?["images"]?.array?.first.flatMap { SavedFile($0) })
            pictures.append(try ImageDecoder.decode(try place.read(file)).image)
        }
        #expect(pictures[0] == pictures[1])
    }

    @Test("is in docs/WRITING-A-NODE.md as it is in the sources")
    func document() throws {
        let document = try String(
            contentsOf: Workplace.root.appendingPathComponent("docs/WRITING-A-NODE.md"), encoding: .utf8)
        let source = try String(
            contentsOf: Workplace.root.appendingPathComponent("Sources/Nodes/Photo/ImageGrayscale.swift"),
            encoding: .utf8)
        #expect(document.contains("```swift\n" + source + "```"))
    }
}
