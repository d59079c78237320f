import Foundation
import Testing

@testable import Media

@Suite("A file that is no whole sound")
struct BadSoundTests {
    let place: SoundPlace

    init() throws { place = try SoundPlace() }

    private func convert(_ fileExtension: String) -> String {
        "Convert it with ffmpeg -i sound.\(fileExtension) sound.wav (Debian package ffmpeg)."
    }

    @Test("is refused when it is empty, text, a picture or anything else, whatever its name says")
    func otherThings() throws {
        #expect(
            try place.complaint(about: [])
                == CodecError("the file is empty", suggestion: "Copy the file again from its source."))
        #expect(
            try place.complaint(about: Array("<!DOCTYPE html><html>".utf8), "a.mp3")
                == CodecError(
                    "the file is not a sound: it starts like text",
                    suggestion:
                        "Open it in a text editor: a failed download often leaves a web page or an error message."
                ))
        #expect(
            try place.complaint(about: PNGBytes.signature + PNGBytes.header(width: 3, height: 4))
                == CodecError("the file is a picture (PNG), not a sound", suggestion: "Open it with LoadImage."))
        #expect(
            try place.complaint(about: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "a.vox")
                == CodecError(
                    "the file is not a sound of a known format",
                    suggestion: "Choose a WAV, FLAC, Ogg, Opus, MP3, AIFF, AU or CAF file."))
    }

    @Test("is read to its end when it claims to have no samples, or more than there are")
    func placeholders() throws {
        let samples = WAVBytes.samples([16_384, -16_384, 0])
        for size in [0, 2_000_000_000, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            let data = WAVBytes.chunk("data", samples, size: size)
            let decoded = try place.decode(WAVBytes.file(WAVBytes.format(), data, riffSize: size))
            #expect(decoded.audio.samples == [0.5, -0.5, 0], "\(size)")
            if size == 0 { #expect(decoded.notes == ["it does not say how long it is; all that is there was read"]) }
        }
        // One that has none.
        let list = WAVBytes.chunk("LIST", Array("INFO".utf8))
        for file in [
            WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", [])),
            WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", []), list),
        ] {
            let decoded = try place.decode(file)
            #expect(decoded.audio.frameCount == 0 && decoded.notes == [])
        }
    }

    @Test("of a streaming writer is read to its end, not to what its header says")
    func streamed() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/sound-headers/2e9.wav")
        let decoded = try place.decode([UInt8](Data(contentsOf: file)))
        #expect(decoded.audio.frameCount == 12_000 && decoded.audio.sampleRate == 24_000)
    }

    @Test("is joined when it is several WAVs one after another")
    func several() throws {
        let one = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.samples([16_384, -16_384])))
        let decoded = try place.decode(one + one)
        #expect(decoded.audio.samples == [0.5, -0.5, 0.5, -0.5])
        #expect(decoded.notes == ["it holds several WAVs one after another, which were joined"])
        let cut = try place.decode(one + one.dropLast(2))
        #expect(cut.audio.samples == [0.5, -0.5, 0.5])
        #expect(cut.notes == decoded.notes + ["the file is cut off or damaged; the first 0.0 s were read"])
    }

    @Test("is told by name when another program can convert it")
    func otherFormats() throws {
        let mp4 = [0, 0, 0, 24] + Array("ftyp".utf8)
        let known: [(bytes: [UInt8], name: String, fileExtension: String)] = [
            (mp4 + "M4A ".utf8, "AAC in MP4 (m4a)", "m4a"), (mp4 + "isom".utf8, "an MP4 or QuickTime film", "mp4"),
            ([0xFF, 0xF1, 0x50, 0x80], "AAC", "aac"), ([0xFF, 0xF9, 0x50, 0x80], "AAC", "aac"),
            ([0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM film", "mkv"),
            (Array("RIFF\u{1}\0\0\0AVI LIST".utf8), "an AVI film", "avi"),
            ([0x30, 0x26, 0xB2, 0x75], "Windows Media", "wma"), (Array("MThd\0\0\0\u{6}".utf8), "MIDI", "mid"),
        ]
        for (bytes, name, fileExtension) in known {
            #expect(
                try place.complaint(about: bytes)
                    == CodecError(
                        "the file is \(name), which cannot be read", suggestion: convert(fileExtension)))
        }
    }

    @Test("is read as far as it goes when it is cut off, and says so", arguments: [SoundEncoding.flac(.bits16), .wav])
    func cutOff(encoding: SoundEncoding) throws {
        let audio = Audio.integers(frameCount: 48_000, sampleRate: 16_000)
        let bytes = try place.encoded(audio, encoding)
        let decoded = try place.decode(Array(bytes.prefix(bytes.count / 2)))
        #expect((10_000..<30_000).contains(decoded.audio.frameCount))
        #expect(decoded.audio.samples == Array(audio.samples.prefix(decoded.audio.frameCount)))
        let tenths = Int((decoded.audio.duration * 10).rounded())
        #expect(
            decoded.notes == [
                "the file is cut off or damaged; the first \(tenths / 10).\(tenths % 10) s were read"
            ])
    }

    @Test(
        "crashes nothing, wherever it is cut",
        arguments: [SoundEncoding.flac(.bits24), .wav, .mp3(.variable), .opus(kilobits: 64)])
    func cutAnywhere(encoding: SoundEncoding) throws {
        let bytes = try place.encoded(.tone(440, seconds: 0.05, sampleRate: 16_000), encoding)
        for count in Set(Array(0..<80) + stride(from: 80, to: bytes.count, by: 37)) {
            do {
                let decoded = try place.decode(Array(bytes.prefix(count)))
                #expect(decoded.audio.frameCount <= 3 * 800)
            } catch let error as CodecError {
                #expect(!error.message.isEmpty && error.suggestion != nil)
            }
        }
    }

    @Test("that claims more than it has takes no more than it has")
    func claims() throws {
        var flac = try place.encoded(.integers(frameCount: 1000), .flac(.bits16))
        // The number of samples: 36 bits from the lower half of byte 21 on.
        for i in 22..<26 { flac[i] = 0xFF }
        flac[21] |= 0x0F
        #expect(try place.decode(flac).audio.frameCount == 1000)
        let wav = WAVBytes.file(
            WAVBytes.format(), WAVBytes.chunk("data", [1, 0, 2, 0], size: 0x7FFF_0000), riffSize: 0x7FFF_0024)
        let decoded = try place.decode(wav)
        #expect(decoded.audio.frameCount == 2)
        #expect(decoded.notes == ["the file is cut off or damaged; the first 0.0 s were read"])
    }

    @Test("leaves its descriptor to who opened it when libsndfile refuses it")
    func descriptor() throws {
        let bytes = Array("RIFF\u{4}\0\0\0WAVE".utf8)
        try Data(bytes).write(to: URL(fileURLWithPath: place.path("cut.wav")))
        let file = try ByteFile(reading: place.path("cut.wav"))
        #expect(throws: CodecError.self) { try SoundFile(reading: file) }
        #expect(try file.read(100, at: 0) == bytes)
    }

    @Test("that claims thousands of channels is refused")
    func channels() throws {
        for channels in [0, 65, 1024, 65_535] {
            let file = WAVBytes.file(
                WAVBytes.format(channels: channels), WAVBytes.chunk("data", [UInt8](repeating: 0, count: 300_000)))
            let complaint = try place.complaint(about: file)
            #expect(complaint != nil, "\(channels) channels")
        }
    }

    @Test("is refused when it is a folder, a pipe, or not there")
    func noFile() throws {
        #expect(
            throws: CodecError("this is not a file that holds bytes", suggestion: "Choose a sound file.")
        ) { try SoundDecoder.decode(path: place.folder, scratchFolder: nil) }
        #expect(
            throws: CodecError(
                "the file cannot be opened (No such file or directory)", suggestion: "Check that it may be read.")
        ) { try SoundDecoder.decode(path: place.path("none.wav"), scratchFolder: nil) }
    }

    @Test("is silent where its floats are no numbers")
    func noNumbers() throws {
        let floats: [Float] = [0.5, .nan, .infinity, -0.25]
        let file = WAVBytes.file(
            WAVBytes.format(coding: 3, bits: 32),
            WAVBytes.chunk("data", floats.flatMap { WAVBytes.little(Int($0.bitPattern), 4) }))
        #expect(try place.decode(file).audio.samples == [0.5, 0, 0, -0.25])
    }
}
