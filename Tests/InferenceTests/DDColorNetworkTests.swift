import Foundation
import GraphCore
import TestData
import Testing

@testable import Inference

/// shared/ddcolor: a network with few channels, and what the official code makes of it.
@Suite("A DDColor network")
struct DDColorNetworkTests {
    private static func floats(_ name: String) throws -> [Float] {
        let bytes = try Shared.bytes("ddcolor/" + name)
        return stride(from: 0, to: bytes.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << ($1 * 8) })
        }
    }

    private static func reference(_ name: String) -> String { Shared.folder.path + "/ddcolor/" + name }

    @Test(
        "computes what the official code does, from either kind of file and for any size",
        arguments: ["mini.pth", "mini.safetensors"], [64, 96])
    func reference(file: String, side: Int) async throws {
        try await withHost { host, _ in
            let network = try await host.ddcolor(path: Self.reference(file)) { _ in }
            let gray = Tensor(shape: [1, 3, side, side], values: try Self.floats("mini_\(side)_input.f32"))
            let colors = try await network.colors(of: gray) { _ in }
            #expect(colors.shape == [1, 2, side, side])
            let expected = try Self.floats("mini_\(side)_output.f32")
            #expect(zip(colors.values, expected).map { abs($0 - $1) }.max() ?? .infinity < 1e-4)
        }
    }

    @Test("tells of its work part by part, up to all of it")
    func progress() async throws {
        try await withHost { host, _ in
            let network = try await host.ddcolor(path: Self.reference("mini.pth")) { _ in }
            let gray = Tensor(shape: [1, 3, 64, 64], values: try Self.floats("mini_64_input.f32"))
            var shares: [Double] = []
            _ = try await network.colors(of: gray) { shares.append($0) }
            #expect(shares.count == 9)
            #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
            #expect(shares.last == 1)
            #expect((shares.first ?? 1) < 0.2)
        }
    }

    @Test("is made from a checkpoint once, and by its content: a copy under another name needs no second making")
    func cached() async throws {
        try await withHost { host, cache in
            var steps: [ModelHost.LoadingStep] = []
            _ = try await host.ddcolor(path: Self.reference("mini.pth")) { steps.append($0) }
            #expect(steps.prefix(2) == [.reading(0), .converting])
            #expect(steps.last == .loading(1))
            let copy = cache + "/copy.pth"
            try Data(Shared.bytes("ddcolor/mini.pth")).write(to: URL(filePath: copy))
            steps = []
            host.release()
            _ = try await host.ddcolor(path: copy) { steps.append($0) }
            #expect(!steps.contains(.converting))
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/graphs").count == 1)
        }
    }

    /// An ONNX file like the official export: one input and one output of fixed sides. What it gives is twice the input's
    /// first two channels.
    private func exported(input: [Int], output: [Int], in folder: String) throws -> String {
        var graph = ONNXGraph(name: "export")
        let gray = graph.input("input", input.map { .fixed($0) })
        let cut = graph.node(
            "Slice", [gray, graph.constant([0]), graph.constant([output[1]]), graph.constant([1])])
        graph.output(graph.node("Add", [cut, cut]), "output", output.map { .fixed($0) })
        try Data(graph.model()).write(to: URL(filePath: folder + "/exported.onnx"))
        return folder + "/exported.onnx"
    }

    @Test("may be an ONNX file, which says for which side it was exported")
    func onnxFile() async throws {
        try await withHost { host, folder in
            let file = try exported(input: [1, 3, 64, 64], output: [1, 2, 64, 64], in: folder)
            let network = try await host.ddcolor(path: file) { _ in }
            #expect(network.fixedSide == 64)
            let gray = Tensor(shape: [1, 3, 64, 64], values: try Self.floats("mini_64_input.f32"))
            let colors = try await network.colors(of: gray) { _ in }
            #expect(colors.values == gray.values.prefix(2 * 64 * 64).map { $0 * 2 })
        }
    }

    @Test("is not an ONNX file with other inputs or outputs")
    func foreignONNX() async throws {
        try await withHost { host, folder in
            let file = try exported(input: [1, 3, 64, 64], output: [1, 1, 64, 64], in: folder)
            let error = await #expect(throws: Diagnostic.self) { _ = try await host.ddcolor(path: file) { _ in } }
            #expect(
                error?.text == """
                    'exported.onnx' is no DDColor network: it goes from input [1, 3, 64, 64] to output [1, 1, 64, 64] \
                    instead of from [1, 3, side, side] to [1, 2, side, side]
                      Use OnnxImageModel for other models that turn pictures into pictures.
                    """)
        }
    }

    @Test("asked to run on a graphics card that the runtime cannot use says what to do")
    func noCard() async throws {
        try await withHost({ $0.device = .cuda }) { host, _ in
            let runtime = try host.startedRuntime()
            // One that can would need a card for this test.
            try #require(!runtime.providers.contains("CUDAExecutionProvider"))
            let error = await #expect(throws: Diagnostic.self) {
                _ = try await host.ddcolor(path: Self.reference("mini.pth")) { _ in }
            }
            #expect(
                error?.text == """
                    the ONNX Runtime in \(runtime.path) cannot compute on a graphics card
                      Install onnxruntime-gpu and set GRAPHRUN_ONNXRUNTIME to its library, or use --device cpu.
                    """)
        }
    }

    @Test("ends at once when its task is cancelled, and can be used again")
    func cancelled() async throws {
        try await withHost { host, _ in
            let network = try await host.ddcolor(path: Self.reference("mini.pth")) { _ in }
            let large = Tensor(shape: [1, 3, 1024, 1024], values: [Float](repeating: 0.5, count: 3 << 20))
            // From within, when the first part is told: from without, all could be over before it is noticed.
            let running = Task {
                try await network.colors(of: large) { _ in unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
            }
            await #expect(throws: CancellationError.self) { _ = try await running.value }
            let gray = Tensor(shape: [1, 3, 64, 64], values: try Self.floats("mini_64_input.f32"))
            let again = try await network.colors(of: gray) { _ in }
            #expect(again.shape == [1, 2, 64, 64])
        }
    }
}

/// A host with a cache folder of its own that is gone afterwards.
func withHost(
    _ change: (inout ModelHost.Options) -> Void = { _ in },
    _ body: (_ host: ModelHost, _ cacheFolder: String) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/inference-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = ModelHost.Options()
    options.cacheFolder = folder
    change(&options)
    try await body(ModelHost(options), folder)
}
