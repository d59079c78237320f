internal import HTTP
internal import Synchronization

/// A model server for tests: it speaks the routes of Xinference 4.1, or OpenAI's, remembers what it was sent, and does
/// wrong what it is told to.
public final class ScriptedServer: Sendable {
    public enum Kind: Sendable { case xinference, openai }

    struct Script: Sendable {
        var faults: [Fault] = []
        var isReleased = false
        /// Values that asking for the progress of a picture gives, in order; the picture is done when all were asked for.
        var progress: [Double] = []
        var knownRequests: Set<String> = []
        var aborted: Set<String> = []
        var models: [String: String] = [:]
        /// Pieces of a streamed sound that go out before `release`.
        var pieceCount = Int.max
        var requests: [Recorded] = []
        var runningCount = 0
        var mostAtOnce = 0
        var abandonedCount = 0
        var bodies: [ScriptedBody] = []
    }

    final class Stage: Sendable {
        let kind: Kind
        let key: String?
        let script: Mutex<Script>

        init(_ kind: Kind, _ key: String?) {
            (self.kind, self.key) = (kind, key)
            script = Mutex(Script(models: Self.models))
        }

        private static let models = [
            "CosyVoice2-0.5B": "audio", "IndexTTS2": "audio", "Z-Image-Turbo": "image", "tts-1": "audio",
            "gpt-image-1": "image",
        ]
    }

    public let port: Int
    let stage: Stage
    private let server: Server

    /// - Parameter key: what requests must carry; nil for none.
    public init(_ kind: Kind = .xinference, key: String? = nil) throws {
        stage = Stage(kind, key)
        server = try Server(router: Router(Self.routes(stage)), loopCount: 1)
        port = try server.listen("127.0.0.1", port: 0)
    }

    public var url: String { "http://127.0.0.1:\(port)" }

    public func stop() async { await server.stop(grace: .zero) }

    // MARK: The script

    /// One fault for each of the next requests that make something.
    public func stage(_ faults: Fault...) { stage.script.withLock { $0.faults += faults } }

    /// Answers what was held, and holds nothing from now on.
    public func release() {
        let bodies = stage.script.withLock { script in
            script.isReleased = true
            script.pieceCount = .max
            return script.bodies
        }
        for body in bodies { body.wake() }
    }

    /// Sends so many pieces of a streamed sound, and the rest after `release`. The first piece is the head alone.
    public func holdStream(afterPieces count: Int) { stage.script.withLock { $0.pieceCount = count } }

    /// Makes the next picture take until each of these values was asked for.
    public func stageProgress(_ values: Double...) { stage.script.withLock { $0.progress = values } }

    /// What is loaded, with its type: `audio` or `image`.
    public func setModels(_ models: [String: String]) { stage.script.withLock { $0.models = models } }

    // MARK: What it saw

    public var requests: [Recorded] { stage.script.withLock { $0.requests } }
    /// To one route, such as `/v1/audio/speech`.
    public func requests(to path: String) -> [Recorded] { requests.filter { $0.path == path } }
    /// At work now.
    public var runningCount: Int { stage.script.withLock { $0.runningCount } }
    /// The most that ever were at work at the same time.
    public var mostAtOnce: Int { stage.script.withLock { $0.mostAtOnce } }
    /// Whose client went away before there was an answer.
    public var abandonedCount: Int { stage.script.withLock { $0.abandonedCount } }
    public var abortedRequests: Set<String> { stage.script.withLock { $0.aborted } }
    /// Streamed answers that were begun and are not over.
    public var openStreamCount: Int { stage.script.withLock { $0.bodies.count { !$0.isDetached } } }

    /// Waits until something is so, for 20 s at most.
    /// - Returns: whether it is.
    public func waits(for isSo: @Sendable (ScriptedServer) -> Bool) async -> Bool {
        for _ in 0..<10_000 {
            if isSo(self) { return true }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return false
    }
}
