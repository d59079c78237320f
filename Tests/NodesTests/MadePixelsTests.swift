import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("ImageScaleBy and ImageScaleToTotalPixels")
struct ScaleFactorTests {
    @Test(
        "round as Python does, and keep at least one pixel",
        arguments: [(0.5, 2, 2), (1.5, 8, 4), (0.01, 1, 1), (0.7, 4, 2)] as [(Double, Int, Int)])
    func factor(factor: Double, width: Int, height: Int) async throws {
        let image = Image.counting(height: 3, width: 5)
        let made = try await NodeCall.image(
            ImageScaleBy(),
            ["image": image.value, "upscale_method": .text("nearest-exact"), "scale_by": .double(factor)])
        #expect(made.width == width && made.height == height)
    }

    @Test("keep the ratio of a picture of so many pixels")
    func total() async throws {
        let image = Image.counting(height: 3, width: 5)
        let made = try await NodeCall.image(
            ImageScaleToTotalPixels(),
            ["image": image.value, "upscale_method": .text("nearest-exact"), "megapixels": .double(0.01)])
        #expect(made.width == 132 && made.height == 79)
    }
}

@Suite("ImageBlur and ImageSharpen")
struct BlurTests {
    /// ComfyUI's two-dimensional sums, in double.
    private func blurred(_ image: Image, radius: Int, sigma: Double) -> [Double] {
        let floats = image.floats()
        let (width, height, channels) = (image.width, image.height, image.channels)
        func exponent(_ t: Int) -> Double { -(Double(t * t) / Double(radius * radius)) / (2 * sigma * sigma) }
        func gauss(_ x: Int, _ y: Int) -> Double { 2.718281828459045.power(exponent(x) + exponent(y)) }
        let taps = -radius...radius
        let sum = taps.reduce(0) { sum, y in taps.reduce(sum) { $0 + gauss($1, y) } }
        func mirrored(_ i: Int, _ count: Int) -> Int { i < 0 ? -i : i >= count ? 2 * count - 2 - i : i }
        return floats.indices.map { i in
            let (c, x, y, index) = (
                i % channels, i / channels % width, i / channels / width % height, i / channels / width / height
            )
            var total = 0.0
            for dy in taps {
                for dx in taps {
                    let row = index * height + mirrored(y + dy, height)
                    let at = (row * width + mirrored(x + dx, width)) * channels + c
                    total += gauss(dx, dy) * Double(floats[at])
                }
            }
            return total / sum
        }
    }

    private func noise(batch: Int = 1, _ height: Int, _ width: Int, channels: Int = 3) -> Image {
        let bytes = (0..<batch * height * width * channels).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
    }

    @Test(
        "give ComfyUI's pixels, of bytes and of floats",
        arguments: [(1, 1.0), (2, 0.3), (3, 10.0), (6, 0.1), (8, 0.8)] as [(Int, Double)], [1, 3, 4])
    func pixels(kernel: (Int, Double), channels: Int) async throws {
        let (radius, sigma) = kernel
        let bytes = noise(batch: 2, 9, 21, channels: channels)
        let floats = Image(batch: 2, height: 9, width: 21, channels: channels, floats: bytes.floats())
        let expected = blurred(bytes, radius: radius, sigma: sigma)
        for image in [bytes, floats] {
            let made = try await NodeCall.image(
                ImageBlur(), ["image": image.value, "blur_radius": .int(radius), "sigma": .double(sigma)])
            let worst = zip(made.floats(), expected).map { abs(Double($0) - $1) }.max() ?? 1
            #expect(worst < 1e-6)
            let sharp = try await NodeCall.image(
                ImageSharpen(),
                [
                    "image": image.value, "sharpen_radius": .int(radius), "sigma": .double(sigma),
                    "alpha": .double(0.1),
                ])
            let sharpened = zip(image.floats(), expected).map { min(max(Double($0) + Double($0) - $1, 0), 1) }
            let off = zip(sharp.floats(), sharpened).map { abs(Double($0) - $1) }.max() ?? 1
            #expect(off < 2e-6)
        }
    }

    @Test("mirror a picture smaller than the radius as often as needed, where ComfyUI fails")
    func tiny() async throws {
        for image in [Image.letters("b"), Image.letters("bb/bb")] {
            let made = try await NodeCall.image(
                ImageBlur(), ["image": image.value, "blur_radius": .int(31), "sigma": .double(1)])
            let worst = zip(made.floats(), image.floats()).map { abs($0 - $1) }.max() ?? 1
            #expect(worst < 1e-6)
        }
    }

