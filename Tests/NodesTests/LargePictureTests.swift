import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("A large picture")
struct LargePictureTests {
    /// Runs a node in a task that is cancelled already.
    private func runCancelled(
        _ node: some Node, _ values: [String: Value], _ environment: any NodeEnvironment = EmptyEnvironment()
    ) async throws {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await node.run(Inputs(node.schema, values), NodeContext(environment: environment))
        }
        task.cancel()
        try await task.value
    }

    /// 2 megapixels.
    private static let bytes = Image(
        batch: 1, height: 1024, width: 2048, channels: 3, bytes: Array(repeating: 99, count: 1024 * 2048 * 3))
    private static let floats = Image(batch: 1, height: 1024, width: 2048, channels: 3, floats: bytes.floats())

    @Test("is not begun once the run is cancelled: EmptyImage")
    func empty() async {
        await #expect(throws: CancellationError.self) {
            try await runCancelled(
                EmptyImage(),
                [
                    "width": .literal(.int(2048)), "height": .literal(.int(1024)), "batch_size": .literal(.int(1)),
                    "color": .literal(.int(0)),
                ])
        }
    }

    @Test("is not blended further", arguments: ImageBlend.Mode.allCases)
    func blend(_ mode: ImageBlend.Mode) async {
        await #expect(throws: CancellationError.self) {
            try await runCancelled(
                ImageBlend(),
                [
                    "image1": Self.bytes.value, "image2": Self.floats.value, "blend_factor": .literal(.double(0.5)),
                    "blend_mode": .literal(.string(mode.rawValue)),
                ])
        }
    }

    @Test("is not scaled further", arguments: ResamplingMethod.allCases)
    func scale(_ method: ResamplingMethod) async {
        for image in [Self.bytes, Self.floats] {
            await #expect(throws: CancellationError.self) {
                try await runCancelled(
                    ImageScale(),
                    [
                        "image": image.value, "upscale_method": .literal(.string(method.rawValue)),
                        "width": .literal(.int(1000)), "height": .literal(.int(0)),
                        "crop": .literal(.string("disabled")),
                    ])
            }
        }
    }

    /// Every node that takes a picture or a mask and gives one.
    private static let makers = BuiltInNodes.all().filter { node in
        let types: [SocketType] = [Image.socketType, Mask.socketType]
        return node.schema.inputs.contains { types.contains($0.type) }
            && node.schema.outputs.contains { types.contains($0.type) }
            // Models are stopped between operations, which their own tests show.
            && node.schema.resource != .model
    }

    @Test("is not worked on further, by any node", arguments: makers.map(\.schema.type))
    func any(_ type: String) async throws {
        let node = try #require(Self.makers.first { $0.schema.type == type })
        let mask = Mask(batch: 1, height: 1024, width: 2048, floats: Array(repeating: 0.5, count: 1024 * 2048))
        // What would let the picture through as it is.
        var values: [String: Value] = [
            "amount": .int(2), "rotation": .text("90 degrees"), "expand": .int(3), "width": .int(1000),
            "height": .int(1000), "megapixels": .double(1.5), "scale_by": .double(1.5), "saturation": .double(1.5),
        ]
        for input in node.schema.inputs {
            switch input.type {
            case Image.socketType: values[input.name] = Self.floats.value
            case Mask.socketType: values[input.name] = mask.value
            default:
                if values[input.name] != nil { continue }
                if case .fixed(let choices)? = input.choices, let first = choices.first {
                    values[input.name] = .text(first)
                } else if let value = input.defaultValue {
                    values[input.name] = .literal(Literal(value))
                }
            }
        }
        if type == "ImageFromBatch" {
            values["image"] =
                Image(
                    batch: 2, height: 512, width: 2048, channels: 3, floats: Self.floats.floats()
                ).value
        }
        let inputs =
            node.schema.takesLists
            ? Inputs(node.schema, lists: ["images": [Self.floats.value, Self.floats.value], "batch_size": [.int(2)]])
            : Inputs(node.schema, values)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await node.run(inputs, NodeContext())
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("is not read further, PNG or JPEG", arguments: ["large.png", "photo.jpg"])
    func load(_ name: String) async throws {
        let place = try Workplace()
        try place.write(try PNGCodec.encode(Self.bytes, at: 0), "large.png")
        await #expect(throws: CancellationError.self) {
            try await runCancelled(LoadImage(), ["image": .literal(.string(name))], place.folders)
        }
    }

    @Test("is not written further, and leaves no file")
    func save() async throws {
        for image in [Self.bytes, Self.floats] {
            let place = try Workplace()
            await #expect(throws: CancellationError.self) {
                try await runCancelled(
                    SaveImage(), ["images": image.value, "filename_prefix": .literal(.string("x"))], place.folders)
            }
            #expect(!FileManager.default.fileExists(atPath: place.base.appendingPathComponent("output").path))
        }
    }

    @Test("has the same pixels in bands as in one go")
    func bands() async throws {
        let pattern = (0..<1024 * 2048 * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        let bytes = Image(batch: 1, height: 1024, width: 2048, channels: 3, bytes: pattern)
        let floats = bytes.floats()
        let image = Image(batch: 1, height: 1024, width: 2048, channels: 3, floats: floats)
        let inverted = try await output(of: ImageInvert(), ["image": image.value])
        #expect(inverted.floats() == floats.map { 1 - $0 })
        #expect(image.eightBit() == pattern)
        let blended = try await output(
            of: ImageBlend(),
            [
                "image1": bytes.value, "image2": inverted.value, "blend_factor": .literal(.double(1)),
                "blend_mode": .literal(.string("multiply")),
            ])
        #expect(blended.floats() == floats.map { $0 * (1 - $0) })
    }

    private func output(of node: some Node, _ values: [String: Value]) async throws -> Image {
        let bound = try await node.run(Inputs(node.schema, values), NodeContext())
        guard case .value(_, let value)? = bound.first else { throw CodecError("no output") }
        return try #require(Image(value))
    }
}
