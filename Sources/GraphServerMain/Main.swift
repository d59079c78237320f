internal import Foundation
internal import GraphCore
internal import GraphServer
internal import Inference
internal import Nodes
internal import Remote

@main
struct Main {
    static func main() async {
        // No exit handlers: an inference that was given up may still be inside the runtime, whose destructors must not run
        // under it.
        _exit(
            await ServerProgram.run(Array(CommandLine.arguments.dropFirst())) { options throws(Diagnostic) in
                var models = ModelHost.Options()
                models.device = Device(rawValue: options.device) ?? .auto
                models.memoryByteCount = options.modelByteCount ?? models.memoryByteCount
                models.limitThreads(to: options.resources)
                let host = ModelHost(models)
                host.removeDeadParts()
                let configuration = try Configuration(
                    file: options.configurationFile, baseDirectory: options.baseDirectory,
                    environment: ProcessInfo.processInfo.environment)
                let providers = Providers(configuration.providers)
                return ServerProgram.Offer(
                    nodes: BuiltInNodes.all(models: host, providers: providers), warnings: configuration.warnings,
                    freeModels: { host.release() })
            })
    }
}
