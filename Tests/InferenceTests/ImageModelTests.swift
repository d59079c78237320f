import Foundation
import GraphCore
import Testing

@testable import Inference

@Suite("A grid of tiles")
struct TileGridTests {
    @Test(
        "gives every place of the picture weights that sum to 1",
        arguments: [
            (100, 32, 8), (100, 100, 8), (33, 32, 8), (1000, 512, 32), (7, 8, 0), (513, 512, 32), (90, 40, 39),
        ],
        [1, 2])
    func sums(sizes: (length: Int, tile: Int, overlap: Int), scale: Int) {
        let grid = TileGrid(length: sizes.length, tileLength: sizes.tile, overlap: sizes.overlap)
        var sums = [Float](repeating: 0, count: sizes.length * scale)
        for (index, start) in grid.starts.enumerated() {
            for (position, weight) in grid.weights(ofTile: index, scale: scale).enumerated() {
                let place = start * scale + position
                if sums.indices.contains(place) { sums[place] += weight }
            }
        }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
    }

    @Test("ends with the picture, and its tiles share at least the overlap")
    func places() {
        #expect(TileGrid(length: 100, tileLength: 32, overlap: 8).starts == [0, 24, 48, 68])
        #expect(TileGrid(length: 30, tileLength: 32, overlap: 8).starts == [0])
    }
}

@Suite("A model for pictures")
struct ImageModelTests {
    typealias Shape = [ONNXGraph.Dimension]
    private static let open: Shape = [.fixed(1), .fixed(3), .any("h"), .any("w")]

    /// Writes a model of one input and one output and reads it as a person's file.
    private func withModel(
        input: Shape = Self.open, output: Shape = Self.open, inputs: Int = 1,
        _ build: (inout ONNXGraph, ONNXGraph.Edge) -> ONNXGraph.Edge,
        _ body: (ImageModel) async throws -> Void
    ) async throws {
        try await withHost { host, folder in
            var graph = ONNXGraph(name: "test")
            let edge = graph.input("in", input)
            for extra in 1..<max(1, inputs) { _ = graph.input("extra\(extra)", [.fixed(1)]) }
            let result = build(&graph, edge)
            graph.output(result, "out", output)
            try Data(graph.model()).write(to: URL(filePath: folder + "/test.onnx"))
            try await body(try await host.imageModel(path: folder + "/test.onnx") { _ in })
        }
    }

    private func picture(_ height: Int, _ width: Int, channels: Int = 3) -> ImageModel.Picture {
        ImageModel.Picture(
            height: height, width: width, channels: channels,
            values: (0..<height * width * channels).map { Float($0 * 37 % 251) / 251 })
    }

    /// Each pixel four times, as a square.
    private func double(_ graph: inout ONNXGraph, _ edge: ONNXGraph.Edge) -> ONNXGraph.Edge {
        let four = graph.node("Concat", [edge, edge, edge, edge], ["axis": .integer(1)])
        return graph.node("DepthToSpace", [four], ["blocksize": .integer(2), "mode": .string("DCR")])
    }

    @Test("enlarges by what it gives, in tiles that leave no seam", arguments: [(50, 70), (5, 3), (64, 64), (65, 129)])
    func enlarging(sides: (height: Int, width: Int)) async throws {
        try await withModel(double) { model in
            let picture = picture(sides.height, sides.width)
            var tiles: [Int] = []
            let large = try await model.run(picture, tile: 32, overlap: 8, range: .auto) { done, _ in tiles.append(done)
            }
            #expect((large.height, large.width) == (sides.height * 2, sides.width * 2))
            let expected = (0..<large.height * large.width * 3).map { index in
                let (y, x) = (index / 3 / large.width, index / 3 % large.width)
                return picture.values[(y / 2 * sides.width + x / 2) * 3 + index % 3]
            }
            #expect(zip(large.values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(tiles == Array(0...(tiles.last ?? 0)))
        }
    }

