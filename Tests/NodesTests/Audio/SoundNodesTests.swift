import Files
import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

/// Sounds of a test's input folder, and what nodes make of them.
private final class SoundWorkplace: Sendable {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// Not the sound itself matters here, only that it is the same.
    static func samples(frameCount: Int, channelCount: Int) -> [Float] {
        let integers: [Int16] = (0..<frameCount * channelCount).map { Int16(truncatingIfNeeded: $0 &* 7919) }
        return integers.map { Float($0) / 32_768 }
    }

    static func audio(frameCount: Int = 3000, sampleRate: Int = 22_050, channelCount: Int = 2) -> Audio {
        Audio(
            sampleRate: sampleRate, channelCount: channelCount,
            samples: samples(frameCount: frameCount, channelCount: channelCount))
    }

    func load(_ bytes: [UInt8], _ name: String) async throws -> Audio {
        try place.write(bytes, name)
        let bound = try await LoadAudio().run(
            Inputs(LoadAudio().schema, ["audio": .text(name)]), NodeContext(environment: place.folders))
        guard case .value(_, let value)? = bound.first else { throw Diagnostic(.nodeFailed, node: nil, "no outputs") }
        return try #require(Audio(value))
    }

    /// The files that a node shows.
    func save(_ node: some Node, _ audio: Audio, _ values: [String: Value] = [:]) async throws -> [SavedFile] {
        var values = values
        values["audio"] = audio.value
        let bound = try await node.run(Inputs(node.schema, values), NodeContext(environment: place.folders))
        guard case .shown("audio", let files)? = bound.first else { return [] }
        return files.compactMap { SavedFile($0) }
    }

    func decode(_ file: SavedFile) throws -> Audio {
        try SoundDecoder.decode(path: place.folders.path(of: file), scratchFolder: nil).audio
    }

    /// Everything in the output and temp folders, hidden files too.
    var names: [String] {
        ["output", "temp"].flatMap { folder in
            (FileManager.default.enumerator(atPath: place.base.path + "/" + folder)?.allObjects as? [String] ?? [])
        }.sorted()
    }
}

extension Audio {
    fileprivate var samples: [Float] { (try? frames(0..<frameCount)) ?? [] }
}

@Suite("LoadAudio")
struct LoadAudioTests {
    private let sounds: SoundWorkplace

    init() throws { sounds = try SoundWorkplace() }

    @Test("gives the samples, the rate and the channels of the file")
    func plain() async throws {
        let audio = SoundWorkplace.audio()
        let loaded = try await sounds.load(try WAVFile.bytes(of: audio), "a.wav")
        #expect(loaded.sampleRate == 22_050 && loaded.channelCount == 2 && loaded.items.count == 1)
        #expect(loaded.samples == audio.samples)
    }

