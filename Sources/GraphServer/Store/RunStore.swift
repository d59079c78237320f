internal import GraphCore

/// A prompt and what has come of it.
struct StoredRun: Sendable {
    let prompt: Prompt
    /// Counts the prompts as they came in.
    let arrival: Int
    /// Where the log stood before its first event.
    let position: EventLog.Position
    /// The order of its last event or a later one; nil until it has ended.
    var lastOrder: UInt64?
    /// Whether its turn has come. Its first event follows.
    var isTaken = false
    var status = RunStatus()

    var hasEnded: Bool { status.state.hasEnded }

    /// What it takes in memory, about.
    var byteCount: Int { prompt.byteCount + status.byteCount + 300 }

    /// Taken out of the queue before its turn: ComfyUI's history knows nothing of such prompts.
    var neverStarted: Bool { status.startedAt == nil }

    /// Milliseconds since 1970.
    var startedAt: Int? { status.startedAt.map(prompt.milliseconds) }
    var endedAt: Int? { status.endedAt.map(prompt.milliseconds) }
}

/// How many prompts are in which state: the one source for `/prompt`, `/queue` and `status`.
struct RunCounts: Sendable, Equatable {
    var pending = 0
    var running = 0
    var ended = 0

    var remaining: Int { pending + running }
}

/// What a posted prompt asks for its place in the queue.
enum QueuePlace: Sendable {
    /// After those that came before.
    case back
    /// Before all that wait.
    case front
    case number(Double)
}

enum SubmitRefusal: Error, Equatable {
    case full(String)
    case repeatedID
}

/// The prompts of a server and the numbered log of their events. A prompt has one owner: its row here.
///
/// The states of a row follow from its events: it waits from `submit` on, runs from `take` on, and has ended before a
/// reader of the log sees its `runFinished`.
protocol RunStore: EventSink {
    /// Names the store that the numbers of the log are of.
    var epoch: String { get }
    /// The events of all runs. Readers see what is committed, and no further.
    var log: EventLog { get }
    var counts: RunCounts { get }

    /// Takes a prompt in; its row and its `runQueued` are there on return.
    /// - Parameter make: makes the prompt of its priority and of its number as text. Called at most once, before any event
    ///   of the run.
    func submit(
        _ id: RunID, _ place: QueuePlace, _ make: (_ priority: Double, _ number: String) -> Prompt
    ) throws(SubmitRefusal) -> Prompt

    /// Marks the prompt whose turn it is as running; nil when none waits.
    func take() -> (prompt: Prompt, run: QueuedRun)?

    /// Ends prompts that wait.
    func cancel(_ ids: [RunID])
    func cancelAllPending()

    /// Forgets prompts that have ended.
    func forget(_ ids: [RunID])
    func forgetAllEnded()

    func run(_ id: RunID) -> StoredRun?
    /// Those of a stream: of one client, or one run, or all.
    func runs(of scope: FrameLog.Reader.Scope) -> [StoredRun]
    /// Runs that ended up to this order may have been forgotten.
    var forgottenOrder: UInt64 { get }
    /// A prompt that waits or runs.
    func livePrompt(_ id: RunID) -> (prompt: Prompt, isRunning: Bool)?
    /// What runs, in order of its start, and what waits, in order of its turn.
    func livePrompts() -> (running: [Prompt], pending: [Prompt])
    /// All there are, each once: what waits, in order of its turn, what runs, and what has ended, oldest first.
    func allRuns() -> (pending: [StoredRun], running: [StoredRun], ended: [StoredRun])
    /// Of those that have ended and had started at most `maxCount`, oldest first: the newest, or from `offset`.
    func startedRuns(maxCount: Int, offset: Int?) -> [StoredRun]
}

extension RunStore {
    func endedRun(_ id: RunID) -> StoredRun? { run(id).flatMap { $0.hasEnded ? $0 : nil } }
}
