import GraphCore
import Media
import Testing

@testable import Nodes

private func mask(_ rows: [[Float]]...) -> Mask {
    Mask(
        batch: rows.count, height: rows[0].count, width: rows[0][0].count,
        floats: rows.flatMap { $0.flatMap { $0 } })
}

@Suite("A mask")
struct MaskNodesTests {
    @Test("of one value is as large as asked")
    func solid() async throws {
        let made = try await NodeCall.mask(SolidMask(), ["value": .double(0.25), "width": .int(3), "height": .int(2)])
        #expect(made == mask([[0.25, 0.25, 0.25], [0.25, 0.25, 0.25]]))
    }

    @Test("beyond memory is refused")
    func limits() async {
        let error = await #expect(throws: Diagnostic.self) {
            try await NodeCall.mask(SolidMask(), ["value": .double(1), "width": .int(16384), "height": .int(16384)])
        }
        #expect(error?.message == "the image is 16,384x16,384 pixels (268 megapixels), and the limit is 100 megapixels")
    }

    @Test("is inverted, and set where it is above a value")
    func pointwise() async throws {
        let source = mask([[0, 0.25, 0.5, 0.75, 1]])
        #expect(try await NodeCall.mask(InvertMask(), ["mask": source.value]) == mask([[1, 0.75, 0.5, 0.25, 0]]))
        let above = try await NodeCall.mask(ThresholdMask(), ["mask": source.value, "value": .double(0.5)])
        #expect(above == mask([[0, 0, 0, 1, 1]]))
    }

    @Test("is cropped as far as it goes")
    func crop() async throws {
        let source = mask([[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]])
        func crop(_ x: Int, _ y: Int, _ width: Int, _ height: Int) async throws -> Mask {
            try await NodeCall.mask(
                CropMask(),
                ["mask": source.value, "x": .int(x), "y": .int(y), "width": .int(width), "height": .int(height)])
        }
        #expect(try await crop(1, 0, 1, 2) == mask([[1], [4]], [[7], [10]]))
        #expect(try await crop(1, 1, 512, 512) == mask([[4, 5]], [[10, 11]]))
        #expect(try await crop(-2, 0, 1, 1) == mask([[1]], [[7]]))
        let error = await #expect(throws: Diagnostic.self) { _ = try await crop(3, 0, 1, 1) }
        #expect(error?.message == "the window lies outside the 3 x 2 pixels, so nothing is left")
    }

    @Test("becomes a grey picture, and each channel of a picture a mask")
    func images() async throws {
        let image = try await NodeCall.image(MaskToImage(), ["mask": mask([[0.25, 0.5]]).value])
        #expect(image.channels == 3 && image.floats() == [0.25, 0.25, 0.25, 0.5, 0.5, 0.5])
        let picture = Image.counting(batch: 2, height: 1, width: 1, channels: 4)
        for (channel, name) in ["red", "green", "blue", "alpha"].enumerated() {
            let made = try await NodeCall.mask(ImageToMask(), ["image": picture.value, "channel": .text(name)])
            #expect(made.floats() == [Float(channel) / 255, Float(channel + 4) / 255])
        }
        let error = await #expect(throws: Diagnostic.self) {
            try await NodeCall.mask(ImageToMask(), ["image": Image.letters("a").value, "channel": .text("alpha")])
        }
        #expect(error?.message == "the picture has 3 channels, and alpha is not among them")
        #expect(error?.suggestion == "Choose one of red, green, blue.")
    }
}

@Suite("FeatherMask")
struct FeatherMaskTests {
    private func feather(_ width: Int, _ sides: [Int]) async throws -> [Float] {
        var values: [String: Value] = ["mask": mask([[Float](repeating: 1, count: width)]).value]
        for (name, side) in zip(["left", "top", "right", "bottom"], sides) { values[name] = .int(side) }
        return Array(try await NodeCall.mask(FeatherMask(), values).floats())
    }

