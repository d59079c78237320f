/// Tells how far a run is and how long it may still take, and remembers how long its nodes took.
///
/// Estimates come from measured durations only; when one is missing there is no estimate.
struct Timekeeper {
    /// What a run measured, for the cost model.
    struct Measurement: Sendable {
        let type: String
        let byteCount: Int
        let seconds: Double
    }

    /// 50 ms: more often, nobody reads.
    private static let interval: Duration = .milliseconds(50)
    /// Shorter nodes are averaged by type; their size does not matter.
    private static let shortSeconds = 0.001
    private static let maxMeasurementCount = 10_000

    private struct Total {
        var seconds = 0.0
        var count = 0
    }

    private let model: CostModel
    private let registry: NodeRegistry
    private let width: Int
    private var totals: [Total]
    private var long: [Measurement] = []
    private var lastReport: Duration = .zero
    /// When nodes that tell how far they are will end by that, since the run started; nil when nobody knows.
    private var ends: [Int: (type: Int, at: Duration?)] = [:]
    /// How long running nodes usually take: weighing inputs that are long lists at each report would cost their square.
    private var usualByIndex: [Int: Duration?] = [:]

    init(model: CostModel, registry: NodeRegistry, width: Int) {
        (self.model, self.registry, self.width) = (model, registry, width)
        totals = Array(repeating: Total(), count: registry.types.count)
    }

    /// How long a call took and, unless it was short, with how much. Made before the run's lock is taken: weighing the
    /// inputs of a node with thousands of them takes a while.
    struct Elapsed {
        let seconds: Double
        let byteCount: Int

        init(of call: NodeCall, _ elapsed: Duration) {
            seconds = elapsed.seconds
            byteCount = seconds >= Timekeeper.shortSeconds ? call.inputs.byteCount : 0
        }
    }

    mutating func record(_ type: NodeType, _ elapsed: Elapsed) {
        totals[type.number].seconds += elapsed.seconds
        totals[type.number].count += 1
        if elapsed.seconds >= Self.shortSeconds && long.count < Self.maxMeasurementCount {
            long.append(
                Measurement(type: type.schema.type, byteCount: elapsed.byteCount, seconds: elapsed.seconds))
        }
    }

    var measured: [Measurement] {
        let known = Set(long.map(\.type))
        let short = zip(registry.types, totals).compactMap { type, total -> Measurement? in
            guard total.count > 0, !known.contains(type.schema.type) else { return nil }
            return Measurement(type: type.schema.type, byteCount: 0, seconds: total.seconds / Double(total.count))
        }
        return long + short
    }

    /// A running node has told how far it is.
    mutating func expect(_ index: Int, _ type: NodeType, in remaining: Duration?, now: Duration) {
        ends[index] = (type.number, remaining.map { now + $0 })
    }

    /// The node runs no longer.
    mutating func forget(_ index: Int) {
        if !ends.isEmpty { ends[index] = nil }
        if !usualByIndex.isEmpty { usualByIndex[index] = nil }
    }

    /// Whether it is time to tell how far the run is.
    /// - Parameter now: since the run started.
    func isDue(_ now: Duration) -> Bool { now - lastReport >= Self.interval }

    mutating func report(_ scheduler: Scheduler, now: Duration) -> RunEvent.Kind {
        lastReport = now
        return .runProgress(
            finished: scheduler.settledCount, of: scheduler.neededCount, remaining: remaining(scheduler, now: now))
    }

    /// The time left for a node: by its own pace once a tenth is done, by earlier runs before.
    mutating func remaining(_ scheduler: Scheduler, _ index: Int, fraction: Double, elapsed: Duration) -> Duration? {
        if fraction >= 0.1 { return .seconds(elapsed.seconds * (1 - min(1, fraction)) / fraction) }
        // Once it takes longer than ever before, nobody knows.
        return usual(scheduler, index).flatMap { $0 > elapsed ? $0 - elapsed : nil }
    }

    /// How long earlier runs took for such a node.
    mutating func usual(_ scheduler: Scheduler, _ index: Int) -> Duration? {
        if let known = usualByIndex[index] { return known }
        let type = scheduler.node(index).type.schema.type
        let usual = model.seconds(type: type, byteCount: scheduler.inputByteCount(index)).map { Duration.seconds($0) }
        usualByIndex[index] = .some(usual)
        return usual
    }

    /// The time left for the run: what its open nodes usually take, spread over as many as ran at once so far.
    private func remaining(_ scheduler: Scheduler, now: Duration) -> Duration? {
        var open = 0.0
        var busy = 0.0
        /// Nodes that are open and tell themselves how long they still take, by type.
        var told: [Int: Int] = [:]
        for (type, end) in ends.values {
            guard let end else { return nil }
            told[type, default: 0] += 1
            open += max(0, (end - now).seconds)
        }
        for (number, total) in totals.enumerated() {
            busy += total.seconds
            let count = scheduler.openByType[number] - (told[number] ?? 0)
            guard count > 0 else { continue }
            let type = registry.types[number].schema.type
            let mean = total.count > 0 ? total.seconds / Double(total.count) : model.seconds(type: type, byteCount: nil)
            guard let mean else { return nil }
            open += mean * Double(count)
        }
        let parallelism = min(Double(width), max(1, busy / max(now.seconds, 0.001)))
        return .seconds(open / parallelism)
    }
}

/// Merges progress reports closer than 50 ms, before they are numbered; a node's first and last are always told.
struct ProgressMerger {
    private struct Reported {
        let begun: Duration
        var last: Duration
        var held: RunEvent.Kind?
    }

    private static let interval: Duration = .milliseconds(50)
    private var reported: [Int: Reported] = [:]

    /// When the node first reported.
    func begun(_ index: Int) -> Duration? { reported[index]?.begun }

    /// Whether a report is to be told now; otherwise it is held back until a later one or the node's end.
    mutating func isDue(_ kind: RunEvent.Kind, of index: Int, now: Duration) -> Bool {
        let before = reported[index]
        if let before, now - before.last < Self.interval {
            reported[index]?.held = kind
            return false
        }
        reported[index] = Reported(begun: before?.begun ?? now, last: now, held: nil)
        return true
    }

    /// Tells the last report of a node now, if it was held back: a picture is to come behind it.
    mutating func release(_ index: Int, into events: inout [RunEvent.Kind], now: Duration) {
        guard let held = reported[index]?.held else { return }
        events.append(held)
        reported[index]?.held = nil
        reported[index]?.last = now
    }

    /// Tells the last report of a node that has finished, if it was held back.
    mutating func finish(_ index: Int, into events: inout [RunEvent.Kind]) {
        guard !reported.isEmpty, let last = reported.removeValue(forKey: index) else { return }
        if let held = last.held { events.append(held) }
    }
}

extension Duration {
    /// As a fraction of seconds.
    public var seconds: Double { self / .seconds(1) }
}
