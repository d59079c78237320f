internal import Foundation
public import GraphCore
internal import Synchronization

/// Where nodes get their models from: the runtime, found and started when the first model is wanted, and what is loaded.
public final class ModelHost: Sendable {
    public struct Options: Sendable {
        public var device = Device.auto
        /// How many threads work on one inference.
        public var threadCount: Int
        /// `${XDG_CACHE_HOME:-~/.cache}/graphrun`.
        public var cacheFolder: String
        public var search: RuntimeSearch

        /// As many threads as there are cores, and the process's own variables.
        public init() {
            let process = ProcessInfo.processInfo
            self.init(threadCount: process.activeProcessorCount, environment: process.environment)
        }

        /// - Parameter environment: the process's variables.
        public init(threadCount: Int, environment: [String: String]) {
            self.threadCount = threadCount
            cacheFolder = RuntimeSearch.cacheFolder(environment)
            search = RuntimeSearch(environment: environment)
        }
    }

    /// What happens while a model is loaded, for people.
    public enum LoadingStep: Sendable, Equatable {
        /// Models are made from a checkpoint, once.
        case converting
        /// The share that is ready for inference, 0...1.
        case loading(Double)
    }

    private let options: Options
    private let runtime = Mutex<ONNXRuntime?>(nil)

    public init(_ options: Options) { self.options = options }

    /// The runtime, loaded at the first call.
    public func startedRuntime() throws(Diagnostic) -> ONNXRuntime {
        try runtime.withLock { (runtime) throws(Diagnostic) in
            if let runtime { return runtime }
            let started = try options.search.load(threadCount: options.threadCount)
            runtime = started
            return started
        }
    }

    /// A DDColor network, from a checkpoint or an ONNX file.
    /// - Parameter step: called while it is loaded, by the task that waits.
    public func ddcolor(path: String, step: (LoadingStep) throws -> Void) async throws -> DDColorNetwork {
        try await OwnThread.run({ tell in try self.loadDDColor(path: path, step: tell) }, told: step)
    }

    /// - Parameter step: may throw to end the loading.
    func loadDDColor(path: String, step: (LoadingStep) throws -> Void) throws -> DDColorNetwork {
        let runtime = try startedRuntime()
        let fileName = String(path.split(separator: "/").last ?? "")
        if path.lowercased().hasSuffix(".onnx") {
            try step(.loading(0))
            return try DDColorNetwork(
                exported: PartedModel(file: path, runtime, options.device), fileName: fileName)
        }
        let checkpoint = try Checkpoint(path: path)
        let weights = NamedWeights(checkpoint: checkpoint, fileName: fileName)
        var stopped: (any Error)?
        let folder = try GraphCache(root: options.cacheFolder).folder(
            for: checkpoint, path: path, version: DDColorWriter.version,
            making: { do { try step(.converting) } catch { stopped = error } }
        ) { folder throws(Diagnostic) in try DDColorWriter.write(weights, into: folder) }
        if let stopped { throw stopped }
        return DDColorNetwork(
            parts: try PartedModel(folder: folder, runtime, options.device) { try step(.loading($0)) })
    }
}
