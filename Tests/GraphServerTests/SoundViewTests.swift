import HTTP
import Testing

@Suite("A sound to view")
struct SoundViewTests {
    private let place: TestPlace

    /// A page of Ogg with its checksum, as RFC 3533 says: the first of an Opus stream.
    private static let ogg: [UInt8] = {
        let head: [UInt8] = Array("OpusHead".utf8) + [1, 1, 0x38, 1, 0xC0, 0x5D, 0, 0, 0, 0, 0]
        var page: [UInt8] =
            Array("OggS".utf8) + [0, 2] + [UInt8](repeating: 0, count: 20) + [1, UInt8(head.count)] + head
        var crc: UInt32 = 0
        for byte in page {
            crc ^= UInt32(byte) << 24
            for _ in 0..<8 { crc = crc << 1 ^ (crc & 0x8000_0000 == 0 ? 0 : 0x04C1_1DB7) }
        }
        for i in 0..<4 { page[22 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
        return page + filling
    }()

    private static let flac: [UInt8] =
        Array("fLaC".utf8) + [0x80, 0, 0, 34, 16, 0, 16, 0] + [UInt8](repeating: 0, count: 6) + [
            0x0A, 0xC4, 0x42, 0xF0,
        ]
        + [UInt8](repeating: 0, count: 20) + filling

    private static let wav: [UInt8] =
        Array("RIFF".utf8) + [36, 4, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0x3E, 0, 0]
        + [0, 0x7D, 0, 0, 2, 0, 16, 0] + Array("data".utf8) + [0, 4, 0, 0] + filling

    /// A frame of MPEG-1 layer III, 128 kbit/s at 44,100 Hz; alone, and behind a tag.
    private static let mp3: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + filling
    private static let taggedMP3: [UInt8] = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5] + mp3

    /// Where no two bytes near each other are the same.
    private static let filling: [UInt8] = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private static let files: [(name: String, bytes: [UInt8], type: String)] = [
        ("a.wav", wav, "audio/wav"), ("a.flac", flac, "audio/flac"), ("a.mp3", mp3, "audio/mpeg"),
        ("b.mp3", taggedMP3, "audio/mpeg"), ("a.opus", ogg, "audio/ogg"), ("a.ogg", ogg, "audio/ogg"),
    ]

    init() throws {
        var files = ["temp/page.flac": Array("<script>".utf8)]
        for file in Self.files { files["output/audio/" + file.name] = file.bytes }
        place = try TestPlace(files: files)
    }

    @Test("is played in the browser, under its own type", arguments: files.map(\.name))
    func inline(name: String) async throws {
        let file = try #require(Self.files.first { $0.name == name })
        let answer = await place.get("/api/view?filename=\(name)&subfolder=audio&type=output&rand=0.5")
        #expect(answer.status == 200 && answer.bytes == file.bytes)
        #expect(answer.headers["Content-Type"] == file.type)
        #expect(answer.headers["Content-Disposition"] == "inline; filename=\"\(name)\"")
        #expect(answer.headers["Accept-Ranges"] == "bytes")
    }

    @Test("is an attachment when it is none")
    func pretence() async {
        let answer = await place.get("/view?filename=page.flac&type=temp")
        #expect(answer.headers["Content-Disposition"] == #"attachment; filename="page.flac""#)
    }

    @Test(
        "is sent in the part that the player jumps to",
        arguments: [
            ("bytes=0-", 0..<1068), ("bytes=100-199", 100..<200), ("bytes=-68", 1000..<1068),
            ("bytes=1067-5000", 1067..<1068), ("bytes=-5000", 0..<1068),
        ])
    func part(field: String, range: Range<Int>) async {
        let answer = await place.get("/view?filename=a.wav&subfolder=audio", headers: ["Range": field])
        #expect(answer.status == 206)
        #expect(answer.bytes == Array(Self.wav[range]))
        #expect(answer.headers["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/1068")
        #expect(answer.headers["Content-Type"] == "audio/wav")
    }

    @Test("has nothing behind its end", arguments: ["bytes=1068-", "bytes=5000-6000", "bytes=-0"])
    func nothing(field: String) async {
        let answer = await place.get("/view?filename=a.wav&subfolder=audio", headers: ["Range": field])
        #expect(answer.status == 416)
        #expect(answer.headers["Content-Range"] == "bytes */1068")
    }

    /// RFC 9110 section 14.2: only GET knows ranges.
    @Test("says to HEAD how long it is and that it can be had in parts, whatever part is asked for")
    func head() async {
        for headers: Headers in [[:], ["Range": "bytes=0-9"]] {
            let answer = await place.send("HEAD", "/view?filename=a.flac&subfolder=audio", headers: headers)
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == "audio/flac" && answer.headers["Accept-Ranges"] == "bytes")
        }
    }

    @Test("is uploaded by the field of pictures, and then a choice of LoadAudio")
    func upload() async {
        let answer = await place.postForm("/upload/image", [("image", "voice.wav", Self.wav)])
        #expect(answer.text == #"{"name":"voice.wav","subfolder":"","type":"input"}"#)
        #expect(await place.get("/view?filename=voice.wav&type=input").bytes == Self.wav)
        let info = await place.get("/object_info/LoadAudio").text
        #expect(info.contains(#""audio":[["voice.wav"],{"audio_upload":true}]"#), "\(info)")
    }
}
