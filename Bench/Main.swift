@main
struct Main {
    /// `Bench` measures everything, `Bench chain 1000` one graph, over and over, for a profiler.
    static func main() async {
        let words = CommandLine.arguments.dropFirst()
        if let graph = words.first.flatMap(BenchGraph.init(rawValue:)),
            let count = words.dropFirst().first.flatMap({ Int($0) })
        {
            for _ in 0..<5 { await EngineBench.measureRun(graph, count) }
        } else {
            await EngineBench.run()
        }
    }
}
