internal import GraphCore
internal import Synchronization

/// Reads the engine's events as they come and has them told: to the history first, then to the queue, then to everyone
/// who listens.
final class Herald: Sendable {
    private struct State {
        var narrator: Narrator
        var position: EventLog.Position = 0
        var lastFlush = SuspendingClock.now
    }

    private let engine: Engine
    private let log: MessageLog
    private let state: Mutex<State>

    init(
        engine: Engine, queue: PromptQueue, history: History, log: MessageLog, veil: PathVeil,
        livePreviews: LivePreviews
    ) {
        (self.engine, self.log) = (engine, log)
        state = Mutex(
            State(
                narrator: Narrator(
                    epoch: log.epoch, origin: { Self.origin($0, queue, history) }, veil: veil,
                    rules: Narrator.Rules(
                        livePreviews: livePreviews,
                        showsEarlyProgress: { [registry = engine.registry] type in
                            registry[type]?.schema.showsEarlyProgress == true
                        }),
                    queueRemaining: { [weak queue] in queue?.remaining ?? 0 }, ended: { Self.ended($0, queue, history) }
                )))
        queue.onRunEnd { [weak self] in self?.tell() }
    }

    /// Goes on until its task is cancelled and everything that had happened by then is told.
    func run() async {
        while true {
            let (position, isDirty, isLarge) = tell()
            if Task.isCancelled { return }
            if isDirty { flushLater() }
            // A large run has something to tell every few microseconds. Being woken for each costs its nodes more than
            // they take themselves; half a millisecond later nobody notices.
            if isLarge { try? await Task.sleep(for: .microseconds(500)) }
            await engine.log.wait(after: position)
        }
    }

    /// Tells what has happened and has not been told, on the calling thread.
    @discardableResult
    private func tell() -> (position: EventLog.Position, isDirty: Bool, isLarge: Bool) {
        state.withLock { state in
            while true {
                let page = engine.log.read(after: state.position, limit: 1024)
                for (index, event) in page.events.enumerated() {
                    state.narrator.tell(event, next: index + 1 < page.events.count ? page.events[index + 1] : nil)
                }
                state.position = page.next
                let now = SuspendingClock.now
                if state.lastFlush.duration(to: now) >= Narrator.stateInterval {
                    state.narrator.flush()
                    state.lastFlush = now
                }
                log.publish(state.narrator.takeMessages())
                guard page.events.isEmpty else { continue }
                engine.log.release(through: state.position)
                return (state.position, state.narrator.isDirty, state.narrator.isLarge)
            }
        }
    }

    /// A large run that falls silent still has its last state told.
    private func flushLater() {
        Task.detached { [log = engine.log] in
            try? await Task.sleep(for: Narrator.stateInterval)
            log.wakeReaders()
        }
    }

    private static func origin(_ id: RunID, _ queue: PromptQueue, _ history: History) -> RunFold.Origin? {
        guard let prompt = queue.prompt(id)?.prompt ?? history.expected(id) else { return nil }
        return RunFold.Origin(
            clientID: prompt.clientID, queuedAt: prompt.createdAt,
            inputs: { inputs(of: $0, in: prompt.graph) })
    }

    private static func ended(_ ended: Narrator.Ended, _ queue: PromptQueue, _ history: History) {
        guard let prompt = queue.prompt(ended.id)?.prompt ?? history.expected(ended.id) else { return }
        history.add(ended, of: prompt)
        queue.finished(ended.id)
    }

    /// How much of a failed node's inputs its report shows.
    private static let inputsByteCount = 256 << 10

    /// ComfyUI gives the values of each call in a list; of links we say where they come from. Long values are cut.
    private static func inputs(of node: NodeID, in graph: [UInt8]) -> JSONObject {
        guard let text = KeptJSON.member(node.text, of: graph), let node = try? KeptJSON.parse(Array(text)),
            let inputs = node["inputs"]?.object
        else { return JSONObject() }
        var left = inputsByteCount
        return JSONObject(
            inputs.members.map { input in
                guard case .link(let link) = APIFormat.source(input.value) else {
                    return .init(input.key, .array([bounded(input.value, &left)]))
                }
                return .init(input.key, .array([.string("output \(link.slot) of node \(link.node)")]))
            })
    }

    private static func bounded(_ value: JSON, _ left: inout Int) -> JSON {
        let text = value.string ?? JSONWriter.text(value)
        let byteCount = min(TextBounds.messageByteCount, max(64, left))
        left -= min(byteCount, text.utf8.count)
        return text.utf8.count <= byteCount ? value : .string(TextBounds.cut(text, to: byteCount))
    }
}