    @Test("have the same pixels in bands as in one go")
    func bands() async throws {
        let image = noise(700, 900)
        let kernel = try GaussianKernel(radius: 5, sigma: 0.5)
        var whole = RowWork(rowCount: 700)
        let made = try image.blurred(kernel, work: &whole)
        for y in [0, 1, 5, 99, 349, 350, 694, 699] {
            let first = max(0, min(y - 5, 700 - 11))
            let part = noise(700, 900).floats(in: first * 2700..<(first + 11) * 2700)
            let strip = Image(batch: 1, height: 11, width: 900, channels: 3, floats: Array(part))
            var work = RowWork(rowCount: 11)
            guard (5...694).contains(y) || y == 0 || y == 699 else { continue }
            let row = try strip.blurred(kernel, work: &work).floats(in: (y - first) * 2700..<(y - first + 1) * 2700)
            let worst = zip(row, made.floats(in: y * 2700..<(y + 1) * 2700)).map { abs($0 - $1) }.max() ?? 1
            #expect(worst == 0, "row \(y)")
        }
    }

    @Test("refuse what a link brings beyond their limits")
    func limits() async {
        let radius = await #expect(throws: Diagnostic.self) {
            try await NodeCall.image(
                ImageBlur(), ["image": Image.letters("a").value, "blur_radius": .int(99), "sigma": .double(1)])
        }
        #expect(radius?.message == "a blur cannot have a radius of 99 and a sigma of 1.0")
        #expect(radius?.suggestion == "Use a radius from 1 to 31 and a sigma above 0.")
        let sigma = await #expect(throws: Diagnostic.self) {
            try await NodeCall.image(
                ImageBlur(), ["image": Image.letters("a").value, "blur_radius": .int(1), "sigma": .double(0)])
        }
        #expect(sigma?.message == "a blur cannot have a radius of 1 and a sigma of 0.0")
    }
}

extension Double {
    /// Without Foundation.
    fileprivate func power(_ exponent: Double) -> Double {
        // e^x = (e^(x / 1024))^1024, and a series for the small exponent.
        let x = exponent / 1024
        var result = 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))))
        for _ in 0..<10 { result *= result }
        return result
    }
}

@Suite("ImageCompositeMasked")
struct ImageCompositeMaskedTests {
    private func composite(
        _ destination: Image, _ source: Image, _ x: Int, _ y: Int, mask: Mask? = nil, resizes: Bool = false
    ) async throws -> Image {
        var values: [String: Value] = [
            "destination": destination.value, "source": source.value, "x": .int(x), "y": .int(y),
            "resize_source": .bool(resizes),
        ]
        if let mask { values["mask"] = mask.value }
        return try await NodeCall.image(ImageCompositeMasked(), values)
    }

    @Test("lays the source where it should be, as far as it fits")
    func place() async throws {
        let ground = Image.letters("aaa/aaa"), source = Image.letters("bc/de")
        #expect(try await composite(ground, source, 1, 0).letters == ["abc/ade"])
        #expect(try await composite(ground, source, 2, 1).letters == ["aaa/aab"])
        #expect(try await composite(ground, source, 3, 0).letters == ["aaa/aaa"])
        #expect(try await composite(ground, source, 16384, 16384).letters == ["aaa/aaa"])
        #expect(try await composite(ground, source, -1, -1).letters == ["eaa/aaa"])
        #expect(try await composite(ground, Image.letters("b"), 0, 0, resizes: true).letters == ["bbb/bbb"])
    }

    @Test("mixes where the mask is between, and resizes the mask to the source")
    func mask() async throws {
        let half = Mask(batch: 1, height: 1, width: 1, floats: [0.5])
        let made = try await composite(Image.letters("aaa"), Image.letters("cc"), 1, 0, mask: half)
        #expect(made.letters == ["abb"])
    }

    @Test("cuts or repeats the source's batch, and the mask's, to the destination's")
    func batches() async throws {
        let ground = Image.letters("aa", "aa", "aa")
        #expect(try await composite(ground, Image.letters("b", "c"), 0, 0).letters == ["ba", "ca", "ba"])
        #expect(try await composite(Image.letters("aa"), Image.letters("b", "c"), 1, 0).letters == ["ab"])
        let masks = Mask(batch: 2, height: 1, width: 1, floats: [1, 0])
        #expect(try await composite(ground, Image.letters("b"), 0, 0, mask: masks).letters == ["ba", "aa", "ba"])
    }

