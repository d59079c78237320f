internal import COnnxRuntime  // the only file that does; C types and pointers stay in it
public import GraphCore
internal import Synchronization

/// ONNX Runtime, loaded while the program runs: https://onnxruntime.ai/docs/api/c/. Any version from 1.16 on.
///
/// All sessions share one pool of threads and one arena of memory, so that the parts of a model that run one after the
/// other need no more than the largest of them.
@safe public final class ONNXRuntime: @unchecked Sendable {
    // Unchecked: nothing changes after the initializer, and the library's functions may be called from any thread.

    /// The table of functions is asked for as this version has it, the lowest one that will do.
    private static let apiVersion: UInt32 = 16
    public static let lowestVersion = "1.\(apiVersion)"

    /// Of the library in use.
    public let path: String
    public let version: String
    /// What it can compute on, such as `CPUExecutionProvider`, the best first.
    public let providers: [String]
    public let threadCount: Int

    fileprivate let api: ConnApi
    fileprivate let allocator: OpaquePointer
    private let environment: OpaquePointer

    /// Those that were started, by the address of their table: a library keeps one environment for the whole process,
    /// and what is set about it is set once.
    private static let started = Mutex<[UInt: ONNXRuntime]>([:])

    /// Loads and starts the library, or gives the one that was started from it before. It stays as long as the process.
    /// - Parameter threadCount: how many threads work on one operation, the caller's among them; the first call decides.
    public static func load(path: String, threadCount: Int) throws(Diagnostic) -> ONNXRuntime {
        try RuntimeSearch.checkArchitecture(path)
        var reason = [CChar](repeating: 0, count: 1024)
        var table: UnsafePointer<ConnApi>?
        guard let version = unsafe conn_open(path, Self.apiVersion, &table, &reason, reason.count) else {
            let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw RuntimeSearch.unloadable(path, reason: String(decoding: bytes, as: UTF8.self))
        }
        let versionText = unsafe String(cString: version)
        guard let table = unsafe table else { throw RuntimeSearch.tooOld(path, version: versionText) }
        let (address, api) = unsafe (UInt(bitPattern: table), table.pointee)
        return try started.withLock { (started) throws(Diagnostic) in
            if let runtime = started[address] { return runtime }
            let runtime = try unsafe ONNXRuntime(path, versionText, api, threadCount)
            started[address] = runtime
            return runtime
        }
    }

    private init(_ path: String, _ version: String, _ api: ConnApi, _ threadCount: Int) throws(Diagnostic) {
        (self.path, self.version, self.threadCount) = (path, version, threadCount)
        unsafe self.api = api
        do throws(Diagnostic) {
            unsafe environment = try Self.makeEnvironment(api, threadCount)
            var allocator: OpaquePointer?
            try unsafe Self.check(api, api.GetAllocatorWithDefaultOptions(&allocator))
            unsafe self.allocator = try Self.some(allocator)
            unsafe providers = try Self.providers(api)
        } catch {
            throw Diagnostic(.nodeFailed, node: nil, "ONNX Runtime \(version) cannot be started: \(error.message)")
        }
    }

    private static func makeEnvironment(_ api: ConnApi, _ threadCount: Int) throws(Diagnostic) -> OpaquePointer {
        var threading: OpaquePointer?
        try unsafe check(api, api.CreateThreadingOptions(&threading))
        let options = try unsafe some(threading)
        defer { unsafe api.ReleaseThreadingOptions(options) }
        try unsafe check(api, api.SetGlobalIntraOpNumThreads(options, CInt(threadCount)))
        // A thread without work sleeps at once: cores are for the nodes that run beside, and for what comes next.
        try unsafe check(api, api.SetGlobalSpinControl(options, 0))
        // 4: fatal. What fails is told by the status of the call, not on standard error.
        var environment: OpaquePointer?
        try unsafe check(api, api.CreateEnvWithGlobalThreadPools(4, "graphrun", options, &environment))
        let made = try unsafe some(environment)
        do throws(Diagnostic) {
            try unsafe shareArena(api, made)
        } catch {
            unsafe api.ReleaseEnv(made)
            throw error
        }
        return unsafe made
    }

