import Files
import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("LoadImage")
struct LoadImageTests {
    private func load(_ bytes: [UInt8], _ name: String) async throws -> (Image, Mask) {
        let place = try Workplace()
        try place.write(bytes, name)
        let schema = LoadImage().schema
        let bound = try await LoadImage().run(
            Inputs(schema, ["image": .literal(.string(name))]), NodeContext(environment: place.folders))
        guard case .value(_, let image)? = bound.first, case .value(_, let mask)? = bound.last else {
            throw Diagnostic(.nodeFailed, node: nil, "no outputs")
        }
        return (try #require(Image(image)), try #require(Mask(mask)))
    }

    @Test("gives 0...1 in thirds of 255, and 64 x 64 zeros as mask of an opaque picture")
    func opaque() async throws {
        let picture = Image(batch: 1, height: 1, width: 2, channels: 3, bytes: [0, 51, 255, 102, 153, 204])
        let (image, mask) = try await load(try PNGCodec.encode(picture, at: 0), "a.png")
        let bytes: [Float] = [0, 51, 255, 102, 153, 204]
        #expect(image.floats() == bytes.map { $0 / 255 })
        #expect("\(mask.batch) \(mask.height) \(mask.width)" == "1 64 64")
        #expect(mask.floats().allSatisfy { $0 == 0 })
    }

    @Test("gives 1 - alpha as mask")
    func alpha() async throws {
        let picture = Image(batch: 1, height: 1, width: 3, channels: 4, bytes: [9, 9, 9, 0, 9, 9, 9, 51, 9, 9, 9, 255])
        let (image, mask) = try await load(try PNGCodec.encode(picture, at: 0), "a.png")
        #expect(image.channels == 3)
        let clear: [Float] = [1, 1 - Float(51) / 255, 0]
        #expect(mask.floats() == clear)
    }

    @Test("gives the frames of an animated picture as a batch, with a mask for each")
    func frames() async throws {
        let (image, mask) = try await load(Self.twoFrames, "a.png")
        #expect(image.floats() == [Float](repeating: 0, count: 12) + Array(repeating: 1, count: 12))
        #expect("\(mask.batch) \(mask.height) \(mask.width)" == "2 64 64")
        #expect(mask.floats().allSatisfy { $0 == 0 })
    }

    /// An animated PNG of 2x2 pixels, black and then white. Made with Pillow.
    private static let twoFrames = [UInt8](
        Data(
            base64Encoded: """
                iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAACAAAA
                AgAAAAAAAAAAAAEACgAA6FTcAAAAAA5JREFUeJxjYGBgYGAAAAAGAAFygpnqAAAAGmZjVEwAAAABAAAAAgAAAAIAAAAAAAAA
                AAABAAoAAHMnNtQAAAASZmRBVAAAAAJ4nGP8z8DEwAAABQ0BA5GAmVkAAAAASUVORK5CYII=
                """, options: .ignoreUnknownCharacters) ?? Data())

    @Test("says what is wrong with a file, by name", arguments: [("notes.png", "hello, this is no picture")])
    func broken(name: String, text: String) async throws {
        let error = await #expect(throws: Diagnostic.self) { _ = try await load(Array(text.utf8), name) }
        #expect(error?.message == "'notes.png': the file is not a picture: it starts like text")
        #expect(error?.suggestion != nil)
    }

    @Test("warns in the log of what was not read as the file meant it")
    func warning() async throws {
        let place = try Workplace()
        let picture = try PNGCodec.encode(Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3]), at: 0)
        let jpeg = try JPEGCodec.encode(
            Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3]), at: 0, quality: 90)
        let profile = "ICC_PROFILE\0".utf8 + [1, 1, 0, 0]
        try place.write(picture, "a.png")
        try place.write(
            jpeg.prefix(2) + [0xFF, 0xE2, 0, UInt8(profile.count + 2)] + profile + jpeg.dropFirst(2), "b.jpg")
        let registry = NodeRegistry(BuiltInNodes.all())
        func load(_ id: Int, _ name: String) -> String {
            #""\#(id)": {"class_type": "LoadImage", "inputs": {"image": "\#(name)"}}, "#
                + #""1\#(id)": {"class_type": "PreviewAny", "inputs": {"source": ["\#(id)", 0]}}"#
        }
        let text = "{\(load(1, "a.png")), \(load(2, "b.jpg"))}"
        let workflow = try WorkflowReader.read(Array(text.utf8), registry: registry).workflow
        let plan = try #require(Validator.check(workflow, registry: registry, environment: place.folders).plan)
        let engine = Engine(registry: registry, environment: place.folders, options: Engine.Options(coreCount: 2))
        await engine.run(plan, of: workflow, id: "r")
        let warnings = engine.log.read(after: 0).events.compactMap {
            if case .nodeLog(_, .warning, let message) = $0.kind { message } else { nil }
        }
        #expect(warnings == ["'b.jpg': its colour profile is damaged, and was ignored"])
    }

    @Test("runs again when the file has changed, and only then")
    func changed() async throws {
        let place = try Workplace()
        let registry = NodeRegistry(BuiltInNodes.all())
        let text =
            #"{"1": {"class_type": "LoadImage", "inputs": {"image": "photo.jpg"}}, "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}"#
        let workflow = try WorkflowReader.read(Array(text.utf8), registry: registry).workflow
        let plan = try #require(Validator.check(workflow, registry: registry, environment: place.folders).plan)
        let engine = Engine(registry: registry, environment: place.folders, options: Engine.Options(coreCount: 2))
        func ran() async -> [NodeID] {
            let start = engine.log.end
            await engine.run(plan, of: workflow, id: "r")
            return engine.log.read(after: start).events.compactMap {
                if case .nodeFinished(let node) = $0.kind { node } else { nil }
            }
        }
        #expect(await ran() == ["1", "2"])
        #expect(await ran() == [])
        try place.write(
            try PNGCodec.encode(Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3]), at: 0), "photo.jpg"
        )
        #expect(await ran() == ["1", "2"])
    }
}

