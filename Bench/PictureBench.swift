internal import Foundation
internal import GraphCore
internal import Media
internal import Synchronization

/// Runs one piece of work on pixels as a node, so that it has the cores that nodes have, and keeps how long it took.
private struct TimedNode: Node {
    let schema = NodeSchema(type: "Timed", category: "bench", hidden: [.uniqueID], isOutput: true)
    let body: @Sendable (NodeContext) throws -> Void
    let times: Times

    final class Times: Sendable {
        private let values = Mutex<[Double]>([])
        func add(_ seconds: Double) { values.withLock { $0.append(seconds) } }
        var sorted: [Double] { values.withLock { $0.sorted() } }
    }

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let start = ContinuousClock.now
        try body(context)
        times.add(start.duration(to: .now).seconds)
        return []
    }
}

/// Work on pixels, without files: the 12-megapixel photo of `Bench/run.sh`, on two cores.
enum PictureBench {
    private static let repetitions = 9

    /// - Parameter folder: has photo.jpg, photo.png (the same, 12 megapixels) and noisy.png (1024x768).
    static func run(_ folder: String) async throws {
        func bytes(_ name: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(name)))
        }
        let (jpeg, png) = (try bytes("photo.jpg"), try bytes("photo.png"))
        let photo = try ImageDecoder.decode(jpeg).image
        let noisy = try ImageDecoder.decode(bytes("noisy.png")).image
        await measure("decode jpeg") { _ in _ = try ImageDecoder.decode(jpeg) }
        await measure("decode png") { _ in _ = try ImageDecoder.decode(png) }
        await measure("lanczos 1024x768") { context in
            _ = try photo.resized(width: 1024, height: 768, method: .lanczos, centerCrop: false) {
                RowWork(context, rowCount: $0)
            }
        }
        // The width that libvips gives a Gaussian of sigma 2.5.
        let kernel = try GaussianKernel(radius: 4, sigma: 2.5)
        await measure("gaussian blur") { context in
            var work = RowWork(context, rowCount: photo.height)
            _ = try photo.blurred(kernel, work: &work)
        }
        await measure("sharpen") { context in
            var work = RowWork(context, rowCount: photo.height)
            _ = try photo.sharpened(kernel, amount: 1, work: &work)
        }
        try await colors(photo)
        await measure("non-local means 21x21") { context in
            var work = RowWork(context, rowCount: noisy.height)
            _ = try noisy.denoised(NonLocalMeans(sigma: 0.05), &work)
        }
    }

    /// The pixel work around a colouring network, of what a gray scan is and of a colour photo: squashing to 512 pixels
    /// and laying the colours over the picture.
    private static func colors(_ photo: Image) async throws {
        let green = photo.eightBit()
        let gray = (0..<green.count / 3).flatMap { [UInt8](repeating: green[3 * $0 + 1], count: 3) }
        let scan = Image(batch: 1, height: photo.height, width: photo.width, channels: 3, bytes: gray)
        let side = 512
        let planes = [(0..<2 * side * side).map { Float($0 % 97) - 48 }]
        for (name, picture) in [("gray", scan), ("colour", photo)] {
            await measure("colour 12 MP, \(name) photo, squashing alone") { context in
                var work = RowWork(context, rowCount: side)
                _ = try picture.squashedGray(imageAt: 0, side: side, &work)
            }
            for upsampling in ColorUpsampling.allCases {
                await measure("colour 12 MP, \(name) photo, \(upsampling.rawValue)") { context in
                    var squashing = RowWork(context, rowCount: side)
                    _ = try picture.squashedGray(imageAt: 0, side: side, &squashing)
                    var work = RowWork(context, rowCount: picture.height)
                    _ = try picture.colored(with: planes, side: side, upsampling: upsampling, &work)
                }
            }
        }
        await measure("saturation 12 MP") { context in
            var work = RowWork(context, rowCount: photo.height)
            _ = try photo.saturated(by: 1.5, &work)
        }
    }

    private static func measure(_ name: String, _ body: @escaping @Sendable (NodeContext) throws -> Void) async {
        let node = TimedNode(body: body, times: TimedNode.Times())
        let registry = NodeRegistry([node])
        let workflow = Workflow(nodes: [Workflow.Node(id: "1", type: "Timed", inputs: [])])
        guard let plan = Validator.check(workflow, registry: registry, environment: EmptyEnvironment()).plan else {
            return
        }
        var options = Engine.Options(coreCount: 2)
        options.cache = .none
        let engine = Engine(registry: registry, environment: EmptyEnvironment(), options: options)
        for index in 0..<repetitions { await engine.run(plan, of: workflow, id: RunID("\(index)")) }
        let times = node.times.sorted
        guard let best = times.first else { return print("\(name): failed") }
        print("\(name): \(milliseconds(times[times.count / 2])) ms (\(milliseconds(best)))")
    }

    private static func milliseconds(_ seconds: Double) -> String { String(format: "%.1f", seconds * 1e3) }
}
