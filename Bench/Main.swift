@main
struct Main {
    /// `Bench` measures the engine, `Bench chain 1000` one graph, over and over, for a profiler, `Bench server [NAME]` the
    /// server, `Bench pictures FOLDER` work on pixels, `Bench inference ...` a network.
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        if words.first == "server" {
            try ServerBench.run(words.dropFirst().first)
        } else if words.first == "inference" {
            try await InferenceBench.run(Array(words.dropFirst()))
        } else if words.first == "pictures", let folder = words.dropFirst().first {
            try await PictureBench.run(folder)
        } else if let graph = words.first.flatMap(BenchGraph.init(rawValue:)),
            let count = words.dropFirst().first.flatMap({ Int($0) })
        {
            for _ in 0..<5 { await EngineBench.measureRun(graph, count) }
        } else {
            await EngineBench.run()
        }
    }
}
