import Testing

@testable import Media

/// Files as FFmpeg writes them for ComfyUI, without their sound.
@Suite("The texts of a sound")
struct SoundTagsTests {
    private static let prompt = #"{"1": {"class_type": "LoadAudio"}}"#

    // MARK: Vorbis comments

    private static func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }

    private static func comments(_ texts: [String]) -> [UInt8] {
        let vendor = Array("Lavf".utf8)
        return number(vendor.count) + vendor + number(texts.count)
            + texts.flatMap { number($0.utf8.count) + Array($0.utf8) }
    }

    private static func flac(_ texts: [String]) -> [UInt8] {
        func block(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
            [type, UInt8(body.count >> 16), UInt8(body.count >> 8 & 0xFF), UInt8(body.count & 0xFF)] + body
        }
        return Array("fLaC".utf8) + block(0, Array(repeating: 0, count: 34)) + block(0x84, comments(texts))
    }

    /// Packets cut into segments of 255 bytes, 200 a page at most.
    private static func ogg(_ packets: [[UInt8]]) -> [UInt8] {
        var segments: [[UInt8]] = []
        for packet in packets {
            for start in stride(from: 0, through: packet.count, by: 255) {
                segments.append(Array(packet[start..<min(start + 255, packet.count)]))
            }
        }
        var file: [UInt8] = []
        for start in stride(from: 0, to: segments.count, by: 200) {
            let page = segments[start..<min(start + 200, segments.count)]
            file += Array("OggS".utf8) + Array(repeating: 0, count: 22) + [UInt8(page.count)]
            file += page.map { UInt8($0.count) } + page.joined()
        }
        return file
    }

    @Test("of a FLAC are its Vorbis comments")
    func flac() throws {
        let texts = try #require(
            EmbeddedTexts.read(from: Self.flac(["title=\u{E4}", "prompt=\(Self.prompt)", "no sign"])))
        #expect(
            texts == [TextChunk(keyword: "title", text: "\u{E4}"), TextChunk(keyword: "prompt", text: Self.prompt)])
    }

    @Test("of an Ogg are the comments of its second packet, over as many pages as it has", arguments: [10, 100_000])
    func ogg(count: Int) throws {
        let long = "workflow=" + String(repeating: "x", count: count)
        for mark in [Array("OpusTags".utf8), [3] + Array("vorbis".utf8)] {
            let file = Self.ogg([Array("OpusHead".utf8), mark + Self.comments([long]), [1, 2, 3]])
            let texts = try #require(EmbeddedTexts.read(from: file))
            #expect(texts.map(\.keyword) == ["workflow"])
            #expect(texts.first?.text.utf8.count == count)
        }
    }

    // MARK: ID3

    private static func id3(_ frames: [(type: String, body: [UInt8])], version: UInt8 = 4) -> [UInt8] {
        func size(_ count: Int, bits: Int) -> [UInt8] {
            (0..<4).reversed().map { UInt8(count >> (bits * $0) & (bits == 7 ? 0x7F : 0xFF)) }
        }
        let body = frames.flatMap { frame in
            Array(frame.type.utf8) + size(frame.body.count, bits: version == 4 ? 7 : 8) + [0, 0] + frame.body
        }
        return Array("ID3".utf8) + [version, 0, 0] + size(body.count + 10, bits: 7) + body
            + Array(repeating: 0, count: 10)
    }

    @Test("of an MP3 are its own ID3 texts, in whatever encoding", arguments: [3, 4])
    func mp3(version: UInt8) throws {
        func wide(_ text: String) -> [UInt8] { text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }
        let file = Self.id3(
            [
                ("TIT2", Array("\u{3}a title".utf8)), ("TXXX", Array("\u{3}prompt\0\(Self.prompt)\0".utf8)),
                ("TXXX", [1, 0xFF, 0xFE] + wide("workflow\0") + [0xFF, 0xFE] + wide("{\u{E4}}")),
                ("TXXX", [0] + Array("latin\0".utf8) + [0xE4]),
            ], version: version)
        #expect(
            EmbeddedTexts.read(from: file) == [
                TextChunk(keyword: "prompt", text: Self.prompt), TextChunk(keyword: "workflow", text: "{\u{E4}}"),
                TextChunk(keyword: "latin", text: "\u{E4}"),
            ])
    }

    @Test("are none when it is cut off anywhere, and nothing else goes wrong")
    func cutOff() {
        let files = [
            Self.flac(["prompt=\(Self.prompt)"]),
            Self.ogg([Array("OpusHead".utf8), Array("OpusTags".utf8) + Self.comments(["prompt=\(Self.prompt)"])]),
            Self.id3([("TXXX", Array("\u{3}prompt\0\(Self.prompt)".utf8))]),
        ]
        for file in files {
            for count in 0..<file.count - 11 {
                let texts = EmbeddedTexts.read(from: Array(file.prefix(count))) ?? []
                #expect(texts.allSatisfy { $0.keyword == "prompt" })
            }
        }
        #expect(EmbeddedTexts.read(from: Array("RIFF....WAVEfmt ".utf8)) == nil)
        #expect(EmbeddedTexts.read(from: []) == nil)
    }
}