    @Test("says what is wrong with a file, by name")
    func broken() async throws {
        let picture = try PNGCodec.encode(Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3]), at: 0)
        let error = await #expect(throws: Diagnostic.self) { _ = try await sounds.load(picture, "a.wav") }
        #expect(error?.message == "'a.wav': the file is a picture (PNG), not a sound")
        #expect(error?.suggestion == "Open it with LoadImage." && error?.code == .badFile && error?.input == "audio")
    }

    @Test("warns of a file that is cut off, and gives what there is of it")
    func cutOff() async throws {
        let bytes = try WAVFile.bytes(of: SoundWorkplace.audio())
        try sounds.place.write(Array(bytes.prefix(bytes.count - 4000)), "a.wav")
        let registry = NodeRegistry(BuiltInNodes.all())
        let text = #"""
            {"1": {"class_type": "LoadAudio", "inputs": {"audio": "a.wav", "audioUI": ""}},
             "2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "a", "audioUI": ""}}}
            """#
        let workflow = try WorkflowReader(registry: registry).read(Array(text.utf8)).workflow
        let checked = Validator.check(workflow, registry: registry, environment: sounds.place.folders)
        let engine = Engine(
            registry: registry, environment: sounds.place.folders, options: Engine.Options(coreCount: 2))
        let result = await engine.run(try #require(checked.plan), of: workflow, id: "r")
        #expect(result.outcome == .succeeded)
        let warnings = engine.log.read(after: 0).events.compactMap {
            if case .nodeLog(_, .warning, let message) = $0.kind { message } else { nil }
        }
        #expect(warnings == ["'a.wav': the file is cut off or damaged; the first 0.1 s were read"])
        #expect(sounds.names == ["a_00001_.flac"])
    }

    @Test("runs again when the file has changed, and only then")
    func changed() async throws {
        let environment = sounds.place.folders
        let inputs = Inputs(LoadAudio().schema, ["audio": .text("a.wav")])
        try sounds.place.write(try WAVFile.bytes(of: SoundWorkplace.audio()), "a.wav")
        let first = try await LoadAudio().changeToken(inputs, environment)
        #expect(try await LoadAudio().changeToken(inputs, environment) == first)
        try sounds.place.write(try WAVFile.bytes(of: SoundWorkplace.audio(frameCount: 9)), "a.wav")
        #expect(try await LoadAudio().changeToken(inputs, environment) != first)
    }

    @Test("offers the sounds of the input folder")
    func choices() throws {
        for name in ["b.mp3", "c.flac", "d.aiff", "e.txt"] { try sounds.place.write([1], name) }
        #expect(sounds.place.folders.choices(.files(.input, .audio)) == ["b.mp3", "c.flac", "d.aiff", "voice.flac"])
    }
}

@Suite("A node that saves sounds")
struct SaveAudioTests {
    private let sounds: SoundWorkplace

    init() throws { sounds = try SoundWorkplace() }

    @Test("writes FLAC that comes back bit for bit, one file for each of the batch, numbered")
    func flac() async throws {
        let one = SoundWorkplace.audio()
        let batch = Audio(
            sampleRate: 22_050, channelCount: 2,
            items: one.items + [SampleStore(one.samples.map { $0 / 3 })])
        let files = try await sounds.save(SaveAudio(), batch, ["filename_prefix": .text("voice/%batch_num%a")])
        #expect(files.map(\.filename) == ["0a_00001_.flac", "1a_00002_.flac"])
        #expect(files.allSatisfy { $0.subfolder == "voice" && $0.folder == .output })
        #expect(try sounds.decode(files[0]).samples == one.samples)
        // Thirds need more than 16 bits.
        let deep = try sounds.decode(files[1]).samples
        #expect(zip(deep, one.samples).allSatisfy { abs($0 - $1 / 3) <= 0.5 / 8_388_608 })
    }

    @Test("puts the workflow into the file, where ComfyUI and this program find it")
    func metadata() async throws {
        try sounds.place.write(try WAVFile.bytes(of: SoundWorkplace.audio()), "a.wav")
        let text = #"""
            {"prompt": {"1": {"class_type": "LoadAudio", "inputs": {"audio": "a.wav"}},
             "2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "Grüße"}},
             "3": {"class_type": "SaveAudioMP3", "inputs": {"audio": ["1", 0], "filename_prefix": "a", "quality": "V0"}},
             "4": {"class_type": "SaveAudioOpus", "inputs": {"audio": ["1", 0], "filename_prefix": "b", "quality": "64k"}},
             "5": {"class_type": "PreviewAudio", "inputs": {"audio": ["1", 0]}}},
             "extra_data": {"extra_pnginfo": {"workflow": {"nodes": [], "note": "für später"}}}}
            """#
        let (result, shown) = try await sounds.place.run(text)
        #expect(result.outcome == .succeeded)
        let files = try ["2", "3", "4", "5"].map { node in
            try #require((shown[node]?["audio"]?.array?.first).flatMap { SavedFile($0) })
        }
        #expect(files.prefix(3).map(\.filename) == ["Grüße_00001_.flac", "a_00001_.mp3", "b_00001_.opus"])
        #expect(files[3].filename.wholeMatch(of: /ComfyUI_temp_[a-z]{5}_00001_\.flac/) != nil)
        #expect(files[3].folder == .temp)
        for file in files {
            let texts = try #require(EmbeddedTexts.read(from: try sounds.place.read(file)))
            #expect(texts.map(\.keyword) == ["prompt", "workflow"])
            #expect(texts.last?.text == #"{"nodes": [], "note": "f\u00fcr sp\u00e4ter"}"#)
            let prompt = try JSONParser.parse(try #require(texts.first?.text))
            #expect(prompt["2"]?["inputs"]?["filename_prefix"] == "Grüße")
        }
        #expect(sounds.names.allSatisfy { !$0.contains(".sound") && !$0.hasSuffix(".part") })
    }

    @Test("converts a rate that the format does not have to the next higher one")
    func rates() async throws {
        let audio = SoundWorkplace.audio(frameCount: 22_050)
        let prefix: [String: Value] = ["filename_prefix": .text("a")]
        let opus = try await sounds.save(SaveAudioOpus(), audio, prefix.merging(["quality": .text("96k")]) { $1 })
        let back = try sounds.decode(opus[0])
        #expect(back.sampleRate == 24_000 && abs(back.duration - 1) < 0.07)
        let odd = Audio(sampleRate: 96_000, samples: audio.samples)
        let mp3 = try await sounds.save(SaveAudioMP3(), odd, prefix.merging(["quality": .text("320k")]) { $1 })
        #expect(try sounds.decode(mp3[0]).sampleRate == 48_000)
    }

    @Test("says what to do when the format has too few channels, and leaves nothing behind")
    func channels() async throws {
        let audio = SoundWorkplace.audio(channelCount: 6)
        let error = await #expect(throws: Diagnostic.self) {
            try await sounds.save(SaveAudioMP3(), audio, ["filename_prefix": .text("a"), "quality": .text("V0")])
        }
        #expect(error?.message == "MP3 takes at most 2 channels and the sound has 6")
        #expect(error?.suggestion == "Mix it to fewer channels first, or save it in another format.")
        #expect(sounds.names == [])
    }

    @Test("leaves nothing behind when it is cancelled")
    func cancelled() async throws {
        let sounds = sounds
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await sounds.save(SaveAudio(), SoundWorkplace.audio(), ["filename_prefix": .text("a")])
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(sounds.names == [])
    }
}
