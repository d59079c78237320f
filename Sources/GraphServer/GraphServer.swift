internal import Files
internal import Foundation
public import GraphCore
public import HTTP

/// A server of ComfyUI's protocol: an engine, the queue before it, the history behind it, and everyone who watches.
public final class GraphServer: Sendable {
    private let context: ServerContext
    /// Every route; for tests that need no port.
    public let router: Router
    private let server: Server
    private let publishing: Task<Void, Never>
    /// Whom to say where the server listens.
    private let guards: Guards

    /// Starts the engine; nothing listens yet.
    /// - Parameters:
    ///   - nodes: the types of node it knows.
    ///   - freeModels: lets go of the models that nodes have loaded.
    ///   - log: one line of what happened, for whoever runs it.
    /// - Throws: when a certificate is wrong, or the system has no thread left.
    public init(
        _ options: ServerOptions, nodes: [any Node], freeModels: @escaping @Sendable () -> Void = {},
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let serverLog = ServerLog(write: log)
        let folders = Folders(
            base: options.baseDirectory, overrides: options.directories, models: options.models,
            syncsOutputs: options.syncsOutputs)
        let redactor = PathRedactor(folders, base: options.baseDirectory)
        for warning in options.models.warnings { serverLog.say("warning: \(warning)") }
        var engineOptions = Engine.Options(coreCount: ProcessInfo.processInfo.activeProcessorCount)
        engineOptions.cache = options.cache
        for (name, permits) in options.resources { engineOptions.resources[name] = permits }
        let events = EventLog(limits: Self.logLimits(options))
        let store = MemoryRunStore(
            log: events, limits: MemoryRunStore.Limits(pendingCount: options.queueLimit), clock: engineOptions.clock)
        let engine = Engine(
            registry: NodeRegistry(nodes), environment: folders, options: engineOptions, log: events, sink: store)
        let tempCleanup = TempCleanup(folders: folders, serverLog: serverLog)
        let dispatcher = Dispatcher(
            store, engine: engine, limits: Dispatcher.Limits(concurrency: options.concurrentPrompts),
            preparation: { await tempCleanup.wait() })
        let messages = FrameLog(epoch: store.epoch, limits: Self.frameLimits(options))
        let encoding = RunEncoding(registry: engine.registry, redactor: redactor)
        let publisher = EventPublisher(store, to: messages, encoding: encoding, livePreviews: options.livePreviews)
        dispatcher.onRunEnd { [weak publisher] in publisher?.publish() }
        let idleTrim = IdleTrim { [weak store] in store?.counts.remaining == 0 }
        dispatcher.onIdle { idleTrim.queueBecameEmpty() }
        guards = Guards(
            listen: options.listen, allowedHosts: options.allowedHosts, corsOrigin: options.corsOrigin,
            hasFrontEnd: options.frontEndRoot != nil)
        let pictures = BlockingPool(width: 2)
        context = ServerContext(
            options: options, engine: engine, folders: folders, store: store, dispatcher: dispatcher, log: messages,
            encoding: encoding,
            streams: Subscription.Sources(frames: messages, replays: Replays(store, encoding)),
            serverLog: serverLog,
            guards: guards, redactor: redactor, tempCleanup: tempCleanup, freeModels: freeModels,
            idleTrim: idleTrim, pictures: pictures, previews: PreviewCache(lane: pictures))
        if let complaint = options.frontEndRoot.flatMap(PageRoutes.complaint) { serverLog.say(complaint) }
        router = Self.router(context)
        let tls = try options.tlsCertificateFile.map {
            try TLSContext(certificateFile: $0, keyFile: options.tlsKeyFile ?? $0)
        }
        server = try Server(router: router, limits: options.http, tls: tls, log: { serverLog.say($0) })
        publishing = Task.detached(priority: .userInitiated) { await publisher.run() }
    }

    deinit { publishing.cancel() }

    private static func logLimits(_ options: ServerOptions) -> EventLog.Limits {
        var limits = EventLog.Limits()
        limits.maxByteCount = options.keptByteCount
        return limits
    }

    private static func frameLimits(_ options: ServerOptions) -> FrameLog.Limits {
        var limits = FrameLog.Limits()
        limits.factByteCount = min(limits.factByteCount, options.keptByteCount)
        return limits
    }

    /// Listens on every address of the options; then the temp folder is emptied.
    /// - Returns: the port.
    /// - Throws: `ListenError`.
    public func listen() throws -> Int {
        context.tempCleanup.hold()
        var port = context.options.port
        do {
            for address in context.options.listen { port = try server.listen(address, port: port) }
        } catch {
            context.tempCleanup.release()
            throw error
        }
        context.tempCleanup.begin()
        return port
    }

    /// Interrupts what runs, tells everyone, closes every connection.
    public func stop(grace: Duration = .seconds(5)) async {
        let runs = context.dispatcher.stop()
        for run in runs { await run.value }
        publishing.cancel()
        await publishing.value
        await server.stop(grace: grace)
    }

    // MARK: Routes

    private static func router(_ context: ServerContext) -> Router {
        let routes =
            PromptRoutes(context: context).routes + HistoryRoutes(context: context).routes
            + JobsRoutes(context: context).routes + StreamRoutes(context: context).routes
            + NodeRoutes(context: context).routes + SystemRoutes(context: context).routes
            + ViewRoutes(context: context).routes + UploadRoutes(context: context).routes
            + UserRoutes(context: context).routes + ModelRoutes(context: context).routes + [OpenAPI.route]
        let pages =
            TemplateRoutes(context: context).routes + PageRoutes(context: context).routes
            + Preflight(context: context).routes
        var router = Router((routes + routes.map { $0.under("/api") } + pages).map(\.compressing))
        router.guards = [{ try context.guards.check($0) }]
        router.problemResponse = { context.redactor.redact($0).response }
        router.finish = { _, response in
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Cross-Origin-Resource-Policy"] = context.guards.resourcePolicy
            if let origin = context.guards.corsOrigin {
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Methods"] = "POST, GET, DELETE, PUT, OPTIONS, PATCH"
                response.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization"
            }
        }
        return router
    }
}
