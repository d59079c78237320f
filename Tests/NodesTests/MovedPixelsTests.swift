import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("ImageCrop")
struct ImageCropTests {
    private func crop(_ x: Int, _ y: Int, _ width: Int, _ height: Int) async throws -> [String] {
        try await NodeCall.image(
            ImageCrop(),
            [
                "image": Image.letters("abcd/efgh/ijkl", "mnop/qrst/uvwx").value, "x": .int(x), "y": .int(y),
                "width": .int(width), "height": .int(height),
            ]
        ).letters
    }

    @Test("cuts a window out of every picture")
    func window() async throws { #expect(try await crop(1, 0, 2, 2) == ["bc/fg", "no/rs"]) }

    @Test("leaves out what lies outside")
    func beyond() async throws { #expect(try await crop(2, 1, 512, 512) == ["gh/kl", "st/wx"]) }

    @Test("moves a corner beyond the picture to its last row and column")
    func corner() async throws { #expect(try await crop(100, 100, 3, 3) == ["l", "x"]) }

    @Test("counts a negative corner from the end, as Python's slices do")
    func negative() async throws { #expect(try await crop(-3, -2, 2, 1) == ["fg", "rs"]) }

    @Test("says so when nothing is left")
    func nothing() async {
        let error = await #expect(throws: Diagnostic.self) { _ = try await crop(-1, 0, 1, 1) }
        #expect(error?.message == "the window lies outside the 4 x 3 pixels, so nothing is left")
        #expect(error?.suggestion == "Choose x and y inside the picture.")
    }
}

@Suite("Turning pictures")
struct TurningTests {
    @Test(
        "goes clockwise by quarters",
        arguments: [
            ("none", "abc/def"), ("90 degrees", "da/eb/fc"), ("180 degrees", "fed/cba"), ("270 degrees", "cf/be/ad"),
        ])
    func rotate(rotation: String, turned: String) async throws {
        let image = Image.letters("abc/def", "ghi/jkl")
        let rotated = try await NodeCall.image(ImageRotate(), ["image": image.value, "rotation": .text(rotation)])
        #expect(rotated.letters[0] == turned)
        #expect(rotated.batch == 2)
    }

    @Test(
        "mirrors around either axis",
        arguments: [("x-axis: vertically", "def/abc"), ("y-axis: horizontally", "cba/fed")])
    func flip(method: String, flipped: String) async throws {
        let image = Image.letters("abc/def")
        let made = try await NodeCall.image(ImageFlip(), ["image": image.value, "flip_method": .text(method)])
        #expect(made.letters == [flipped])
    }

    @Test("keeps bytes and what they stand for", arguments: [1, 4])
    func storage(channels: Int) async throws {
        let image = Image.counting(height: 1, width: 3, channels: channels).mapLevels { 1 - $0 }
        let made = try await NodeCall.image(ImageRotate(), ["image": image.value, "rotation": .text("90 degrees")])
        #expect(made.storage == image.storage)
        #expect(made.height == 3 && made.width == 1)
    }
}

@Suite("Batches of pictures")
struct BatchTests {
    @Test("are put together: the second is resized to the first's size")
    func batch() async throws {
        let both = try await NodeCall.image(
            ImageBatch(), ["image1": Image.letters("ab/cd").value, "image2": Image.letters("eeee", "ffff").value])
        #expect(both.letters == ["ab/cd", "ee/ee", "ff/ff"])
    }

    @Test("get an opaque alpha when one of them has one")
    func alpha() async throws {
        let clear = Image.counting(height: 1, width: 1, channels: 4)
        for (first, second) in [(Image.letters("e"), clear), (clear, Image.letters("e"))] {
            let both = try await NodeCall.image(ImageBatch(), ["image1": first.value, "image2": second.value])
            let opaque: [UInt8] = [4, 4, 4, 255]
            #expect(both.channels == 4)
            #expect(both.eightBit() == (first.channels == 4 ? [0, 1, 2, 3] + opaque : opaque + [0, 1, 2, 3]))
        }
    }

    @Test("of grey and colour do not go together")
    func channels() async {
        let error = await #expect(throws: Diagnostic.self) {
            try await NodeCall.image(
                ImageBatch(),
                [
                    "image1": Image.counting(height: 1, width: 1, channels: 1).value,
                    "image2": Image.letters("a").value,
                ])
        }
        #expect(error?.message == "the pictures have 1 and 3 channels, which do not go together")
        #expect(error?.suggestion == "Convert both to the same number of channels.")
    }

    @Test("are repeated as a whole")
    func repeated() async throws {
        let image = Image.letters("a", "b")
        let made = try await NodeCall.image(RepeatImageBatch(), ["image": image.value, "amount": .int(3)])
        #expect(made.letters == ["a", "b", "a", "b", "a", "b"])
    }

    @Test("are not repeated beyond memory")
    func tooMany() async {
        let image = Image.counting(height: 1000, width: 1000)
        let error = await #expect(throws: Diagnostic.self) {
            try await NodeCall.image(RepeatImageBatch(), ["image": image.value, "amount": .int(4096)])
        }
        #expect(error?.code == .outOfMemory)
        #expect(error?.message == "a batch of 4,096 images of 1,000x1,000 pixels needs more than 2,048 MiB")
    }

    @Test(
        "give some of their pictures",
        arguments: [(0, 1, "a"), (1, 2, "b c"), (2, 4096, "c d"), (100, 100, "d"), (-2, 1, "c"), (-4, 9, "a b c d")])
    func some(index: Int, length: Int, letters: String) async throws {
        let image = Image.letters("a", "b", "c", "d")
        let made = try await NodeCall.image(
            ImageFromBatch(), ["image": image.value, "batch_index": .int(index), "length": .int(length)])
        #expect(made.letters.joined(separator: " ") == letters)
    }
}

@Suite("RebatchImages")
struct RebatchImagesTests {
    private func rebatch(_ batches: [Image], _ size: Int) async throws -> [[String]] {
        let node = RebatchImages()
        let bound = try await node.run(
            Inputs(node.schema, lists: ["images": batches.map(\.value), "batch_size": [.int(size)]]), NodeContext())
        guard case .list(_, let values)? = bound.first else { return [] }
        return values.compactMap { Image($0)?.letters }
    }

    @Test(
        "cuts a list of batches into batches of one size",
        arguments: [(1, "a|b|c|d|e"), (2, "a b|c d|e"), (3, "a b c|d e"), (9, "a b c d e")])
    func sizes(size: Int, made: String) async throws {
        let batches = [Image.letters("a", "b", "c"), Image.letters("d"), Image.letters("e")]
        let rebatched = try await rebatch(batches, size)
        #expect(rebatched.map { $0.joined(separator: " ") }.joined(separator: "|") == made)
    }

    @Test("refuses pictures of different sizes in one batch")
    func differ() async {
        let error = await #expect(throws: Diagnostic.self) {
            try await rebatch([Image.letters("a"), Image.letters("bc")], 2)
        }
        #expect(error?.message == "pictures of 1 x 1 x 3 and 2 x 1 x 3 cannot be in one batch")
        #expect(error?.suggestion == "Resize them to the same size first.")
    }
}

@Suite("ImageStitch")
struct ImageStitchTests {
    private func stitch(
        _ first: Image, _ second: Image, _ direction: String, matching: Bool = false, gap: Int = 0,
        color: String = "black"
    ) async throws -> Image {
        try await NodeCall.image(
            ImageStitch(),
            [
                "image1": first.value, "image2": second.value, "direction": .text(direction),
                "match_image_size": .bool(matching), "spacing_width": .int(gap), "spacing_color": .text(color),
            ])
    }