    @Test("gives a source without alpha an opaque one, and takes one away that has no place")
    func alpha() async throws {
        let clear = Image.counting(height: 1, width: 1, channels: 4)
        #expect(try await composite(clear, Image.letters("f"), 0, 0).eightBit() == [5, 5, 5, 255])
        #expect(try await composite(Image.letters("f"), clear, 0, 0).eightBit() == [0, 1, 2])
    }
}

@Suite("Alpha")
struct AlphaNodesTests {
    @Test("comes off as a mask of how clear a picture is")
    func split() async throws {
        let outputs = try await NodeCall.outputs(
            SplitImageWithAlpha(), ["image": Image.counting(height: 1, width: 2, channels: 4).value])
        #expect(Image(outputs[0])?.eightBit() == [0, 1, 2, 4, 5, 6])
        #expect(Mask(outputs[1])?.floats() == [1 - Float(3) / 255, 1 - Float(7) / 255])
        let opaque = try await NodeCall.outputs(SplitImageWithAlpha(), ["image": Image.letters("ab").value])
        #expect(Mask(opaque[1])?.floats() == [0, 0])
    }

    @Test("is put on from a mask, resized to the picture; the shorter batch counts")
    func join() async throws {
        let mask = Mask(batch: 2, height: 1, width: 1, floats: [0.25, 0.5])
        let made = try await NodeCall.image(
            JoinImageWithAlpha(), ["image": Image.letters("aa").value, "alpha": mask.value])
        #expect(made.batch == 1)
        #expect(made.floats() == [0, 0, 0, 0.75, 0, 0, 0, 0.75])
    }
}

@Suite("GetImageSize")
struct GetImageSizeTests {
    @Test("gives width, height and how many")
    func size() async throws {
        let outputs = try await NodeCall.outputs(
            GetImageSize(), ["image": Image.counting(batch: 2, height: 3, width: 4).value])
        #expect(outputs.compactMap { Int($0) } == [4, 3, 2])
    }
}

@Suite("Texts")
struct StringNodesTests {
    @Test("are joined around a delimiter")
    func concatenate() async throws {
        let made = try await NodeCall.text(
            StringConcatenate(), ["string_a": .text("a"), "string_b": .text("b"), "delimiter": .text(", ")])
        #expect(made == "a, b")
        let lines = try await NodeCall.text(PrimitiveStringMultiline(), ["value": .text("a\nb")])
        #expect(lines == "a\nb")
    }

    @Test(
        "are replaced as Python's str.replace does",
        arguments: [
            ("aaa", "aa", "b", "ba"), ("abab", "ab", "", ""), ("abc", "", "-", "-a-b-c-"), ("", "", "x", "x"),
            ("", "a", "x", ""), ("abc", "x", "y", "abc"), ("a.b", ".", "\\1", "a\\1b"),
            ("e\u{301}", "e", "o", "o\u{301}"),
            ("🇩🇪🇫🇷", "🇪🇫", "x", "🇩x🇷"), ("\r\n", "\n", "", "\r"),
        ])
    func replace(text: String, find: String, replacement: String, made: String) async throws {
        let replaced = try await NodeCall.text(
            StringReplace(), ["string": .text(text), "find": .text(find), "replace": .text(replacement)])
        #expect(Array(replaced.unicodeScalars) == Array(made.unicodeScalars))
    }

    @Test("are searched in linear time: these would take 10^11 comparisons one by one")
    func repetitive() async throws {
        let text = String(repeating: "a", count: 700_000)
        let find = String(repeating: "a", count: 300_000) + "b"
        let values: [String: Value] = ["find": .text(find), "replace": .text("-")]
        let replaced = try await NodeCall.text(
            StringReplace(), values.merging(["string": .text(text + find)]) { $1 })
        #expect(replaced == text + "-")
        let kept = try await NodeCall.text(StringReplace(), values.merging(["string": .text(text)]) { $1 })
        #expect(kept == text)
    }

    @Test("do not grow beyond memory")
    func limits() async {
        let long = String(repeating: "x", count: 100_000)
        let error = await #expect(throws: Diagnostic.self) {
            try await NodeCall.text(
                StringReplace(), ["string": .text(long), "find": .text("x"), "replace": .text(long)])
        }
        #expect(error?.message == "the text would be longer than 64 MiB")
        #expect(error?.suggestion == "Use shorter texts.")
    }
}
