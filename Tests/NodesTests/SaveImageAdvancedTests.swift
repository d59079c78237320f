import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("SaveImageAdvanced")
struct SaveImageAdvancedTests {
    private func save(_ settings: String) async throws -> (name: String, bytes: [UInt8]) {
        let place = try Workplace()
        let text = """
            {"prompt": {"1": {"class_type": "EmptyImage", "inputs": {"width": 4, "height": 2, "batch_size": 1, "color": 255}},
             "2": {"class_type": "SaveImageAdvanced", "inputs": {"images": ["1", 0], "filename_prefix": "a", \(settings)}}},
             "extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}}}
            """
        let (_, shown) = try await place.run(text)
        let file = try #require((shown["2"]?["images"]?.array?.first).flatMap { SavedFile($0) })
        return (file.filename, try place.read(file))
    }

    @Test(
        "writes the format, with the workflow in it",
        arguments: [
            (#""format": "jpeg", "quality": 80"#, "a_00001_.jpg"),
            (#""format": "webp", "lossless": true"#, "a_00001_.webp"),
            (#""format": "tiff", "format.bit_depth": "16-bit""#, "a_00001_.tif"),
        ])
    func formats(settings: String, name: String) async throws {
        let saved = try await save(settings)
        #expect(saved.name == name)
        let notes = EXIFText.read(from: saved.bytes)
        #expect(notes.map(\.keyword) == ["prompt", "workflow"] && notes.last?.text == #"{"nodes": []}"#)
        let picture = try ImageDecoder.decode(saved.bytes)
        #expect(picture.image.width == 4 && picture.image.height == 2 && picture.profile == nil)
    }

    @Test("takes ComfyUI's own inputs, and writes a PNG as SaveImage does")
    func png() async throws {
        let saved = try await save(
            #""format": "png", "format.bit_depth": "8-bit", "format.input_color_space": "sRGB""#)
        #expect(saved.name == "a_00001_.png")
        #expect(try PNGCodec.textChunks(of: saved.bytes).map(\.keyword) == ["prompt", "workflow"])
    }

    @Test("leaves the workflow out and puts the profile in when told so")
    func told() async throws {
        let saved = try await save(#""format": "jpeg", "save_metadata": false, "color_profile": "sRGB""#)
        #expect(EXIFText.read(from: saved.bytes).isEmpty)
        #expect(try ImageDecoder.decode(saved.bytes).profile == ColorProfile.sRGB)
    }
}