    @Test(
        "puts the second picture on any side, the smaller one centred",
        arguments: [
            ("right", "bbbc/bbba/bbba"), ("left", "cbbb/abbb/abbb"), ("down", "bbb/bbb/bbb/aca"),
            ("up", "aca/bbb/bbb/bbb"),
        ])
    func sides(direction: String, stitched: String) async throws {
        // Two rows too few are one above and one below; of an odd number the larger half is below.
        let three = Image.letters("bbb/bbb/bbb")
        let made = try await stitch(three, Image.letters("c"), direction)
        let centred = direction == "right" ? "bbba/bbbc/bbba" : direction == "left" ? "abbb/cbbb/abbb" : stitched
        #expect(made.letters == [centred])
        let lower = try await stitch(Image.letters("bbb/bbb"), Image.letters("c"), direction)
        switch direction {
        case "right": #expect(lower.letters == ["bbbc/bbba"])
        case "left": #expect(lower.letters == ["cbbb/abbb"])
        default: #expect(lower.width == 3 && lower.height == 3)
        }
    }

    @Test("keeps a gap, an even number of pixels wide", arguments: [(1, 2), (2, 2), (3, 4)])
    func gap(asked: Int, made: Int) async throws {
        let image = Image.letters("b")
        let across = try await stitch(image, image, "right", gap: asked)
        #expect(across.letters == ["b" + String(repeating: "a", count: made) + "b"])
        let down = try await stitch(image, image, "down", gap: asked)
        #expect(down.height == 2 + made)
    }

