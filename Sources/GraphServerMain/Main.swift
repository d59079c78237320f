internal import Foundation
internal import GraphServer
internal import Nodes

@main
struct Main {
    static func main() async {
        exit(await ServerProgram.run(Array(CommandLine.arguments.dropFirst()), nodes: BuiltInNodes.all()))
    }
}
