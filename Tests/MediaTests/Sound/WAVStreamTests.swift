import Testing

@testable import Media

@Suite("A WAV that comes bit by bit")
struct WAVStreamTests {
    private static let values: [Int16] = [0, 1, -1, 32_767, -32_768, 16_384]
    private static let floats: [Float] = [0, 1 / 32_768, -1 / 32_768, 32_767 / 32_768, -1, 0.5]

    /// The whole file at once, and byte by byte: it must make no difference.
    private func read(_ file: [UInt8], _ location: SourceLocation = #_sourceLocation) throws -> ([Float], WAVStream) {
        var whole = WAVStream()
        var floats = try whole.append(file)
        floats += whole.rest()
        try whole.finish()
        var cut = WAVStream()
        var pieces: [Float] = []
        for byte in file { pieces += try cut.append(CollectionOfOne(byte)) }
        pieces += cut.rest()
        try cut.finish()
        #expect(pieces == floats && cut.format == whole.format, sourceLocation: location)
        #expect(cut.missingByteCount == whole.missingByteCount, sourceLocation: location)
        return (floats, whole)
    }

    private func error(_ file: [UInt8]) -> CodecError? {
        #expect(throws: CodecError.self) {
            var stream = WAVStream()
            _ = try stream.append(file)
            try stream.finish()
        }
    }

    @Test("has the samples and the format that were written")
    func plain() throws {
        let (floats, stream) = try read(
            WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.samples(Self.values))))
        #expect(floats == Self.floats)
        #expect(stream.format == WAVStream.Format(sampleRate: 22_050, channelCount: 1))
        #expect(stream.missingByteCount == 0)
    }

    @Test(
        "may claim any size, when the one who wrote it could not know",
        arguments: [0, 2_000_000_000, 0x7FFF_F000, 0xFFFF_FFFF])
    func unknownSize(size: Int) throws {
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values), size: size)
        let (floats, stream) = try read(WAVBytes.file(WAVBytes.format(), data, riffSize: size))
        #expect(floats == Self.floats)
        #expect(stream.missingByteCount == nil)
    }

    @Test("goes on with the samples of another that follows it", arguments: [nil, 0, 0xFFFF_FFFF])
    func several(size: Int?) throws {
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values), size: size ?? 12)
        let file = WAVBytes.file(WAVBytes.format(), data)
        let list = WAVBytes.chunk("LIST", Array("INFO".utf8))
        for between in size == nil ? [[], list] : [[]] {
            let (floats, stream) = try read(file + between + file + between + file)
            #expect(floats == Self.floats + Self.floats + Self.floats)
            #expect(stream.fileCount == 3)
        }
    }

    @Test(
        "of unknown length keeps last samples that another might have begun with",
        arguments: ["R", "RI", "RIFF", "RIFFRIFF"])
    func tail(text: String) throws {
        let samples: [UInt8] = [0, 0] + text.utf8
        let file = WAVBytes.file(WAVBytes.format(bits: 8), Array("data".utf8) + [0, 0, 0, 0] + samples)
        #expect(try read(file).0 == samples.map { (Float($0) - 128) / 128 })
    }

    @Test("of an odd number of bytes may have its padding left out before another")
    func padding() throws {
        let format = WAVBytes.format(bits: 8)
        let odd = WAVBytes.file(format, Array("data".utf8) + [1, 0, 0, 0, 128])
        #expect(try read(odd + [0] + odd).0 == [0, 0])
        #expect(try read(odd + odd).0 == [0, 0])
    }

    @Test("refuses to go on with one of another format, or with too many")
    func otherFormat() throws {
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values))
        let one = WAVBytes.file(WAVBytes.format(), data), other = WAVBytes.file(WAVBytes.format(channels: 2), data)
        #expect(
            error(one + other)
                == CodecError(
                    "its WAV number 2 has 2 channels at 22,050 Hz, the first 1 at 22,050 Hz",
                    suggestion: "Ask for one WAV, or for another format."))
        let empty = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", [0, 0]))
        #expect(
            error(Array(repeatElement(empty, count: 10_001).joined()))
                == CodecError(
                    "it holds more than 10,000 WAVs one after another",
                    suggestion: "Ask for one WAV, or for another format."))
    }

    @Test("says what is missing when it is shorter than it claims")
    func shorter() throws {
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values), size: 20)
        let (floats, stream) = try read(WAVBytes.file(WAVBytes.format(), data))
        #expect(floats == Self.floats)
        #expect(stream.missingByteCount == 8)
    }

    @Test("may have texts before its samples and behind them")
    func otherChunks() throws {
        let list = WAVBytes.chunk("LIST", Array("INFOISFT\u{5}\0\0\0Lavf\0".utf8))
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values))
        let (floats, stream) = try read(WAVBytes.file(list, WAVBytes.format(), list, data, list))
        #expect(floats == Self.floats && stream.missingByteCount == 0)
    }

    @Test("may hold integers of 8, 24 and 32 bits and floats of 32 and 64")
    func forms() throws {
        func read(_ coding: Int, _ bits: Int, _ bytes: [UInt8]) throws -> [Float] {
            try self.read(
                WAVBytes.file(WAVBytes.format(coding: coding, bits: bits), WAVBytes.chunk("data", bytes))
            ).0
        }
        #expect(try read(1, 8, [0, 128, 192, 255]) == [-1, 0, 0.5, 127 / 128])
        #expect(try read(1, 24, [0, 0, 0x80, 0, 0, 0x40, 255, 255, 255]) == [-1, 0.5, -1 / 8_388_608])
        #expect(try read(1, 32, [0, 0, 0, 0x80, 0, 0, 0, 0x40]) == [-1, 0.5])
        #expect(try read(3, 32, [0.25, -2].flatMap { WAVBytes.little(Int(Float($0).bitPattern), 4) }) == [0.25, -2])
        let doubles = [0.25, -2].flatMap { WAVBytes.little(Int(bitPattern: UInt($0.bitPattern)), 8) }
        #expect(try read(3, 64, doubles) == [0.25, -2])
    }

    @Test("is silent where a float is no number")
    func noNumber() throws {
        let bytes = [Float.nan, .infinity, 0.5, -.infinity].flatMap { WAVBytes.little(Int($0.bitPattern), 4) }
        let format = WAVBytes.format(coding: 3, bits: 32)
        #expect(try read(WAVBytes.file(format, WAVBytes.chunk("data", bytes))).0 == [0, 0, 0.5, 0])
    }

    @Test("may say its format in the form for many channels")
    func extensible() throws {
        let data = WAVBytes.chunk("data", WAVBytes.samples(Self.values))
        let (floats, stream) = try read(
            WAVBytes.file(WAVBytes.extensible(coding: 1, channels: 3, bits: 16), data))
        #expect(floats == Self.floats)
        #expect(stream.format == WAVStream.Format(sampleRate: 48_000, channelCount: 3))
        let other = WAVBytes.file(WAVBytes.extensible(coding: 85, channels: 3, bits: 16), data)
        #expect(
            error(other)
                == CodecError(
                    "the samples of the WAV are neither PCM nor floats",
                    suggestion: "Save it as a WAV file of 16-bit PCM."))
    }

    @Test("gives whole frames only")
    func frames() throws {
        var stream = WAVStream()
        _ = try stream.append(WAVBytes.file(WAVBytes.format(channels: 2)))
        #expect(try stream.append(WAVBytes.chunk("data", [], size: 0) + [0, 64, 0]) == [])
        #expect(try stream.append([64, 0]) == [0.5, 0.5])
        try stream.finish()
    }

    @Test("is refused when it is something else")
    func somethingElse() {
        let page = error(Array("<!DOCTYPE html><html>".utf8))
        #expect(
            page
                == CodecError(
                    "the sound is not a WAV file: it starts with '<!DO'",
                    suggestion: "Ask for the format 'wav', or see what else was sent."))
        #expect(error([0xFF, 0xFB] + [UInt8](repeating: 0, count: 20))?.message.hasSuffix("'....'") == true)
    }

    @Test("is refused when samples come before their format")
    func order() {
        #expect(
            error(WAVBytes.file(WAVBytes.chunk("data", [1, 2])))
                == CodecError(
                    "the WAV has samples before it says what they are", suggestion: "Save it anew as a WAV file."))
    }

    @Test("is refused when more than a megabyte comes before its samples", arguments: ["LIST", "fmt "])
    func longHeader(type: String) {
        #expect(
            error(WAVBytes.file(WAVBytes.chunk(type, [], size: 0xFFFF_FFFF)))
                == CodecError(
                    "more than 1,048,576 bytes come before the samples of the WAV",
                    suggestion: "Save it anew without the texts and pictures in it."))
    }

    @Test("is an error when it ends within its header, and the error says so")
    func cutHeader() {
        let suggestion = "Try again; see what the program that makes it says."
        #expect(error([]) == CodecError("no sound came", suggestion: suggestion))
        let file = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", []))
        for count in 1..<file.count {
            #expect(
                error(Array(file.prefix(count)))
                    == CodecError("the sound ends before its first sample", suggestion: suggestion))
        }
    }

    @Test("may have no samples at all")
    func empty() throws {
        let (floats, stream) = try read(WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", [])))
        #expect(floats.isEmpty && stream.format != nil)
    }
}
