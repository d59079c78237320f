import Foundation
import GraphServer
import Nodes
import TestNodes

/// `graphserver` with ComfyUI's test nodes: for replaying transcripts, and for benchmarks that hold the queue.
@main
struct Main {
    static func main() async {
        let nodes = BuiltInNodes.all() + TestNodeTable.comfyUI()
        exit(
            await ServerProgram.run(Array(CommandLine.arguments.dropFirst())) { _ in
                ServerProgram.Offer(nodes: nodes, freeModels: {})
            })
    }
}
