import Foundation
import TestData
import Testing

@testable import Media

/// What Pillow sees in our files.
@Suite("A saved picture")
struct SavedPictureTests {
    private static let notes = [
        TextChunk(keyword: "prompt", text: "{\"1\": \"\\u00e9\"}"),
        TextChunk(keyword: "workflow", text: "{\"nodes\": []}"),
        TextChunk(keyword: "extra", text: "{}"),
    ]
    private static let exif = "272=prompt:{\"1\": \"\\u00e9\"} 271=workflow:{\"nodes\": []} 270=extra:{}"

    /// Soft and sharp parts.
    private static func picture(channels: Int) -> Image {
        let (width, height) = (45, 31)
        let bytes = (0..<width * height * channels).map { i -> UInt8 in
            let (c, x, y) = (i % channels, i / channels % width, i / channels / width)
            return UInt8(
                truncatingIfNeeded: c == 0 ? x * 5 : c == 1 ? y * 8 : c == 2 ? (x / 9 + y / 7) % 2 * 200 : 255 - x)
        }
        return Image(batch: 1, height: height, width: width, channels: channels, bytes: bytes)
    }

    private static func report(_ files: [(name: String, bytes: [UInt8], raw: Image?)]) async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-saved-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in files {
            let url = folder.appending(path: file.name)
            try Data(file.bytes).write(to: url)
            if let raw = file.raw {
                try Data(raw.eightBit()).write(to: url.deletingPathExtension().appendingPathExtension("raw"))
            }
        }
        let lines = try await Python.run("MediaTests/peers/saved.py", [folder.path])
        return String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("has its pixels, its notes and its profile for Pillow, too")
    func peer() async throws {
        let (rgb, rgba) = (Self.picture(channels: 3), Self.picture(channels: 4))
        let (notes, profile) = (Self.notes, ColorProfile.sRGB)
        let lines = try await Self.report([
            (
                "a-90-full.jpg",
                try JPEGCodec.encode(rgb, at: 0, quality: 90, hasFullColour: true, text: notes, profile: profile), rgb
            ),
            ("b-35-half.jpg", try JPEGCodec.encode(rgb, at: 0, quality: 35), rgb),
            (
                "c.webp",
                try WebPCodec.encode(rgba, at: 0, quality: 80, isLossless: true, text: notes, profile: profile), rgba
            ),
            ("d.webp", try WebPCodec.encode(rgb, at: 0, quality: 80, isLossless: true), rgb),
            ("e.webp", try WebPCodec.encode(rgb, at: 0, quality: 90, text: notes), nil),
            ("f.tif", try TIFFCodec.encode(rgb, at: 0, text: notes, profile: profile), rgb),
            ("g.tif", try TIFFCodec.encode(rgba, at: 0), rgba),
            ("h.tif", try TIFFCodec.encode(rgb, at: 0, bits: 16), rgb),
            ("i.png", try PNGCodec.encode(rgb, at: 0, bits: 16, profile: profile), rgb),
            ("j.png", try PNGCodec.encode(rgba, at: 0, bits: 16), rgba),
        ])
        #expect(
            lines == [
                "a-90-full.jpg JPEG RGB 45x31 \(Self.exif) profile of RGB 4:4:4 lossy tables equal",
                "b-35-half.jpg JPEG RGB 45x31 4:2:0 lossy tables equal",
                "c.webp WEBP RGBA 45x31 \(Self.exif) profile of RGB same",
                "d.webp WEBP RGB 45x31 same",
                "e.webp WEBP RGB 45x31 \(Self.exif)",
                "f.tif TIFF RGB 45x31 \(Self.exif) profile of RGB same",
                "g.tif TIFF RGBA 45x31 same",
                "h.tif TIFF RGB 45x31 same",
                "i.png PNG RGB 45x31 profile of RGB same",
                "j.png PNG RGBA 45x31 same",
            ])
    }

    @Test("gives its notes back", arguments: ["jpg", "webp", "tif"])
    func notes(_ kind: String) throws {
        let image = Self.picture(channels: 3)
        let bytes =
            switch kind {
            case "jpg": try JPEGCodec.encode(image, at: 0, quality: 90, text: Self.notes)
            case "webp": try WebPCodec.encode(image, at: 0, quality: 90, text: Self.notes)
            default: try TIFFCodec.encode(image, at: 0, text: Self.notes)
            }
        #expect(EXIFText.read(from: bytes) == Self.notes)
        #expect(EXIFText.read(from: Array(bytes.prefix(30))).isEmpty)
    }

    @Test("as JPEG leaves out notes beyond 64 KiB, and can say so before")
    func large() throws {
        let long = [TextChunk(keyword: "prompt", text: "{" + String(repeating: " ", count: 65_600) + "}")]
        let image = Self.picture(channels: 3)
        #expect(JPEGCodec.hasRoom(for: Self.notes) && !JPEGCodec.hasRoom(for: long))
        #expect(EXIFText.read(from: try JPEGCodec.encode(image, at: 0, quality: 90, text: long)).isEmpty)
        #expect(EXIFText.read(from: try WebPCodec.encode(image, at: 0, quality: 90, text: long)) == long)
    }

    @Test("as a PNG is at most a tenth larger than ComfyUI's")
    func size() async throws {
        let photo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "input/photo.jpg")
        let file = [UInt8](try Data(contentsOf: photo))
        let decoded = try ImageDecoder.decode(file).image
        let (width, height) = (640, 480)
        var generator = Seeded(state: 3)
        func made(_ value: (_ x: Int, _ y: Int, _ c: Int) -> Int) -> Image {
            var bytes: [UInt8] = []
            for y in 0..<height {
                for x in 0..<width { for c in 0..<3 { bytes.append(UInt8(truncatingIfNeeded: value(x, y, c))) } }
            }
            return Image(batch: 1, height: height, width: width, channels: 3, bytes: bytes)
        }
        let pictures = [
            ("size photo.png", decoded),
            ("size soft.png", made { x, y, c in (x + y * (c + 1)) / 5 }),
            ("size grainy.png", made { x, y, _ in (x + y) / 8 + .random(in: 0...24, using: &generator) }),
            ("size drawing.png", made { x, y, c in (x / 80 + y / 60) % 3 * 60 + c * 20 }),
            ("size text.png", made { x, y, _ in (x * 7 + y * 13) % 11 < 2 && (y / 12) % 2 == 0 ? 0 : 255 }),
            ("size noise.png", made { _, _, _ in .random(in: 0...255, using: &generator) }),
        ]
        let lines = try await Self.report(
            try pictures.map { (name: $0.0, bytes: try PNGCodec.encode($0.1, at: 0), raw: $0.1) })
        for line in lines {
            let percent = Int(line.split(separator: " ").last ?? "") ?? 1000
            #expect(percent <= 110, "\(line)")
        }
        #expect(lines.count == pictures.count)
    }
}
