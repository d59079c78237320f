import Foundation
import TestData
import Testing

@testable import Media

@Suite("Resizing", .enabled(if: Shared.has("golden/image_nodes.json"), "needs ../shared/golden"))
struct GoldenResizingTests {
    private struct Golden: Decodable {
        var cases: [Case]
    }

    private struct Case: Decodable {
        struct Tensor: Decodable {
            var batch: Int, height: Int, width: Int, channels: Int, offset: Int
        }

        struct Arguments: Decodable {
            var upscale_method: String?
            var crop: String?
        }

        var node: String
        var images: [String: Tensor]
        var args: Arguments
        var shape: [Int]
        var values: [Float]
    }

    private func image(_ tensor: Case.Tensor) -> Image {
        let count = tensor.batch * tensor.height * tensor.width * tensor.channels
        let values = (0..<count).map { i in
            Float(Double(UInt32(truncatingIfNeeded: (i + tensor.offset) &* 2_654_435_761)) / 4_294_967_296)
        }
        return Image(
            batch: tensor.batch, height: tensor.height, width: tensor.width, channels: tensor.channels, floats: values)
    }

    @Test("gives ComfyUI's pixels with every method", arguments: ResamplingMethod.allCases)
    func golden(_ method: ResamplingMethod) throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Data(Shared.bytes("golden/image_nodes.json")))
        let cases = golden.cases.filter { $0.node.hasPrefix("ImageScale") && $0.args.upscale_method == method.rawValue }
        #expect(cases.count >= 8)
        for golden in cases {
            let source = image(try #require(golden.images["image"]))
            let resized = try source.resized(
                width: golden.shape[2], height: golden.shape[1], method: method,
                centerCrop: golden.args.crop == "center")
            #expect([resized.batch, resized.height, resized.width, resized.channels] == golden.shape)
            let worst = zip(resized.floats(), golden.values).map { abs($0 - $1) }.max()
            let tolerance: Float = method == .lanczos || method == .nearestExact ? 0 : 1e-5
            #expect((worst ?? 1) <= tolerance, "\(golden.node) to \(golden.shape)")
        }
    }
}

@Suite("Resampling")
struct ResamplingTests {
    private func noise(batch: Int = 1, height: Int, width: Int, channels: Int, seed: Int = 0) -> Image {
        let bytes = (0..<batch * height * width * channels).map {
            UInt8(truncatingIfNeeded: ($0 + seed) &* 2_654_435_761 >> 11)
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
    }

    /// Pillow's own loop: 32-bit integers, one sample at a time, for one row or column.
    private func pillow(_ samples: [UInt8], to count: Int) -> [UInt8] {
        let weights = LanczosWeights(from: samples.count, to: count)
        return (0..<count).map { i in
            var sum: Int32 = 1 << 21
            for t in 0..<weights.count[i] {
                sum += weights.fixed[i * weights.stride + t] * Int32(samples[weights.first[i] + t])
            }
            return UInt8(min(max(sum >> 22, 0), 255))
        }
    }

    @Test("with lanczos gives Pillow's integers, however many channels", arguments: [1, 3, 5, 6], [7, 61, 333])
    func lanczosIsExact(channels: Int, newWidth: Int) throws {
        let image = noise(height: 45, width: 101, channels: channels, seed: newWidth)
        let bytes = image.eightBit()
        func column(_ pixels: [UInt8], _ at: Int, rowCount: Int, stride: Int) -> [UInt8] {
            (0..<rowCount).map { pixels[$0 * stride + at] }
        }
        var narrow = [UInt8](repeating: 0, count: 45 * newWidth * channels)
        for y in 0..<45 {
            for c in 0..<channels {
                let row = (0..<101).map { bytes[(y * 101 + $0) * channels + c] }
                for (x, byte) in pillow(row, to: newWidth).enumerated() {
                    narrow[(y * newWidth + x) * channels + c] = byte
                }
            }
        }
        var expected = [UInt8](repeating: 0, count: 20 * newWidth * channels)
        for x in 0..<newWidth * channels {
            let samples = column(narrow, x, rowCount: 45, stride: newWidth * channels)
            for (y, byte) in pillow(samples, to: 20).enumerated() { expected[y * newWidth * channels + x] = byte }
        }
        let resized = try image.resized(width: newWidth, height: 20, method: .lanczos, centerCrop: false)
        #expect(resized.eightBit() == expected)
        let acrossOnly = try image.resized(width: newWidth, height: 45, method: .lanczos, centerCrop: false)
        #expect(acrossOnly.eightBit() == narrow)
    }

    @Test("to the same size with lanczos changes nothing")
    func sameSize() throws {
        let image = noise(batch: 2, height: 40, width: 9, channels: 3)
        #expect(try image.resized(width: 9, height: 40, method: .lanczos, centerCrop: true) == image)
    }

    @Test("of bytes and of the same floats gives the same pixels", arguments: ResamplingMethod.allCases)
    func storage(_ method: ResamplingMethod) throws {
        let bytes = noise(batch: 2, height: 50, width: 33, channels: 3)
        let floats = Image(batch: 2, height: 50, width: 33, channels: 3, floats: bytes.floats())
        let fromBytes = try bytes.resized(width: 20, height: 70, method: method, centerCrop: true)
        let fromFloats = try floats.resized(width: 20, height: 70, method: method, centerCrop: true)
        #expect(fromBytes.floats() == fromFloats.floats())
    }

    @Test("with nearest-exact keeps bytes and their levels")
    func nearestLevels() throws {
        let inverted = noise(height: 4, width: 4, channels: 3).mapLevels { 1 - $0 }
        let resized = try inverted.resized(width: 2, height: 2, method: .nearestExact, centerCrop: false)
        guard case .bytes(let bytes, let levels) = resized.storage else {
            Issue.record("the bytes became floats")
            return
        }
        #expect(bytes.count == 12)
        #expect(levels == Image.standardLevels.map { 1 - $0 })
    }

    @Test("crops around the centre as Python rounds")
    func window() {
        let image = noise(height: 9, width: 12, channels: 1)
        // (12 - 9) / 2 is 1.5 and goes to 2; (9 - 3) / 2 is 3.
        #expect(Window(of: image, croppedTo: (5, 5)) == Window(x: 2, y: 0, width: 8, height: 9))
        #expect(Window(of: image, croppedTo: (12, 3)) == Window(x: 0, y: 3, width: 12, height: 3))
        #expect(Window(of: image, croppedTo: (1, 1000)) == Window(x: 5, y: 0, width: 2, height: 9))
    }

    @Test(
        "reports steps that never go back, and stops at once when a step throws", arguments: ResamplingMethod.allCases)
    func steps(_ method: ResamplingMethod) throws {
        struct Cancelled: Error {}
        let image = noise(batch: 2, height: 200, width: 4000, channels: 3)
        var steps: [Int] = []
        var totals: Set<Int> = []
        _ = try image.resized(width: 5000, height: 300, method: method, centerCrop: false) { rowCount in
            RowWork(rowCount: rowCount) { completed, total in
                steps.append(completed)
                totals.insert(total)
            }
        }
        #expect(steps.count > 1 && steps == steps.sorted() && totals.count == 1)
        #expect(totals.allSatisfy { total in steps.allSatisfy { (0..<total).contains($0) } })
        var calls = 0
        #expect(throws: Cancelled.self) {
            try image.resized(width: 5000, height: 300, method: method, centerCrop: false) { rowCount in
                RowWork(rowCount: rowCount) { _, _ in
                    calls += 1
                    if calls == 2 { throw Cancelled() }
                }
            }
        }
        #expect(calls == 2)
    }
}
