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
    private let telling: Task<Void, Never>
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
        let journal = Journal(write: log)
        let folders = Folders(
            base: options.baseDirectory, overrides: options.directories, models: options.models,
            syncsOutputs: options.syncsOutputs)
        let veil = PathVeil(folders, base: options.baseDirectory)
        for warning in options.models.warnings { journal.say("warning: \(warning)") }
        var engineOptions = Engine.Options(coreCount: ProcessInfo.processInfo.activeProcessorCount)
        engineOptions.cache = options.cache
        for (name, permits) in options.resources { engineOptions.resources[name] = permits }
        let engine = Engine(registry: NodeRegistry(nodes), environment: folders, options: engineOptions)
        let history = History()
        let tidying = Tidying(folders: folders, journal: journal)
        let queue = PromptQueue(
            engine: engine, history: history,
            limits: PromptQueue.Limits(promptCount: options.queueLimit, concurrency: options.concurrentPrompts),
            preparation: { await tidying.wait() })
        let epoch = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
        let messages = MessageLog(
            epoch: epoch, limits: MessageLog.Limits(factByteCount: options.keptByteCount))
        let herald = Herald(
            engine: engine, queue: queue, history: history, log: messages, veil: veil,
            livePreviews: options.livePreviews)
        let idleTrim = IdleTrim { [weak queue] in queue?.remaining == 0 }
        queue.onIdle { idleTrim.queueBecameEmpty() }
        guards = Guards(
            listen: options.listen, allowedHosts: options.allowedHosts, corsOrigin: options.corsOrigin,
            hasFrontEnd: options.frontEndRoot != nil)
        let pictures = Lane(width: 2)
        context = ServerContext(
            options: options, engine: engine, folders: folders, queue: queue, history: history, log: messages,
            herald: herald, journal: journal, guards: guards, veil: veil, tidying: tidying, freeModels: freeModels,
            idleTrim: idleTrim, pictures: pictures, previews: PreviewCache(lane: pictures))
        if let complaint = options.frontEndRoot.flatMap(PageRoutes.complaint) { journal.say(complaint) }
        router = Self.router(context)
        let tls = try options.tlsCertificateFile.map {
            try TLSContext(certificateFile: $0, keyFile: options.tlsKeyFile ?? $0)
        }
        server = try Server(router: router, limits: options.http, tls: tls, log: { journal.say($0) })
        telling = Task.detached(priority: .userInitiated) { await herald.run() }
    }

    deinit { telling.cancel() }

    /// Listens on every address of the options; then the temp folder is emptied.
    /// - Returns: the port.
    /// - Throws: `ListenError`.
    public func listen() throws -> Int {
        context.tidying.hold()
        var port = context.options.port
        do {
            for address in context.options.listen { port = try server.listen(address, port: port) }
        } catch {
            context.tidying.release()
            throw error
        }
        context.tidying.begin()
        return port
    }

    /// Interrupts what runs, tells everyone, closes every connection.
    public func stop(grace: Duration = .seconds(5)) async {
        let runs = context.queue.stop()
        for run in runs { await run.value }
        telling.cancel()
        await telling.value
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
        router.problemResponse = { context.veil.over($0).response }
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
