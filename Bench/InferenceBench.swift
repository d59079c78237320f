internal import Foundation
internal import GraphCore
internal import Inference

/// One network, as DDColor's node uses it: loaded, run several times, in a process of its own so that its peak memory
/// is its own. Bench/ddcolor.py compares it with PyTorch and with ONNX Runtime alone.
enum InferenceBench {
    /// `inference CHECKPOINT SIDE RUNS THREADS INPUT OUTPUT`: INPUT and OUTPUT are raw float32. Prints one JSON object.
    static func run(_ words: [String]) async throws {
        guard words.count == 6, let side = Int(words[1]), let runs = Int(words[2]), let threads = Int(words[3]) else {
            return print("Bench inference CHECKPOINT SIDE RUNS THREADS INPUT OUTPUT")
        }
        var options = ModelHost.Options()
        options.threadCount = threads
        let host = ModelHost(options)
        let loading = ContinuousClock.now
        let network = try await host.ddcolor(path: words[0]) { _ in }
        let load = loading.duration(to: .now)
        let again = ContinuousClock.now
        _ = try await host.ddcolor(path: words[0]) { _ in }
        let secondLoad = again.duration(to: .now)
        let gray = Tensor(shape: [1, 3, side, side], values: try floats(words[4]))
        var times: [Double] = []
        var output: [Float] = []
        for _ in 0..<runs {
            let start = ContinuousClock.now
            output = try await network.colors(of: gray) { _ in }.values
            times.append(start.duration(to: .now).seconds)
        }
        let data = output.reduce(into: Data()) { data, value in
            for shift in stride(from: 0, to: 32, by: 8) {
                data.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
            }
        }
        try data.write(to: URL(filePath: words[5]))
        print(
            """
            {"runtime": "\(network.model.runtime.version)", "load": \(load.seconds), "second_load": \(secondLoad.seconds), \
            "times": \(times), "peak_kb": \(try peakKilobytes())}
            """)
    }

    private static func floats(_ path: String) throws -> [Float] {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        return stride(from: 0, to: bytes.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << ($1 * 8) })
        }
    }

    /// The most memory this process has ever held.
    private static func peakKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