    @Test("that looks at neighbours gives the same in tiles as in one piece")
    func seamless() async throws {
        func blur(_ graph: inout ONNXGraph, _ edge: ONNXGraph.Edge) -> ONNXGraph.Edge {
            graph.node(
                "AveragePool", [edge],
                ["kernel_shape": .integers([5, 5]), "pads": .integers([2, 2, 2, 2]), "strides": .integers([1, 1])])
        }
        try await withModel(blur) { model in
            let picture = picture(96, 80)
            let whole = try await model.run(picture, tile: 96, overlap: 0, range: .auto) { _, _ in }
            let tiled = try await model.run(picture, tile: 40, overlap: 16, range: .auto) { _, _ in }
            #expect(zip(whole.values, tiled.values).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test("is given what its range says", arguments: ImageModel.ValueRange.allCases)
    func ranges(range: ImageModel.ValueRange) async throws {
        // Gives how far it is from the middle of what it is given.
        try await withModel({ graph, edge in
            graph.node("Abs", [edge])
        }) { model in
            let gray = ImageModel.Picture(
                height: 8, width: 8, channels: 3, values: [Float](repeating: 0.25, count: 192))
            let made = try await model.run(gray, tile: 64, overlap: 0, range: range) { _, _ in }
            // 0.25 is -0.5 of -1...1, whose absolute is 0.75 of the way.
            let expected: Float = range == .signed ? 0.75 : range == .bytes ? 64.0 / 255 : 0.25
            #expect(made.values.allSatisfy { abs($0 - expected) < 1e-6 })
        }
    }

    @Test("of one channel is asked for each channel of a colour picture")
    func gray() async throws {
        let one: Shape = [.fixed(1), .fixed(1), .any("h"), .any("w")]
        try await withModel(input: one, output: one, { graph, edge in graph.node("Identity", [edge]) }) { model in
            let picture = picture(16, 24)
            let made = try await model.run(picture, tile: 64, overlap: 0, range: .auto) { _, _ in }
            #expect(made == picture)
        }
    }

    @Test("bound to a size gets tiles of that size, whatever is asked for, and small pictures are filled up")
    func fixed() async throws {
        let bound: Shape = [.fixed(1), .fixed(3), .fixed(32), .fixed(32)]
        try await withModel(input: bound, output: bound, { graph, edge in graph.node("Identity", [edge]) }) { model in
            for sides in [(20, 100), (32, 32), (33, 31)] {
                let picture = picture(sides.0, sides.1)
                let made = try await model.run(picture, tile: 512, overlap: 8, range: .auto) { _, _ in }
                #expect(zip(made.values, picture.values).allSatisfy { abs($0 - $1) < 1e-5 })
                #expect((made.height, made.width) == sides)
            }
        }
    }

    private func refusal(
        input: Shape = Self.open, output: Shape = Self.open, inputs: Int = 1,
        _ build: (inout ONNXGraph, ONNXGraph.Edge) -> ONNXGraph.Edge
    ) async throws -> String {
        do {
            try await withModel(input: input, output: output, inputs: inputs, build) { model in
                _ = try await model.run(picture(16, 16), tile: 64, overlap: 0, range: .auto) { _, _ in }
            }
            return "accepted"
        } catch let error as Diagnostic {
            return error.text
        }
    }

    @Test("is refused when it takes or gives something else than a picture")
    func foreign() async throws {
        let two: Shape = [.fixed(1), .fixed(2), .any("h"), .any("w")]
        #expect(
            try await refusal(input: two, output: two) { graph, edge in graph.node("Identity", [edge]) } == """
                'test.onnx' does not turn a picture into a picture: it goes from in [1, 2, any, any] to out [1, 2, any, any] \
                instead of from [1, 3, height, width] to the like
                  Choose a model for pictures with one input, of 1 or 3 channels.
                """)
        let list: Shape = [.fixed(1), .fixed(1000)]
        #expect(
            try await refusal(
                output: list,
                { graph, edge in
                    graph.node("Flatten", [graph.node("GlobalAveragePool", [edge])])
                }
            ).hasPrefix("'test.onnx' does not turn a picture into a picture"))
        #expect(
            try await refusal(inputs: 2) { graph, edge in graph.node("Identity", [edge]) }
                .hasPrefix(
                    "'test.onnx' does not turn a picture into a picture: it goes from in [1, 3, any, any] and extra1 [1]"
                ))
    }

    @Test("is refused when it is bound to pictures without pixels")
    func noPixels() async throws {
        let none: Shape = [.fixed(1), .fixed(3), .fixed(0), .fixed(0)]
        #expect(
            try await refusal(input: none, output: none) { graph, edge in graph.node("Identity", [edge]) }
                .hasPrefix("'test.onnx' does not turn a picture into a picture: it goes from in [1, 3, 0, 0]"))
    }

    @Test("is refused when it makes less of a tile")
    func shrinking() async throws {
        #expect(
            try await refusal { graph, edge in
                graph.node("AveragePool", [edge], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
            } == """
                'test.onnx' makes 8x8 of a tile of 16x16, which is no enlargement by a whole number
                  Choose a model that keeps the size or enlarges by 2, 3 or 4.
                """)
    }

    @Test("that is no ONNX file is refused in one sentence")
    func broken() async throws {
        try await withHost { host, folder in
            try Data("no model".utf8).write(to: URL(filePath: folder + "/broken.onnx"))
            let error = await #expect(throws: Diagnostic.self) {
                _ = try await host.imageModel(path: folder + "/broken.onnx") { _ in }
            }
            #expect(error?.message.hasPrefix("ONNX Runtime cannot load 'broken.onnx': ") == true)
            #expect(
                error?.suggestion
                    == "Check that the file is a whole ONNX model, and made for an ONNX Runtime as old as this one.")
        }
    }
}
