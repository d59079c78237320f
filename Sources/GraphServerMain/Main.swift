internal import Foundation
internal import GraphServer
internal import Inference
internal import Nodes

@main
struct Main {
    static func main() async {
        // No exit handlers: an inference that was given up may still be inside the runtime, whose destructors must not run
        // under it.
        _exit(
            await ServerProgram.run(Array(CommandLine.arguments.dropFirst())) { options in
                var models = ModelHost.Options()
                models.device = Device(rawValue: options.device) ?? .auto
                models.memoryByteCount = options.modelByteCount ?? models.memoryByteCount
                models.limitThreads(to: options.resources)
                let host = ModelHost(models)
                return ServerProgram.Offer(nodes: BuiltInNodes.all(models: host), freeModels: { host.release() })
            })
    }
}
