import Foundation
import GraphCore
import Media
import TestData
import Testing

@testable import Nodes

/// Input and output tensors computed by ComfyUI 0.3.64 itself.
private struct Golden {
    static let path = "golden/image_nodes.json"

    let node: String
    let inputs: [String: Value]
    let shape: [Int]
    let values: [Float]
    let method: String?

    static func cases() throws -> [Golden] {
        let json = try JSONParser.parse(Shared.bytes(path))
        return (json["cases"]?.array ?? []).map { entry in
            var inputs: [String: Value] = [:]
            for image in entry["images"]?.object?.members ?? [] {
                let tensor = tensor(image.value)
                // Only masks are called so.
                inputs[image.key] = image.key == "mask" ? Mask(tensor).value : tensor.value
            }
            for argument in entry["args"]?.object?.members ?? [] {
                inputs[argument.key] = .literal(Literal(argument.value))
            }
            return Golden(
                node: entry["node"]?.string ?? "", inputs: inputs,
                shape: (entry["shape"]?.array ?? []).compactMap { $0.number?.int.map(Int.init) },
                values: (entry["values"]?.array ?? []).compactMap { $0.number?.double.map { Float($0) } },
                method: entry["args"]?["upscale_method"]?.string)
        }
    }

    /// Element i is ((i + offset) * 2654435761 mod 2^32) / 2^32 as float32.
    private static func tensor(_ json: JSON) -> Image {
        func int(_ key: String) -> Int { json[key]?.number?.int.map(Int.init) ?? 0 }
        let (batch, height, width, channels) = (int("batch"), int("height"), int("width"), int("channels"))
        let floats = (0..<batch * height * width * channels).map { index -> Float in
            Float(Double((UInt64(index + int("offset")) * 2_654_435_761) % (1 << 32)) / 4_294_967_296)
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}

@Suite("An image node", .enabled(if: Shared.has(Golden.path), "the golden data lies beside the repository"))
struct GoldenTests {
    @Test("gives ComfyUI's own pixels, in every case there is")
    func pixels() async throws {
        let registry = NodeRegistry(BuiltInNodes.all())
        let cases = try Golden.cases()
        #expect(cases.count >= 62)
        for golden in cases {
            let type = try #require(registry[golden.node], "\(golden.node) is missing")
            let bound = try await type.node.run(Inputs(type.schema, golden.inputs), NodeContext())
            let made = try #require(bound.first.flatMap(Self.tensor), "\(golden.node) gave no picture")
            #expect(made.shape == golden.shape)
            // lanczos works on 8-bit pixels there: one rounding step is allowed.
            let tolerance: Float = golden.method == "lanczos" ? 1.01 / 255 : 1e-5
            #expect(made.values.count == golden.values.count)
            let worst = zip(made.values, golden.values).map { abs($0 - $1) }.max() ?? 0
            #expect(
                worst <= tolerance,
                "\(golden.node) \(golden.inputs.keys.sorted()) \(golden.method ?? ""): off by \(worst)")
        }
    }

    /// A picture or a mask.
    private static func tensor(_ bound: BoundOutput) -> (shape: [Int], values: [Float])? {
        guard case .value(_, let value) = bound else { return nil }
        if let image = Image(value) {
            return ([image.batch, image.height, image.width, image.channels], Array(image.floats()))
        }
        return Mask(value).map { ([$0.batch, $0.height, $0.width], Array($0.floats())) }
    }
}
