import TestData
import Testing

@testable import Media

@Suite("A picture with a colour profile")
struct ColorProfileTests {
    @Test("is converted to sRGB as Little CMS does, unless it is sRGB already or the profile is of no use")
    func conversion() async throws {
        let peer = try await PeerPictures("profiles.py")
        let pictures = try peer.all()
        #expect(pictures.count >= 20)
        for picture in pictures {
            let decoded = try ImageDecoder.decode(picture.bytes)
            #expect(decoded.image.eightBit() == picture.expected, "\(picture.name)")
            let isUseless = picture.name.hasPrefix("damaged") || picture.name.hasPrefix("mismatch")
            #expect(decoded.notes.isEmpty != isUseless, "\(picture.name)")
            // libpng drops a profile that is not for the PNG's kind of pixels.
            if !picture.name.hasPrefix("mismatch") || !picture.name.hasSuffix(".png") {
                #expect(try decoded.profile == peer.bytes(picture.name + ".profile"), "\(picture.name)")
            }
        }
    }

    @Test(
        "that is of no use has a note that says why",
        arguments: [
            ("damaged.jpg", "its colour profile is damaged, and was ignored"),
            ("damaged.png", "its colour profile is damaged, and was ignored"),
            ("mismatch-gray.jpg", "its colour profile is not for gray pictures, and was ignored"),
            ("mismatch-rgb.jpg", "its colour profile is not for RGB pictures, and was ignored"),
            ("mismatch-inks.jpg", "its colour profile is not for CMYK pictures, and was ignored"),
            ("mismatch-rgb.png", "its colour profile is damaged or not for its kind of pixels, and was ignored"),
        ])
    func notes(name: String, note: String) async throws {
        #expect(try ImageDecoder.decode(try await Self.made.pictures().bytes(name)).notes == [note])
    }

    /// One run of the script for all arguments.
    private actor Made {
        private var peer: Task<PeerPictures, any Error>?

        func pictures() async throws -> PeerPictures {
            let task = peer ?? Task { try await PeerPictures("profiles.py") }
            peer = task
            return try await task.value
        }
    }
    private static let made = Made()

    @Test("that inflates to 10 MB from 65 kB is read without it")
    func bomb() throws {
        let png =
            PNGBytes.signature + PNGBytes.header(width: 1, height: 1)
            + PNGBytes.chunk("iCCP", Array("a\0\0".utf8) + PNGBytes.zlibZeros(40_000))
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 5])) + PNGBytes.end
        let decoded = try ImageDecoder.decode(png)
        #expect(decoded.image.eightBit() == [5, 5, 5] && decoded.profile == nil)
        #expect(
            decoded.notes == ["its colour profile is damaged or not for its kind of pixels, and was ignored"])
    }

    @Test("can be given ours, which is sRGB and always the same")
    func ours() {
        #expect(ColorProfile.sRGB.count > 128)
        guard case .same = ColorProfile.judge(ColorProfile.sRGB, for: .rgb) else {
            Issue.record("it is not sRGB")
            return
        }
    }

    @Test("is left alone once the task is cancelled")
    func stopped() async throws {
        let peer = try await Self.made.pictures()
        guard case .other(let transform) = ColorProfile.judge(try peer.bytes("wide.png.profile"), for: .rgb) else {
            Issue.record("it is sRGB")
            return
        }
        await #expect(throws: CodecError.stopped) {
            try await whenCancelled {
                var pixels = PixelBuffer<UInt8>(repeating: 9, count: 3000)
                try transform.convert(&pixels, width: 100)
            }
        }
    }
}