    /// An arena for all sessions that grows by what is asked for (strategy 1), not to the next power of two.
    private static func shareArena(_ api: ConnApi, _ environment: OpaquePointer) throws(Diagnostic) {
        var memory: OpaquePointer?
        try unsafe check(api, api.CreateCpuMemoryInfo(1, 0, &memory))
        let info = try unsafe some(memory)
        defer { unsafe api.ReleaseMemoryInfo(info) }
        var arena: OpaquePointer?
        try unsafe check(api, api.CreateArenaCfg(0, 1, -1, -1, &arena))
        let configuration = try unsafe some(arena)
        defer { unsafe api.ReleaseArenaCfg(configuration) }
        try unsafe check(api, api.CreateAndRegisterAllocator(environment, info, configuration))
    }

    private static func providers(_ api: ConnApi) throws(Diagnostic) -> [String] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: CInt = 0
        try unsafe check(api, api.GetAvailableProviders(&names, &count))
        guard let names = unsafe names else { return [] }
        defer {
            if let status = unsafe api.ReleaseAvailableProviders(names, count) { unsafe api.ReleaseStatus(status) }
        }
        return (0..<Int(count)).compactMap { index in unsafe names[index].map { unsafe String(cString: $0) } }
    }

    // MARK: Status

    /// - Throws: the status as a sentence of the library, which is released.
    fileprivate static func check(_ api: ConnApi, _ status: OpaquePointer?) throws(Diagnostic) {
        guard let status = unsafe status else { return }
        let message = unsafe String(cString: api.GetErrorMessage(status))
        unsafe api.ReleaseStatus(status)
        throw Self.failure(message)
    }

    fileprivate static func some(_ pointer: OpaquePointer?) throws(Diagnostic) -> OpaquePointer {
        guard let pointer = unsafe pointer else { throw failure("it returned nothing") }
        return unsafe pointer
    }

    private static func failure(_ message: String) -> Diagnostic {
        let lower = message.lowercased()
        if lower.contains("failed to allocate") || lower.contains("bad_alloc") || lower.contains("out of memory") {
            return Diagnostic(
                .outOfMemory, node: nil, "there is not enough memory for the model at this size",
                suggestion: "Choose a smaller size, or close other programs.")
        }
        return Diagnostic(.nodeFailed, node: nil, String(message.prefix(500)))
    }

    fileprivate func check(_ status: OpaquePointer?) throws(Diagnostic) { try unsafe Self.check(api, status) }

    // MARK: Sessions

    /// Reads a model and makes it ready to run, which takes seconds for a large one.
    /// - Parameter file: an ONNX file; the weights it keeps in other files lie beside it.
    public func session(file: String, device: Device) throws(Diagnostic) -> InferenceSession {
        let options = try unsafe makeOptions()
        defer { unsafe api.ReleaseSessionOptions(options) }
        try unsafe configure(options)
        let refusal = try unsafe useCUDA(options, device)
        var session: OpaquePointer?
        do throws(Diagnostic) {
            try unsafe check(api.CreateSession(environment, file, options, &session))
        } catch {
            throw Self.unreadable(file, error)
        }
        return try unsafe InferenceSession(self, Self.some(session), cudaRefusal: refusal)
    }

    /// Gives back what the arena holds and nobody uses, which the library does only at the end of a run: of a model that
    /// does nothing.
    public func giveMemoryBack() throws(Diagnostic) {
        var graph = ONNXGraph(name: "nothing")
        graph.output(graph.input("in", [.fixed(1)]), "out", [.fixed(1)])
        let options = try unsafe makeOptions()
        defer { unsafe api.ReleaseSessionOptions(options) }
        try unsafe configure(options)
        var created: OpaquePointer?
        let bytes = graph.model()
        try unsafe check(api.CreateSessionFromArray(environment, bytes, bytes.count, options, &created))
        let session = try unsafe InferenceSession(self, Self.some(created), cudaRefusal: nil)
        let input = try value(Tensor(shape: [1], values: [0]))
        do {
            _ = try session.run([("in", input)], outputs: ["out"], RunCancellation(), givesMemoryBack: true)
        } catch {
            throw error as? Diagnostic ?? Diagnostic(.nodeFailed, node: nil, "memory cannot be given back")
        }
    }

    private func makeOptions() throws(Diagnostic) -> OpaquePointer {
        var created: OpaquePointer?
        try unsafe check(api.CreateSessionOptions(&created))
        return try unsafe Self.some(created)
    }

    private func configure(_ options: OpaquePointer) throws(Diagnostic) {
        try unsafe check(api.DisablePerSessionThreads(options))
        // From the second run on it would take one block per session for all that a run needs, beside the arena.
        try unsafe check(api.DisableMemPattern(options))
        // 99: every optimization.
        try unsafe check(api.SetSessionGraphOptimizationLevel(options, 99))
        try unsafe check(api.AddSessionConfigEntry(options, "session.use_env_allocators", "1"))
        // Weights are not mixed with what an inference needs and gives back.
        try unsafe check(api.AddSessionConfigEntry(options, "session.use_device_allocator_for_initializers", "1"))
    }

    /// - Returns: why the graphics card is not used though there might be one; nil when it is used or not wanted.
    private func useCUDA(_ options: OpaquePointer, _ device: Device) throws(Diagnostic) -> String? {
        guard device != .cpu else { return nil }
        guard providers.contains("CUDAExecutionProvider") else {
            if device == .auto { return nil }
            throw Diagnostic(
                .nodeFailed, node: nil, "the ONNX Runtime in \(path) cannot compute on a graphics card",
                suggestion: "Install onnxruntime-gpu and set GRAPHRUN_ONNXRUNTIME to its library, or use --device cpu.")
        }
        do throws(Diagnostic) {
            var created: OpaquePointer?
            try unsafe check(api.CreateCUDAProviderOptions(&created))
            let cuda = try unsafe Self.some(created)
            defer { unsafe api.ReleaseCUDAProviderOptions(cuda) }
            try unsafe check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda))
            return nil
        } catch {
            if device == .auto { return error.message }
            throw Diagnostic(
                .nodeFailed, node: nil, "the graphics card cannot be used: \(error.message)",
                suggestion: "Check that CUDA and cuDNN are installed and found (LD_LIBRARY_PATH), or use --device cpu.")
        }
    }

    private static func unreadable(_ file: String, _ error: Diagnostic) -> Diagnostic {
        if error.code == .outOfMemory { return error }
        return Diagnostic(
            .badFile, node: nil,
            "ONNX Runtime cannot load '\(file.split(separator: "/").last ?? "")': \(error.message)",
            suggestion: "Check that the file is a whole ONNX model, and made for an ONNX Runtime as old as this one.")
    }

    // MARK: Values

    /// Copies `tensor` to where the runtime can use it, as `type`.
    public func value(_ tensor: Tensor, as type: TensorPort.ElementType = .float32) throws(Diagnostic) -> TensorValue {
        let count = tensor.shape.reduce(1, *)
        precondition(count == tensor.values.count, "a tensor has as many values as its shape says")
        let shape = tensor.shape.map(Int64.init)
        var created: OpaquePointer?
        try unsafe check(api.CreateTensorAsOrtValue(allocator, shape, shape.count, type.code, &created))
        let value = try unsafe TensorValue(self, Self.some(created))
        let memory = try unsafe value.memory()
        switch type {
        case .float32:
            let target = unsafe UnsafeMutableBufferPointer(
                start: memory.assumingMemoryBound(to: Float.self), count: count)
            _ = unsafe target.update(fromContentsOf: tensor.values)
        case .float16:
            let halves = tensor.values.map { Float16($0) }
            let target = unsafe UnsafeMutableBufferPointer(
                start: memory.assumingMemoryBound(to: Float16.self), count: count)
            _ = unsafe target.update(fromContentsOf: halves)
        case .uint8:
            let bytes = tensor.values.map { UInt8(clamping: $0) }
            let target = unsafe UnsafeMutableBufferPointer(
                start: memory.assumingMemoryBound(to: UInt8.self), count: count)
            _ = unsafe target.update(fromContentsOf: bytes)
        case .other: preconditionFailure("callers check the element type")
        }
        return value
    }
}

