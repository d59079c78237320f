internal import Foundation
public import GraphCore
internal import Synchronization

/// Where nodes get their models from: the runtime, found and started when the first model is wanted, and what is loaded,
/// within a budget of memory.
public final class ModelHost: Sendable {
    public struct Options: Sendable {
        public var device = Device.auto
        /// How many threads work on one inference.
        public var threadCount: Int
        /// `${XDG_CACHE_HOME:-~/.cache}/graphrun`.
        public var cacheFolder: String
        public var search: RuntimeSearch
        /// How much loaded models may take; a larger one is kept alone.
        public var memoryByteCount: Int

        /// As many threads as there are cores, half of the memory, and the process's own variables.
        public init() {
            let process = ProcessInfo.processInfo
            self.init(
                threadCount: process.activeProcessorCount, memoryByteCount: Int(process.physicalMemory / 2),
                environment: process.environment)
        }

        /// - Parameter environment: the process's variables.
        public init(threadCount: Int, memoryByteCount: Int, environment: [String: String]) {
            (self.threadCount, self.memoryByteCount) = (threadCount, memoryByteCount)
            cacheFolder = RuntimeSearch.cacheFolder(environment)
            search = RuntimeSearch(environment: environment)
        }

        /// No more threads than nodes may compute on at once.
        /// - Parameter resources: permits by name; the last `cpu` counts.
        public mutating func limitThreads(to resources: [(name: ResourceName, permits: Int)]) {
            if let permits = resources.last(where: { $0.name == .cpu })?.permits {
                threadCount = min(threadCount, permits)
            }
        }
    }

    /// What happens while a model is loaded, for people.
    public enum LoadingStep: Sendable, Equatable {
        /// A checkpoint is read for the first time, to know it again; the share that is done.
        case reading(Double)
        /// ONNX models are made from a checkpoint, once.
        case converting
        /// The share that is ready for inference, 0...1.
        case loading(Double)
    }

    /// A file as it was when it was read: one that was replaced is another model.
    private struct Key: Hashable, Sendable {
        enum Kind: Sendable { case ddcolor, image }

        let kind: Kind
        let file: FileIdentity
    }

    private enum Loaded: Sendable {
        case ddcolor(DDColorNetwork)
        case image(ImageModel)
    }

    private let options: Options
    private let runtime = Mutex<ONNXRuntime?>(nil)
    private let loaded: LoadedModels<Key, Loaded>

    public init(_ options: Options) {
        self.options = options
        loaded = LoadedModels(byteBudget: options.memoryByteCount)
    }

    /// Removes from the cache what killed programs left half-made.
    public func removeDeadParts() { GraphCache(root: options.cacheFolder).removeDeadParts() }

    /// Lets go of all models, those in use with their node, and of the memory that inferences worked in.
    public func release() {
        loaded.release()
        let started = runtime.withLock { $0 }
        // What cannot be given back stays for the next inference.
        try? started?.giveMemoryBack()
    }

    /// The runtime, loaded at the first call.
    public func startedRuntime() throws(Diagnostic) -> ONNXRuntime {
        try runtime.withLock { (runtime) throws(Diagnostic) in
            if let runtime { return runtime }
            let started = try options.search.load(threadCount: options.threadCount)
            runtime = started
            return started
        }
    }

    // MARK: Models

    /// A DDColor network, from a checkpoint or an ONNX file.
    /// - Parameter step: called while it is loaded, by the task that waits; not when it is there.
    public func ddcolor(path: String, step: (LoadingStep) throws -> Void) async throws -> DDColorNetwork {
        let model = try await model(.ddcolor, path, step: step) { tell in
            .ddcolor(try self.readDDColor(path: path, step: tell))
        }
        guard case .ddcolor(let network) = model else { preconditionFailure("a key has its kind") }
        return network
    }

    /// A model that turns pictures into pictures, from an ONNX file.
    public func imageModel(path: String, step: (LoadingStep) throws -> Void) async throws -> ImageModel {
        let model = try await model(.image, path, step: step) { tell in
            try tell(.loading(0))
            let runtime = try self.startedRuntime()
            return .image(
                try ImageModel(
                    PartedModel(file: path, runtime, self.options.device), fileName: FileIdentity.name(path)))
        }
        guard case .image(let network) = model else { preconditionFailure("a key has its kind") }
        return network
    }

    private func model(
        _ kind: Key.Kind, _ path: String, step: (LoadingStep) throws -> Void,
        read: @escaping @Sendable (_ tell: (LoadingStep) throws -> Void) throws -> Loaded
    ) async throws -> Loaded {
        let file = try FileIdentity(path: path)
        return try await loaded.model(for: Key(kind: kind, file: file), byteCount: file.byteCount) {
            try await OwnThread.run(read, told: step)
        }
    }

    private func readDDColor(path: String, step: (LoadingStep) throws -> Void) throws -> DDColorNetwork {
        let fileName = FileIdentity.name(path)
        let runtime = try startedRuntime()
        if path.lowercased().hasSuffix(".onnx") {
            try step(.loading(0))
            return try DDColorNetwork(
                exported: PartedModel(file: path, runtime, options.device), fileName: fileName)
        }
        let checkpoint = try Checkpoint(path: path)
        let weights = NamedWeights(checkpoint: checkpoint, fileName: fileName)
        let folder = try GraphCache(root: options.cacheFolder).folder(
            for: checkpoint, path: path, version: DDColorWriter.version, tell: step
        ) { folder throws(Diagnostic) in try DDColorWriter.write(weights, into: folder) }
        return DDColorNetwork(
            parts: try PartedModel(folder: folder, runtime, options.device) { try step(.loading($0)) })
    }
}
