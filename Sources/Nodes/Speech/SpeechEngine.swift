internal import GraphCore
internal import Media

/// Something that speaks a text piece by piece: a program on this machine, or a server.
///
/// One engine is made for one call of a node, with its voice, speed and the rest, and is asked for one piece after
/// another, or for a few at once.
protocol SpeechEngine: Sendable {
    /// About how many characters a piece should have.
    var pieceLength: Int { get }
    /// How many pieces it may be asked for at the same time.
    var pieceCountAtOnce: Int { get }
    /// Whether speaking keeps a core of this machine busy: pieces at once then need cores to spare.
    var usesCores: Bool { get }

    /// Engines of one identity speak alike; nil where nothing is gained by keeping what was spoken.
    var identity: SpeechIdentity? { get }

    /// Speaks one piece. Long sounds go to `context.environment.scratchFolder` (`SoundBuilder`); phases and log lines
    /// may be reported through `context`, progress is the caller's.
    /// - Returns: the sound, with the pause that belongs behind a sentence; nil when there is nothing to say. All pieces
    ///   of one engine have the same rate and channels.
    /// - Throws: `CancellationError` at once when the task is cancelled; `Diagnostic` with what to do about it.
    func speak(_ piece: SpeechText.Piece, _ context: NodeContext) async throws -> Audio?
}

/// What decides how a server speaks a piece, besides its text.
struct SpeechIdentity: Sendable, Equatable {
    let provider: String
    let call: SpeechCall
}

/// What a node asks an engine for.
struct SpeechRequest: Sendable, Equatable {
    /// Empty: the language's own.
    var voice = ""
    /// A tag such as `en`, `pt-BR`, `zh`; empty: the voice's own.
    var language = ""
    /// 0.5...3, where 1 is the voice's own.
    var speed = 1.0
    /// 0...2, where 1 is the voice's own.
    var pitch = 1.0
    var seed: UInt64 = 0
}
