import Files
import Foundation
import GraphCore
import Inference
import Media
import Remote
import TestModelServer
import Testing

@testable import Nodes

/// A folder of its own with the sample photos and the sample voice in `input/` and the model in the box, gone with the test.
final class Workplace: Sendable {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let base: URL
    let folders: Folders
    private let providers: Providers

    init(providers: Providers = .none) throws {
        self.providers = providers
        base = FileManager.default.temporaryDirectory.appendingPathComponent("graphrun-\(UUID().uuidString)")
        let input = base.appendingPathComponent("input")
        try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
        for name in ["photo.jpg", "old-photo.jpg", "old-scene.jpg", "voice.flac"] {
            try FileManager.default.copyItem(
                at: Self.root.appendingPathComponent("input/\(name)"), to: input.appendingPathComponent(name))
        }
        let models = base.appendingPathComponent("models/ddcolor")
        try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Self.root.appendingPathComponent("models/ddcolor/scene_demo.safetensors"),
            to: models.appendingPathComponent("scene_demo.safetensors"))
        folders = Folders(base: base.path)
    }

    deinit { try? FileManager.default.removeItem(at: base) }

    /// All nodes, with what is made from checkpoints kept here.
    var registry: NodeRegistry {
        var options = ModelHost.Options()
        options.cacheFolder = base.path + "/cache"
        return NodeRegistry(BuiltInNodes.all(models: ModelHost(options), providers: providers))
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: base.appendingPathComponent("input/" + name))
    }

    func read(_ file: SavedFile) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: folders.path(of: file))))
    }

    /// Runs a workflow given as JSON text and returns what it shows, by node.
    func run(_ text: String, cores: Int = 2) async throws -> (result: RunResult, shown: [String: JSONObject]) {
        let registry = registry
        let workflow = try WorkflowReader(registry: registry).read(Array(text.utf8)).workflow
        let checked = Validator.check(workflow, registry: registry, environment: folders)
        try #require(checked.errors.isEmpty, "\(checked.errors.map(\.text))")
        let engine = Engine(registry: registry, environment: folders, options: Engine.Options(coreCount: cores))
        let result = await engine.run(try #require(checked.plan), of: workflow, id: "test")
        return (result, Dictionary(result.shown.map { ($0.node.text, $0.values) }, uniquingKeysWith: { $1 }))
    }
}

@Suite("The examples in workflows/")
struct WorkflowExamplesTests {
    /// What the nodes show, in the order of their names.
    private func run(_ name: String) async throws -> (Workplace, [JSONObject]) {
        let studio = try PaintingStudio()
        let place = try Workplace(providers: studio.providers)
        let text = try String(contentsOf: Workplace.root.appendingPathComponent("workflows/\(name)"), encoding: .utf8)
        let (result, shown) = try await place.run(text)
        await studio.peer.stop()
        #expect(result.outcome == .succeeded)
        return (place, shown.sorted { $0.key < $1.key }.map(\.value))
    }

    private func saved(_ name: String) async throws -> [(file: SavedFile, image: Image)] {
        let (place, shown) = try await run(name)
        return try shown.flatMap { shown in
            try (shown["images"]?.array ?? []).map { json in
                let file = try #require(SavedFile(json))
                return (file, try ImageDecoder.decode(try place.read(file)).image)
            }
        }
    }

    private func heard(_ name: String) async throws -> [(file: SavedFile, audio: Audio)] {
        let (place, shown) = try await run(name)
        return try shown.flatMap { shown in
            try (shown["audio"]?.array ?? []).map { json in
                let file = try #require(SavedFile(json))
                return (file, try SoundDecoder.decode(path: place.folders.path(of: file), scratchFolder: nil).audio)
            }
        }
    }

    @Test("run all", arguments: try FileManager.default.contentsOfDirectory(atPath: Workplace.root.path + "/workflows"))
    func all(name: String) async throws {
        let (place, shown) = try await run(name)
        let files = shown.flatMap { ($0["images"]?.array ?? []) + ($0["audio"]?.array ?? []) }
        #expect(!files.isEmpty)
        for json in files { #expect(try !place.read(try #require(SavedFile(json))).isEmpty) }
    }

    @Test("text-to-image saves what a model server paints")
    func textToImage() async throws {
        let pictures = try await saved("text-to-image.json")
        #expect(pictures.map(\.file.filename) == ["text-to-image_00001_.png"])
        #expect(pictures.first?.image == (try ImageDecoder.decode(MadePicture.png(width: 768, height: 512)).image))
    }

    @Test("speak says an English and a Chinese text")
    func speak() async throws {
        let sounds = try await heard("speak.json")
        #expect(sounds.map(\.file.filename) == ["chinese_00001_.flac", "english_00001_.flac"])
        for (_, audio) in sounds {
            #expect(audio.sampleRate == 22_050 && audio.channelCount == 1)
            #expect((4...15).contains(audio.duration))
            #expect((0.03...0.5).contains(try Spoken.level(audio)))
        }
    }

    @Test("speak-cosyvoice3 and speak-indextts2 save what a model server says", arguments: ["cosyvoice3", "indextts2"])
    func speakThroughServer(model: String) async throws {
        let sounds = try await heard("speak-\(model).json")
        #expect(sounds.map(\.file.filename) == ["\(model)_00001_.flac"])
        #expect(sounds.allSatisfy { $0.audio.sampleRate == MadeSound.sampleRate && $0.audio.duration > 1 })
    }

    @Test("old-photo and old-photo-editor make the same picture")
    func oldPhoto() async throws {
        let api = try await saved("old-photo.json")
        let editor = try await saved("old-photo-editor.json")
        #expect(api.map(\.image) == editor.map(\.image))
        #expect(api.map(\.file.filename) == ["old-photo_00001_.png"])
    }

    @Test("photo and photo-hybrid make the same picture: the photo, smaller, as a negative")
    func photo() async throws {
        let api = try await saved("photo.json")
        let hybrid = try await saved("photo-hybrid.json")
        #expect(api.map(\.file.filename) == ["photo_00001_.png"])
        #expect(hybrid.map(\.file.filename) == ["photo-hybrid_00001_.png"])
        #expect(api.first?.image == hybrid.first?.image)
        #expect(api.first?.image.width == 512)
        #expect(api.first?.image.height == 384)
    }

    @Test("batch saves one file a picture, in a subfolder")
    func batch() async throws {
        let files = try await saved("batch.json").map(\.file)
        #expect(files.map(\.filename) == ["sepia_00001_.png", "sepia_00002_.png", "sepia_00003_.png"])
        #expect(files.map(\.subfolder) == ["batch", "batch", "batch"])
    }

    @Test("parallel makes four pictures of their sizes")
    func parallel() async throws {
        let sizes = try await saved("parallel.json").map { "\($0.image.width)x\($0.image.height) \($0.file.folder)" }
        #expect(sizes == ["1024x768 temp", "400x300 output", "400x400 output", "64x48 output"])
    }
}
