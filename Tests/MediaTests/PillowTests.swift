import Foundation
import TestData
import Testing

@testable import Media

/// Pictures that `peers/pillow.py` makes too.
private struct PillowCase: Encodable {
    enum Kind: String { case noise, slope, few }

    let kind: Kind
    let width: Int, height: Int, channels: Int
    let parameters: [String: Parameter]

    enum Parameter: Encodable {
        case number(Int)
        case text(String)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(kind.rawValue)
        for number in [width, height, channels] { try container.encode(number) }
        try container.encode(parameters)
    }

    var image: Image {
        let bytes = (0..<width * height * channels).map { i -> UInt8 in
            let (pixel, channel) = (i / channels, i % channels)
            return switch kind {
            case .noise: UInt8(truncatingIfNeeded: (UInt64(i) &* 2_654_435_761 % (1 << 32)) >> 11)
            case .slope: UInt8(truncatingIfNeeded: pixel % width * 255 / width + pixel / width * (channel + 1))
            case .few: UInt8(truncatingIfNeeded: pixel * 7919 % 5 * 50 + channel * 20)
            }
        }
        return Image(batch: 1, height: height, width: width, channels: channels, bytes: bytes)
    }

    /// What Pillow makes of them, all in one call.
    static func pillow(_ cases: [PillowCase]) async throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-pillow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cases.json")
        try JSONEncoder().encode(cases).write(to: file)
        return try await Python.run("MediaTests/peers/pillow.py", [file.path])
    }
}

@Suite("Fewer colours")
struct QuantizingTests {
    private static let ditherings: [(String, Dithering)] = [
        ("none", .none), ("floyd-steinberg", .floydSteinberg), ("bayer-2", .bayer(2)), ("bayer-4", .bayer(4)),
        ("bayer-8", .bayer(8)), ("bayer-16", .bayer(16)),
    ]

    @Test("are Pillow's, with every dithering")
    func pillow() async throws {
        var cases: [(PillowCase, Int, Dithering)] = []
        func add(
            _ kind: PillowCase.Kind, _ width: Int, _ height: Int, _ counts: [Int], _ ditherings: [(String, Dithering)]
        ) {
            for count in counts {
                for (name, dithering) in ditherings {
                    let test = PillowCase(
                        kind: kind, width: width, height: height, channels: 3,
                        parameters: ["colors": .number(count), "dither": .text(name)])
                    cases.append((test, count, dithering))
                }
            }
        }
        for kind in [PillowCase.Kind.noise, .slope, .few] {
            add(kind, 37, 23, [1, 2, 3, 7, 16, 100, 256], Self.ditherings)
        }
        add(.slope, 150, 120, [5, 64, 255], Self.ditherings)
        add(.noise, 1, 1, [1, 256], Self.ditherings)
        // More than 65,536 colours, which Pillow coarsens first; and more pixels than a dictionary counts.
        add(.noise, 520, 300, [4, 256], [Self.ditherings[0], Self.ditherings[1]])
        add(.noise, 700, 500, [32], [Self.ditherings[1]])
        add(.slope, 700, 500, [32], [Self.ditherings[0]])
        let expected = try await PillowCase.pillow(cases.map(\.0))
        var at = 0
        for (test, count, dithering) in cases {
            let made = try test.image.quantized(colorCount: count, dithering: dithering) { _, _ in }.eightBit()
            let isEqual = made.elementsEqual(expected[at..<at + made.count])
            #expect(
                isEqual,
                "\(test.kind) \(test.width) x \(test.height), \(count) colours, \(dithering)")
            at += made.count
        }
        #expect(at == expected.count)
    }

    @Test("leave an alpha as it is, and each picture of a batch has its own")
    func alpha() throws {
        let image = Image(
            batch: 2, height: 1, width: 2, channels: 4, bytes: [9, 9, 9, 7, 9, 9, 9, 8, 200, 0, 0, 1, 200, 0, 0, 2])
        #expect(try image.quantized(colorCount: 1, dithering: .none) { _, _ in } == image)
    }

    @Test("come row by row, and stop when nobody wants them")
    func steps() throws {
        struct Enough: Error {}
        let image = PillowCase(kind: .slope, width: 20, height: 30, channels: 3, parameters: [:]).image
        var told: [Int] = []
        _ = try image.quantized(colorCount: 8, dithering: .floydSteinberg) { completed, total in
            #expect(total == 30)
            told.append(completed)
        }
        #expect(told.count >= 30 && told == told.sorted())
        #expect(throws: Enough.self) {
            _ = try image.quantized(colorCount: 8, dithering: .none) { completed, _ in
                if completed == 9 { throw Enough() }
            }
        }
    }
}

@Suite("Resizing a picture with an alpha")
struct AlphaResizingTests {
    @Test("with lanczos keeps the colour of clear pixels out, as Pillow does")
    func pillow() async throws {
        let sizes = [(20, 15), (70, 61), (37, 12), (12, 23), (37, 23)]
        let cases = sizes.map { width, height in
            PillowCase(
                kind: .noise, width: 37, height: 23, channels: 4,
                parameters: ["width": .number(width), "height": .number(height)])
        }
        let expected = try await PillowCase.pillow(cases)
        var at = 0
        for (test, size) in zip(cases, sizes) {
            let resized = try test.image.resized(width: size.0, height: size.1, method: .lanczos, centerCrop: false)
            let made = resized.eightBit()
            let isEqual = made.elementsEqual(expected[at..<at + made.count])
            #expect(isEqual, "to \(size)")
            at += made.count
        }
        #expect(at == expected.count)
    }
}
