import Foundation
import TestData
import Testing

@testable import Inference

/// What the official code makes of shared/ddcolor's weights.
@Suite("A DDColor network")
struct DDColorNetworkTests {
    private static func host() -> ModelHost {
        ModelHost(ModelHost.Options(threadCount: 2, environment: ProcessInfo.processInfo.environment))
    }

    private static func floats(_ name: String) throws -> [Float] {
        let bytes = try Shared.bytes("ddcolor/" + name)
        return stride(from: 0, to: bytes.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << ($1 * 8) })
        }
    }

    @Test("computes what the official code does, from either kind of file", arguments: ["mini.pth", "mini.safetensors"], [64, 96])
    func reference(file: String, side: Int) async throws {
        let network = try Self.host().loadDDColor(path: Shared.folder.path + "/ddcolor/" + file) { _ in }
        let gray = Tensor(shape: [1, 3, side, side], values: try Self.floats("mini_\(side)_input.f32"))
        let expected = try Self.floats("mini_\(side)_output.f32")
        let colors = try await network.colors(of: gray) { _ in }
        let difference = zip(colors.values, expected).map { abs($0 - $1) }.max() ?? .infinity
        print(difference)
        #expect(difference < 1e-4)
    }
}
