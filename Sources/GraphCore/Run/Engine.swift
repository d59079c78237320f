internal import Synchronization

/// How a run ended and what it leaves to look at.
public struct RunResult: Sendable {
    public struct Shown: Sendable {
        /// The node of the visible workflow.
        public let node: NodeID
        public let values: JSONObject
    }

    public let outcome: RunEvent.Outcome
    /// What the blamed node said; nil unless the run failed.
    public let failure: Diagnostic?
    public let shown: [Shown]
    public let elapsed: Duration
}

/// A run that waits for its turn. `Engine.queue` makes one; it is given to `Engine.run` or `Engine.drop`, once.
public struct QueuedRun: Sendable {
    public let id: RunID
    /// By the engine's clock; the events of the run count from here.
    public let time: Duration
    /// Number of the last event in the log so far: being queued.
    public static let sequence: UInt64 = 1

    /// A run whose `runQueued` is in the log already.
    public init(id: RunID, at time: Duration) { (self.id, self.time) = (id, time) }
}

/// Runs plans: owns the node types, the permits, the threads, the cache of results and the log.
///
/// Any number of runs may be under way; they share permits by turns.
public final class Engine: Sendable {
    public struct Options: Sendable {
        public var cache = CachePolicy.classic
        public var resources: ResourceLimits
        public var log = EventLog.Limits()
        public var costs = CostModel()
        /// Monotonic time since any fixed moment; tests hand in one they move by hand.
        public var clock: @Sendable () -> Duration

        /// - Parameter coreCount: how many nodes may compute at once.
        public init(coreCount: Int) {
            resources = ResourceLimits(coreCount: coreCount)
            let epoch = SuspendingClock.now
            clock = { epoch.duration(to: .now) }
        }
    }

    public let registry: NodeRegistry
    public let environment: any NodeEnvironment
    public let log: EventLog
    /// Where events go: the log, or a store that keeps more than that.
    let sink: any EventSink
    let cache: OutputCache
    let resources: ResourcePool
    /// Kind of permit by type number.
    let resourceByType: [Int]
    let workers: WorkerPool
    private let clock: @Sendable () -> Duration
    private let costModel: Mutex<CostModel>

    public convenience init(registry: NodeRegistry, environment: any NodeEnvironment, options: Options) {
        let log = EventLog(limits: options.log)
        self.init(registry: registry, environment: environment, options: options, log: log, sink: log)
    }

    /// - Parameters:
    ///   - log: where the events can be read.
    ///   - sink: where they go first; appends them to `log`.
    public init(
        registry: NodeRegistry, environment: any NodeEnvironment, options: Options, log: EventLog, sink: any EventSink
    ) {
        (self.registry, self.environment, self.clock) = (registry, environment, options.clock)
        (self.log, self.sink) = (log, sink)
        cache = OutputCache(policy: options.cache, environment: environment)
        let resources = ResourcePool(
            limits: options.resources, names: Set(registry.types.map(\.schema.resource)))
        self.resources = resources
        resourceByType = registry.types.map { resources.index(of: $0.schema.resource) }
        // One more than can compute, for the tasks that look after runs.
        workers = WorkerPool(threadCount: resources.computingPermitCount + 1)
        costModel = Mutex(options.costs)
    }

    deinit { workers.stop() }

    func now() -> Duration { clock() }

    /// What the engine has learned about durations so far.
    public var costs: CostModel { costModel.withLock { $0 } }

    func learn(_ measured: [Timekeeper.Measurement]) {
        costModel.withLock { model in
            for one in measured { model.record(type: one.type, byteCount: one.byteCount, seconds: one.seconds) }
        }
    }

    /// Forgets all results.
    public func clearCache() { cache.clear() }

    /// Runs a plan to its end; cancelling the calling task cancels the run within 100 ms.
    /// - Parameters:
    ///   - workflow: what `plan` was made of; nodes may ask for it.
    ///   - keepsGoing: independent branches finish although a node has failed.
    @discardableResult
    public func run(_ plan: Plan, of workflow: Workflow, id: RunID, keepsGoing: Bool = false) async -> RunResult {
        await run(plan, of: workflow, queue(id), keepsGoing: keepsGoing)
    }

    /// A task on the engine's own threads: a run that is awaited there changes threads less often.
    public func task(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task.detached(executorPreference: workers, operation: work)
    }

    /// Puts a run into the log that will start later, or never (`drop`).
    public func queue(_ id: RunID) -> QueuedRun {
        let run = QueuedRun(id: id, at: now())
        tell(.runQueued, of: run, sequence: QueuedRun.sequence - 1)
        return run
    }

    /// Ends a run that cannot start, for a reason that is the node's if the diagnostic names one.
    public func fail(_ run: QueuedRun, _ reason: Diagnostic) {
        tell(
            .runStarted(nodeCount: 0, cached: []), .nodeFailed(reason.node ?? "", reason.bounded),
            .runFinished(.failed),
            of: run, sequence: QueuedRun.sequence)
    }

    private func tell(_ kinds: RunEvent.Kind..., of run: QueuedRun, sequence: UInt64) {
        var kinds = kinds, sequence = sequence
        sink.append(&kinds, run: run.id, sequence: &sequence, elapsed: now() - run.time)
    }

    /// Runs a plan that was queued before.
    @discardableResult
    public func run(
        _ plan: Plan, of workflow: Workflow, _ queued: QueuedRun, keepsGoing: Bool = false
    ) async -> RunResult {
        let tokens = await changeTokens(plan)
        // What nobody keeps goes with the run, all at once.
        let cache = cache.policy == .none ? OutputCache(policy: .none, environment: environment) : cache
        let lookup = cache.look(up: plan, tokens: tokens)
        let run = Run(
            queued, engine: self, cache: cache, workflow: workflow, plan: plan, lookup: lookup, keepsGoing: keepsGoing)
        return await run.execute()
    }

    /// What a run of the plan would do now, without doing it.
    public func preview(_ plan: Plan) async -> [(node: NodeID, type: String, because: RunEvent.Reason?)] {
        let tokens = await changeTokens(plan)
        let lookup = cache.look(up: plan, tokens: tokens)
        let preview = plan.nodes.enumerated().map { index, node in
            let isCached = lookup.cached[index] != nil || lookup.leaders[index] != index
            let reason = isCached ? nil : cache.reason(for: node, signature: lookup.signatures[index])
            return (node: node.id, type: node.type.schema.type, because: reason)
        }
        cache.forget(lookup.signatures)
        return preview
    }

    /// Asks the nodes that have one for their change token. Without a cache only nodes of one type are compared.
    private func changeTokens(_ plan: Plan) async -> [Int: ChangeToken] {
        let types = Set(plan.changing.map { plan.nodes[$0].type.number })
        if cache.policy == .none && types.count == plan.changing.count { return [:] }
        var tokens: [Int: ChangeToken] = [:]
        for index in plan.changing {
            let node = plan.nodes[index]
            let cells = node.type.schema.inputs.indices.map { position -> Inputs.Cell in
                guard let input = node.inputs.first(where: { $0.position == position }),
                    case .literal(let literal) = input.source
                else { return .absent }
                return .one(.literal(literal))
            }
            let inputs = Inputs(specs: node.type.schema.inputs, cells: cells)
            // A token that cannot be had is no token: the node runs, and says itself what is wrong.
            tokens[index] = (try? await node.type.node.changeToken(inputs, environment)) ?? .always
        }
        return tokens
    }
}