@Suite("SaveImage")
struct SaveImageTests {
    @Test("writes the workflow into the file, as ComfyUI reads it back")
    func metadata() async throws {
        let place = try Workplace()
        let text = """
            {"prompt": {"1": {"class_type": "EmptyImage", "inputs": {"width": 2, "height": 2, "batch_size": 1, "color": 255}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "Grüße"}}},
             "extra_data": {"extra_pnginfo": {"workflow": {"nodes": [], "note": "für später"}}}}
            """
        let (_, shown) = try await place.run(text)
        let file = try #require((shown["2"]?["images"]?.array?.first).flatMap { SavedFile($0) })
        #expect(file.filename == "Grüße_00001_.png")
        let chunks = try PNGCodec.textChunks(of: try place.read(file))
        #expect(chunks.map(\.keyword) == ["prompt", "workflow"])
        #expect(chunks.last?.text == #"{"nodes": [], "note": "f\u00fcr sp\u00e4ter"}"#)
        let prompt = try JSONParser.parse(try #require(chunks.first?.text))
        #expect(prompt["2"]?["inputs"]?["filename_prefix"] == "Grüße")
    }

    @Test("truncates as ComfyUI does: clip(255 * x, 0, 255)")
    func truncation() async throws {
        let place = try Workplace()
        let floats: [Float] = [0.25, 0.5, 0.999, -1, 2, 0.1, 0.2, 0.3, Float(63.75) / 255]
        let image = Image(batch: 1, height: 1, width: 3, channels: 3, floats: floats)
        let bound = try await SaveImage().run(
            Inputs(SaveImage().schema, ["images": image.value, "filename_prefix": .literal(.string("t"))]),
            NodeContext(environment: place.folders))
        guard case .shown(_, let images)? = bound.first, let file = images.first.flatMap({ SavedFile($0) }) else {
            Issue.record("nothing saved")
            return
        }
        let bytes = try ImageDecoder.decode(try place.read(file)).image.eightBit()
        #expect(bytes == [63, 127, 254, 0, 255, 25, 51, 76, 63])
    }
}

@Suite("PreviewAny")
struct PreviewAnyTests {
    @Test(
        "shows constants as Python does",
        arguments: [
            (Literal.int(5), "5"), (.double(5), "5.0"), (.bool(true), "True"), (.string("a b"), "a b"), (.null, "None"),
            (.int(18_446_744_073_709_551_615), "18446744073709551615"), (.json(["a": [1, 2.5]]), #"{"a": [1, 2.5]}"#),
        ])
    func constants(literal: Literal, text: String) async throws {
        let bound = try await PreviewAny().run(
            Inputs(PreviewAny().schema, ["source": .literal(literal)]), NodeContext())
        guard case .shown("text", let shown)? = bound.first else {
            Issue.record("nothing shown")
            return
        }
        #expect(shown == [.string(text)])
    }
}