    @Test(
        "fills the gap with its colour, and margins with white or black",
        arguments: [
            ("white", [1, 1, 1], 1), ("black", [0, 0, 0], 0), ("red", [1, 0, 0], 0), ("green", [0, 1, 0], 0),
            ("blue", [0, 0, 1], 0),
        ] as [(String, [Float], Float)])
    func colors(color: String, gap: [Float], margin: Float) async throws {
        let made = try await stitch(Image.letters("b/b"), Image.letters("b"), "right", gap: 2, color: color)
        let floats = made.floats()
        #expect(Array(floats[3..<6]) == gap && Array(floats[6..<9]) == gap)
        #expect(Array(floats[floats.count - 3..<floats.count]) == [margin, margin, margin])
    }

    @Test("gives pictures without alpha an opaque one, the gap too; a margin of one with alpha has it all over")
    func alpha() async throws {
        let clear = Image.counting(height: 1, width: 1, channels: 4)
        let made = try await stitch(clear, Image.letters("b/b"), "right", gap: 2, color: "red")
        let black: [UInt8] = [0, 0, 0, 0], red: [UInt8] = [255, 0, 0, 255], grey: [UInt8] = [1, 1, 1, 255]
        let first: [UInt8] = [0, 1, 2, 3] + red + red + grey
        #expect(made.eightBit() == first + black + red + red + grey)
    }

    @Test("scales the second to the first's height or width, and rounds the other side down")
    func matching() async throws {
        let first = Image.counting(height: 5, width: 4), second = Image.counting(height: 3, width: 7)
        let across = try await stitch(first, second, "left", matching: true)
        #expect(across.height == 5 && across.width == 4 + 11)
        let down = try await stitch(first, second, "up", matching: true)
        #expect(down.width == 4 && down.height == 5 + 1)
    }

    @Test("repeats the last picture of the shorter batch, and changes nothing without a second picture")
    func batches() async throws {
        let made = try await stitch(Image.letters("b", "c", "d"), Image.letters("e", "f"), "right")
        #expect(made.letters == ["be", "cf", "df"])
        let alone = try await NodeCall.image(
            ImageStitch(),
            [
                "image1": Image.letters("b").value, "direction": .text("right"), "match_image_size": .bool(true),
                "spacing_width": .int(8), "spacing_color": .text("red"),
            ])
        #expect(alone == Image.letters("b"))
    }
}

@Suite("ImagePadForOutpaint")
struct ImagePadForOutpaintTests {
    private func pad(_ margins: [Int], feathering: Int, _ image: Image) async throws -> (Image, Mask) {
        let names = ["left", "top", "right", "bottom"]
        var values: [String: Value] = ["image": image.value, "feathering": .int(feathering)]
        for (name, margin) in zip(names, margins) { values[name] = .int(margin) }
        let outputs = try await NodeCall.outputs(ImagePadForOutpaint(), values)
        return (try #require(Image(outputs[0])), try #require(Mask(outputs[1])))
    }

    @Test("adds grey on all sides, and a mask of where")
    func grey() async throws {
        let (padded, mask) = try await pad([1, 2, 0, 1], feathering: 40, Image.letters("bc"))
        #expect(padded.letters == ["???/???/?bc/???"])
        #expect(padded.floats().prefix(3) == [0.5, 0.5, 0.5])
        #expect(mask.floats() == [1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1])
    }

    @Test("fades the mask toward the edges that grow, by the square of how near they are")
    func feather() async throws {
        let image = Image.counting(height: 5, width: 6)
        let (_, mask) = try await pad([1, 0, 0, 0], feathering: 2, image)
        let row: [Float] = [1, 1, 0.25, 0, 0, 0, 0]
        #expect(mask.floats() == Array(repeating: row, count: 5).flatMap { $0 })
        // The last column is one pixel away from the right edge.
        let (_, right) = try await pad([0, 0, 1, 0], feathering: 2, image)
        let rightRow: [Float] = [0, 0, 0, 0, 0, 0.25, 1]
        #expect(right.floats() == Array(repeating: rightRow, count: 5).flatMap { $0 })
    }

    @Test("has no fade when the picture is not more than twice as large", arguments: [(3, false), (2, true)])
    func small(feathering: Int, fades: Bool) async throws {
        let (_, mask) = try await pad([1, 1, 1, 1], feathering: feathering, Image.counting(height: 6, width: 5))
        #expect(mask.floats().contains { $0 > 0 && $0 < 1 } == fades)
    }

    @Test("is refused beyond memory")
    func limits() async {
        let tooLarge = await #expect(throws: Diagnostic.self) {
            _ = try await pad([16384, 16384, 0, 0], feathering: 0, Image.letters("a"))
        }
        #expect(
            tooLarge?.message == "the image is 16,385x16,385 pixels (268 megapixels), and the limit is 100 megapixels")
    }
}
