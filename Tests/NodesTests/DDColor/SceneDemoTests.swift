import Foundation
import Inference
import Media
import TestData
import Testing

/// The model in the box, on scenes that it was not trained on: Tests/Fixtures/scene-demo.
@Suite("scene_demo")
struct SceneDemoTests {
    private static let folder = Workplace.root.appendingPathComponent("Tests/Fixtures/scene-demo")

    private func picture(_ name: String) throws -> Image {
        try ImageDecoder.decode([UInt8](Data(contentsOf: Self.folder.appendingPathComponent(name)))).image
    }

    @Test("finds colours whose mean error in a and b is at most a third of that of leaving the scenes gray")
    func heldOut() async throws {
        let place = try Workplace()
        var options = ModelHost.Options()
        options.cacheFolder = place.base.path + "/cache"
        let network = try await ModelHost(options).ddcolor(
            path: Workplace.root.path + "/models/ddcolor/scene_demo.safetensors"
        ) { _ in }
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix("-gray.png") }.sorted()
        #expect(names.count >= 12)
        var (error, grayError) = (0.0, 0.0)
        for name in names {
            let truth = try picture(name.replacingOccurrences(of: "-gray", with: "-truth"))
            let gray = try picture(name)
            let side = gray.width
            #expect((gray.height, truth.width, truth.height) == (side, side, side))
            let plane = gray.squashedGray(imageAt: 0, side: side)
            let colors = try await network.colors(of: Tensor(shape: [1, 3, side, side], values: plane + plane + plane))
            {
                _ in
            }.values
            let floats = truth.floats()
            for pixel in 0..<side * side {
                let lab = LabReference.lab((0..<3).map { Double(floats[pixel * 3 + $0]) })
                error += abs(Double(colors[pixel]) - lab.a) + abs(Double(colors[side * side + pixel]) - lab.b)
                grayError += abs(lab.a) + abs(lab.b)
            }
        }
        #expect(error / grayError <= 1.0 / 3)
    }

    @Test("is small enough to come along: at most 6 MB")
    func size() throws {
        let path = Workplace.root.path + "/models/ddcolor/scene_demo.safetensors"
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        #expect(size?.intValue ?? .max <= 6_000_000)
    }
}
