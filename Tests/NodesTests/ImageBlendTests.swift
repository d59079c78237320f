import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("Blending pictures")
struct ImageBlendTests {
    private func blended(_ lower: [Float], _ upper: [Float]) async throws -> [Float] {
        func image(_ pixel: [Float]) -> Image {
            Image(batch: 1, height: 1, width: 1, channels: pixel.count, floats: pixel)
        }
        let node = ImageBlend()
        let inputs = Inputs(
            node.schema,
            [
                "image1": image(lower).value, "image2": image(upper).value, "blend_factor": .literal(.double(0.5)),
                "blend_mode": .literal(.string("normal")),
            ])
        let outputs = try await node.run(inputs, NodeContext())
        guard case .value(_, .object(let made as Image))? = outputs.first else { return [] }
        return Array(made.floats())
    }

    @Test("takes the first one's channels: an alpha more is left out, one missing is opaque")
    func alpha() async throws {
        #expect(try await blended([0, 0, 0], [1, 0.5, 0.25, 0]) == [0.5, 0.25, 0.125])
        #expect(try await blended([0, 0, 0, 0], [1, 0.5, 0.25]) == [0.5, 0.25, 0.125, 0.5])
    }

    @Test("of one and three channels is refused")
    func refused() async throws {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "the pictures have 3 and 1 channels, so they cannot be blended",
                suggestion: "Convert both to the same number of channels.")
        ) { try await blended([0, 0, 0], [1]) }
    }
}