/// Numbers in memory that the runtime allocated: an input or output of a session. It never changes once it is made.
@safe public final class TensorValue: @unchecked Sendable {
    // Unchecked: written only before anyone else has it.
    fileprivate let runtime: ONNXRuntime
    fileprivate let handle: OpaquePointer

    fileprivate init(_ runtime: ONNXRuntime, _ handle: OpaquePointer) {
        self.runtime = runtime
        unsafe self.handle = handle
    }

    deinit { unsafe runtime.api.ReleaseValue(handle) }

    private static func product(_ shape: [Int]) throws(Diagnostic) -> Int {
        var product = 1
        for side in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: side)
            guard !overflow, side >= 0 else {
                throw Diagnostic(
                    .nodeFailed, node: nil, "the model gives numbers of the shape \(shape), which cannot be")
            }
            product = next
        }
        return product
    }

    fileprivate func memory() throws(Diagnostic) -> UnsafeMutableRawPointer {
        var memory: UnsafeMutableRawPointer?
        try unsafe runtime.check(runtime.api.GetTensorMutableData(handle, &memory))
        guard let memory = unsafe memory else { throw Diagnostic(.nodeFailed, node: nil, "a tensor has no memory") }
        return unsafe memory
    }

    /// A copy as float32.
    public func tensor() throws(Diagnostic) -> Tensor {
        var created: OpaquePointer?
        try unsafe runtime.check(runtime.api.GetTensorTypeAndShape(handle, &created))
        let info = try unsafe ONNXRuntime.some(created)
        defer { unsafe runtime.api.ReleaseTensorTypeAndShapeInfo(info) }
        let (type, dimensions) = try unsafe InferenceSession.typeAndShape(runtime, info)
        let shape = dimensions.map { $0 ?? 0 }
        let count = try Self.product(shape)
        guard count > 0 else { return Tensor(shape: shape, values: []) }
        let memory = try unsafe memory()
        switch type {
        case .float32:
            let floats = unsafe memory.assumingMemoryBound(to: Float.self)
            return unsafe Tensor(shape: shape, values: Array(UnsafeBufferPointer(start: floats, count: count)))
        case .float16:
            let halves = unsafe memory.assumingMemoryBound(to: Float16.self)
            return unsafe Tensor(
                shape: shape, values: UnsafeBufferPointer(start: halves, count: count).map { Float($0) })
        case .uint8:
            let bytes = unsafe memory.assumingMemoryBound(to: UInt8.self)
            return unsafe Tensor(
                shape: shape, values: UnsafeBufferPointer(start: bytes, count: count).map { Float($0) })
        case .other: throw Diagnostic(.nodeFailed, node: nil, "the model gives numbers that are no float or byte")
        }
    }
}

