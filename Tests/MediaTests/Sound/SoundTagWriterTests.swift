import Testing

@testable import Media

@Suite("The texts that are put into a sound")
struct SoundTagWriterTests {
    let place: SoundPlace

    init() throws { place = try SoundPlace() }

    private static let encodings: [SoundEncoding] = [
        .flac(.bits16), .mp3(.variable), .mp3(.constant(kilobits: 128)), .opus(kilobits: 96),
    ]
    private static let texts = [
        TextChunk(keyword: "prompt", text: #"{"1": {"class_type": "LoadAudio", "inputs": {"audio": "\u00e4 = ä 声"}}}"#),
        TextChunk(keyword: "workflow", text: "{}"),
    ]

    private func audio(_ encoding: SoundEncoding) -> Audio {
        .tone(600, seconds: 3, sampleRate: 24_000, channelCount: 2)
    }

    @Test("come back, and the sound is the same as without them", arguments: encodings)
    func roundTrip(encoding: SoundEncoding) throws {
        let plain = try place.encoded(audio(encoding), encoding)
        let tagged = try place.encoded(audio(encoding), encoding, texts: Self.texts)
        #expect(EmbeddedTexts.read(from: tagged) == Self.texts)
        #expect(tagged.count > plain.count)
        #expect(try place.decode(tagged).audio.samples == place.decode(plain).audio.samples)
    }

    /// 65,025 bytes fill a page of Ogg to its last segment; the keyword and the rest of the packet take some of them.
    @Test("may be long, and of any length", arguments: encodings)
    func lengths(encoding: SoundEncoding) throws {
        let plain = try place.encoded(audio(encoding), encoding)
        let source = try ByteFile(reading: try place.write(plain, "plain"))
        let samples = try place.decode(plain).audio.samples
        for count in [0, 1, 254, 255, 256, 64_900, 65_025, 130_050, 3_000_000] + Array(64_980..<65_040) {
            let text = TextChunk(keyword: "workflow", text: String(repeating: "x", count: count))
            let target = try ByteFile(writing: place.path("tagged"))
            #expect(try SoundTagWriter.copy(source, to: target, with: [text]) == [])
            let tagged = try place.bytes("tagged")
            #expect(EmbeddedTexts.read(from: tagged) == [text])
            if count % 20 == 0 { #expect(try place.decode(tagged).audio.samples == samples) }
            if case .opus = encoding { try checkPages(tagged) }
        }
    }

    /// RFC 3533: pages are numbered without gaps, their checksums are right, and one continues the other.
    private func checkPages(_ file: [UInt8], _ location: SourceLocation = #_sourceLocation) throws {
        var rest = file[...]
        var (number, isOpen) = (UInt32(0), false)
        while !rest.isEmpty {
            let page = try #require(OggPage(rest), sourceLocation: location)
            #expect(page.hasRightChecksum && page.number == number, sourceLocation: location)
            #expect((page.flags & OggPage.continued != 0) == isOpen, sourceLocation: location)
            #expect((page.flags & OggPage.first != 0) == (number == 0), sourceLocation: location)
            isOpen = page.segmentSizes.last == 255
            number += 1
            rest = rest.dropFirst(page.bytes.count)
        }
        #expect(!isOpen && number > 2, sourceLocation: location)
    }

    @Test("are left out, and named, when they have no room", arguments: encodings)
    func noRoom(encoding: SoundEncoding) throws {
        let long = TextChunk(keyword: "workflow", text: String(repeating: "x", count: SoundTagWriter.maxByteCount))
        let leftOut = try SoundEncoder.encode(
            audio(encoding), to: place.path("a"), as: encoding, texts: [long] + Self.texts.prefix(1),
            scratchFolder: place.folder)
        #expect(leftOut == ["workflow"])
        #expect(EmbeddedTexts.read(from: try place.bytes("a")) == Array(Self.texts.prefix(1)))
        #expect(place.names == ["a"])
    }

    @Test("are left out when their keyword cannot be one")
    func keywords() throws {
        let texts = ["", "a=b", "ä", "a\0", "~"].map { TextChunk(keyword: $0, text: "t") } + Self.texts
        for encoding in [SoundEncoding.flac(.bits16), .opus(kilobits: 64)] {
            let leftOut = try SoundEncoder.encode(
                audio(encoding), to: place.path("a"), as: encoding, texts: texts, scratchFolder: place.folder)
            #expect(leftOut == ["", "a=b", "ä", "a\0", "~"])
            #expect(EmbeddedTexts.read(from: try place.bytes("a")) == Self.texts)
        }
    }

    @Test("replace those that are there already", arguments: encodings)
    func again(encoding: SoundEncoding) throws {
        let tagged = try place.write(try place.encoded(audio(encoding), encoding, texts: Self.texts), "tagged")
        let other = [TextChunk(keyword: "PROMPT", text: "new"), Self.texts[1]]
        let (source, target) = (try ByteFile(reading: tagged), try ByteFile(writing: place.path("again")))
        #expect(try SoundTagWriter.copy(source, to: target, with: other) == [])
        #expect(EmbeddedTexts.read(from: try place.bytes("again")) == other)
        #expect(
            try place.decode(try place.bytes("again")).audio.samples
                == place.decode(try place.bytes("tagged")).audio.samples)
    }

    @Test(
        "are refused with the sound when that is damaged, wherever it is cut", arguments: [encodings[0], encodings[3]])
    func damaged(encoding: SoundEncoding) throws {
        let bytes = try place.encoded(.tone(600, seconds: 0.1, sampleRate: 8000), encoding)
        let headEnd = try #require(encoding == Self.encodings[0] ? 42 : bytes.firstIndex(of: UInt8(ascii: "T")))
        for count in 4..<headEnd {
            let source = try ByteFile(reading: try place.write(Array(bytes.prefix(count)), "cut"))
            let target = try ByteFile(writing: place.path("target"))
            #expect(
                throws: CodecError("the \(encoding.name) is damaged", suggestion: CodecError.copySound)
            ) { try SoundTagWriter.copy(source, to: target, with: Self.texts) }
        }
    }
}