    @Test("fades in from the left in equal steps")
    func left() async throws { #expect(try await feather(5, [4, 0, 0, 0]) == [0.25, 0.5, 0.75, 1, 1]) }

    @Test("fades out to the right one pixel too early, as ComfyUI 0.3.64 does")
    func right() async throws { #expect(try await feather(5, [0, 0, 4, 0]) == [0.25, 1, 1, 0.75, 0.5]) }

    @Test("fades over no more than there is, and both ways at once")
    func both() async throws {
        #expect(try await feather(2, [100, 0, 100, 0]) == [0.25, 1])
        #expect(try await feather(1, [3, 3, 3, 3]) == [1])
    }

    @Test("does the same to rows")
    func rows() async throws {
        let column = mask([[1], [1], [1], [1]])
        let values: [String: Value] = [
            "mask": column.value, "left": .int(0), "top": .int(2), "right": .int(0), "bottom": .int(2),
        ]
        #expect(try await NodeCall.mask(FeatherMask(), values).floats() == [0.25, 1, 1, 1])
    }
}

@Suite("GrowMask")
struct GrowMaskTests {
    /// One step at a time, as scipy.ndimage's grey_dilation and grey_erosion with a 3 x 3 footprint.
    private func grown(_ source: Mask, _ steps: Int, tapered: Bool) -> Mask {
        var floats = Array(source.floats())
        let (width, height) = (source.width, source.height)
        for _ in 0..<abs(steps) {
            floats = floats.indices.map { i in
                let (x, y, index) = (i % width, i / width % height, i / width / height)
                var best = floats[i]
                for dy in -1...1 {
                    for dx in -1...1 where !tapered || dx == 0 || dy == 0 {
                        guard (0..<width).contains(x + dx), (0..<height).contains(y + dy) else { continue }
                        let value = floats[(index * height + y + dy) * width + x + dx]
                        best = steps > 0 ? max(best, value) : min(best, value)
                    }
                }
                return best
            }
        }
        return Mask(batch: source.batch, height: height, width: width, floats: floats)
    }

    private func noise(_ width: Int, _ height: Int) -> Mask {
        let floats = (0..<2 * width * height).map { i -> Float in
            let value = UInt32(truncatingIfNeeded: i &* 2_654_435_761) >> 16
            return value % 23 == 0 ? Float(value % 100) / 100 : 0
        }
        return Mask(batch: 2, height: height, width: width, floats: floats)
    }

    @Test(
        "takes many steps at once, and gives what single steps give",
        arguments: [(1, 1), (1, 9), (13, 1), (2, 2), (17, 11), (5, 30)], [true, false])
    func steps(size: (Int, Int), tapered: Bool) async throws {
        let source = noise(size.0, size.1)
        for steps in [0, 1, 2, 3, 4, 5, 7, 10, 16, 50, -1, -2, -5, -9] {
            let made = try await NodeCall.mask(
                GrowMask(), ["mask": source.value, "expand": .int(steps), "tapered_corners": .bool(tapered)])
            #expect(made == grown(source, steps, tapered: tapered), "\(steps) steps")
        }
    }

    @Test("grows a dot into a diamond, or into a square")
    func shapes() async throws {
        let dot = mask([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
        func grow(_ tapered: Bool) async throws -> Mask {
            try await NodeCall.mask(
                GrowMask(), ["mask": dot.value, "expand": .int(1), "tapered_corners": .bool(tapered)])
        }
        #expect(try await grow(true) == mask([[0, 1, 0], [1, 1, 1], [0, 1, 0]]))
        #expect(try await grow(false).floats() == [Float](repeating: 1, count: 9))
    }

    @Test("takes no longer for the most steps there are")
    func far() async throws {
        let source = noise(300, 200)
        let made = try await NodeCall.mask(
            GrowMask(), ["mask": source.value, "expand": .int(16384), "tapered_corners": .bool(true)])
        #expect(Set(made.floats().prefix(60_000)).count == 1)
    }
}

@Suite("MaskComposite")
struct MaskCompositeTests {
    private func combine(
        _ destination: Mask, _ source: Mask, _ x: Int, _ y: Int, _ operation: String
    ) async throws -> Mask {
        try await NodeCall.mask(
            MaskComposite(),
            [
                "destination": destination.value, "source": source.value, "x": .int(x), "y": .int(y),
                "operation": .text(operation),
            ])
    }

    @Test(
        "combines two masks",
        arguments: [
            ("multiply", [0, 0.25, 0.5]), ("add", [0.5, 1, 1]), ("subtract", [0, 0, 0.5]), ("and", [0, 0, 0]),
            ("or", [0, 0, 1]), ("xor", [0, 0, 1]),
        ] as [(String, [Float])])
    func operations(operation: String, made: [Float]) async throws {
        let combined = try await combine(mask([[0, 0.5, 1]]), mask([[0.5, 0.5, 0.5]]), 0, 0, operation)
        #expect(combined == mask([made]))
    }

    @Test("lays the source where it should be, and clamps all of the result")
    func place() async throws {
        let destination = mask([[2, 0.5, 0.5], [0.5, 0.5, -1]])
        let made = try await combine(destination, mask([[1, 0.25], [0.5, 1]]), 2, 0, "multiply")
        #expect(made == mask([[1, 0.5, 0.5], [0.5, 0.5, 0]]))
        #expect(
            try await combine(destination, mask([[0]]), 3, 2, "multiply") == mask([[1, 0.5, 0.5], [0.5, 0.5, 0]]))
        #expect(try await combine(destination, mask([[0]]), 16384, 0, "multiply").floats()[1] == 0.5)
    }

    @Test("uses a single source for a whole batch, and refuses other batches that differ")
    func batches() async throws {
        let two = mask([[1]], [[0.5]])
        #expect(try await combine(two, mask([[0.5]]), 0, 0, "multiply") == mask([[0.5]], [[0.25]]))
        let error = await #expect(throws: Diagnostic.self) { _ = try await combine(mask([[1]]), two, 0, 0, "add") }
        #expect(error?.message == "batches of 1 and 2 masks cannot be combined")
        #expect(error?.suggestion == "Use batches of the same size, or a single source mask.")
    }
}