/// A model made ready to run. Several runs may be under way at once.
@safe public final class InferenceSession: @unchecked Sendable {
    // Unchecked: nothing changes after the initializer; ONNX Runtime lets several threads run one session at once.
    public let inputs: [TensorPort]
    public let outputs: [TensorPort]
    /// Why it computes on the processor although a graphics card was to be used if there is one.
    public let cudaRefusal: String?
    public let runtime: ONNXRuntime
    private let handle: OpaquePointer

    fileprivate init(_ runtime: ONNXRuntime, _ handle: OpaquePointer, cudaRefusal: String?) throws(Diagnostic) {
        (self.runtime, self.cudaRefusal) = (runtime, cudaRefusal)
        unsafe self.handle = handle
        let api = unsafe runtime.api
        do throws(Diagnostic) {
            inputs = try unsafe Self.ports(
                runtime, handle, api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo)
            outputs = try unsafe Self.ports(
                runtime, handle, api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo)
        } catch {
            // A class whose initializer throws runs no deinit before every property is set.
            unsafe api.ReleaseSession(handle)
            throw error
        }
    }

    deinit { unsafe runtime.api.ReleaseSession(handle) }

    private typealias Status = OpaquePointer

    private static func ports(
        _ runtime: ONNXRuntime, _ session: OpaquePointer,
        _ countOf: (OpaquePointer, UnsafeMutablePointer<Int>) -> Status?,
        _ nameOf: (OpaquePointer, Int, OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Status?,
        _ typeOf: (OpaquePointer, Int, UnsafeMutablePointer<OpaquePointer?>) -> Status?
    ) throws(Diagnostic) -> [TensorPort] {
        var count = 0
        try unsafe runtime.check(countOf(session, &count))
        var ports: [TensorPort] = []
        for index in 0..<count {
            var text: UnsafeMutablePointer<CChar>?
            try unsafe runtime.check(nameOf(session, index, runtime.allocator, &text))
            guard let text = unsafe text else { continue }
            let name = unsafe String(cString: text)
            try unsafe runtime.check(runtime.api.AllocatorFree(runtime.allocator, text))
            var created: OpaquePointer?
            try unsafe runtime.check(typeOf(session, index, &created))
            let info = try unsafe ONNXRuntime.some(created)
            defer { unsafe runtime.api.ReleaseTypeInfo(info) }
            // Borrowed from `info`; nil for sequences and maps.
            var tensor: OpaquePointer?
            try unsafe runtime.check(runtime.api.CastTypeInfoToTensorInfo(info, &tensor))
            guard let tensor = unsafe tensor else {
                ports.append(TensorPort(name: name, elementType: .other, shape: []))
                continue
            }
            let (type, shape) = try unsafe typeAndShape(runtime, tensor)
            ports.append(TensorPort(name: name, elementType: type, shape: shape))
        }
        return ports
    }

    fileprivate static func typeAndShape(
        _ runtime: ONNXRuntime, _ info: OpaquePointer
    ) throws(Diagnostic) -> (TensorPort.ElementType, [Int?]) {
        var (code, rank): (CInt, Int) = (0, 0)
        try unsafe runtime.check(runtime.api.GetTensorElementType(info, &code))
        try unsafe runtime.check(runtime.api.GetDimensionsCount(info, &rank))
        var dimensions = [Int64](repeating: 0, count: rank)
        try unsafe runtime.check(runtime.api.GetDimensions(info, &dimensions, rank))
        return (TensorPort.ElementType(code: code), dimensions.map { $0 < 0 ? nil : Int($0) })
    }

    /// Computes `outputs` from `inputs`, blocking this thread until it is done or `cancellation` is used.
    /// - Parameter givesMemoryBack: whether the arena lets go of what is free when the run is over.
    /// - Throws: `CancellationError`, or a `Diagnostic` in the runtime's words.
    public func run(
        _ inputs: [(name: String, value: TensorValue)], outputs: [String], _ cancellation: RunCancellation,
        givesMemoryBack: Bool = false
    ) throws -> [TensorValue] {
        let api = unsafe runtime.api
        var created: OpaquePointer?
        try unsafe runtime.check(api.CreateRunOptions(&created))
        let options = try unsafe ONNXRuntime.some(created)
        defer { unsafe api.ReleaseRunOptions(options) }
        if givesMemoryBack {
            try unsafe runtime.check(
                api.AddRunConfigEntry(options, "memory.enable_memory_arena_shrinkage", "cpu:0"))
        }
        guard unsafe cancellation.begin(RunCancellation.Target(api, options)) else { throw CancellationError() }
        var results = unsafe [OpaquePointer?](repeating: nil, count: outputs.count)
        let handles = unsafe inputs.map { unsafe Optional($0.value.handle) }
        let status: OpaquePointer? = unsafe Self.withCStrings(inputs.map(\.name)) { inputNames in
            unsafe Self.withCStrings(outputs) { outputNames in
                unsafe api.Run(
                    handle, options, inputNames, handles, handles.count, outputNames, outputs.count, &results)
            }
        }
        // From here on nobody touches the options but this thread.
        let wasCancelled = cancellation.end()
        let values = unsafe results.map { handle in unsafe handle.map { unsafe TensorValue(runtime, $0) } }
        do throws(Diagnostic) { try unsafe runtime.check(status) } catch {
            throw wasCancelled ? CancellationError() : error
        }
        return values.compactMap(\.self)
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Result
    ) rethrows -> Result {
        let copies = strings.map { Array($0.utf8CString) }
        func open(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) throws -> Result {
            guard index < copies.count else { return try unsafe body(pointers) }
            return try unsafe copies[index].withUnsafeBufferPointer { buffer in
                try unsafe open(index + 1, pointers + [buffer.baseAddress])
            }
        }
        return try unsafe open(0, [])
    }
}

/// Ends runs of sessions from another thread: the runtime looks between two operations.
public final class RunCancellation: Sendable {
    /// The run under way. Unchecked: a run may be told to end from any thread, and the lock around `State` keeps the
    /// options from being released meanwhile.
    @safe fileprivate struct Target: @unchecked Sendable {
        private let api: ConnApi
        private let options: OpaquePointer

        init(_ api: ConnApi, _ options: OpaquePointer) {
            unsafe (self.api, self.options) = (api, options)
        }

        func terminate() {
            if let status = unsafe api.RunOptionsSetTerminate(options) { unsafe api.ReleaseStatus(status) }
        }
    }

    private struct State {
        var isCancelled = false
        /// There while a run is under way; released only after it was taken away under the lock.
        var target: Target?
    }

    private let state = Mutex(State())

    public init() {}

    /// Ends the run under way, and every later one that is given this.
    public func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.target?.terminate()
        }
    }

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    fileprivate func begin(_ target: Target) -> Bool {
        state.withLock { state in
            if !state.isCancelled { state.target = target }
            return !state.isCancelled
        }
    }

    fileprivate func end() -> Bool {
        state.withLock { state in
            state.target = nil
            return state.isCancelled
        }
    }
}

extension TensorPort.ElementType {
    /// ONNXTensorElementDataType.
    fileprivate init(code: CInt) {
        switch code {
        case 1: self = .float32
        case 2: self = .uint8
        case 10: self = .float16
        default: self = .other
        }
    }

    fileprivate var code: CInt {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .float16: 10
        case .other: 0
        }
    }
}
