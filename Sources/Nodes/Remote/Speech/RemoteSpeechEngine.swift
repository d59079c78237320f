internal import GraphCore
internal import Media
internal import Remote
internal import Synchronization

/// Speaks through a model server, one piece after another: a GPU gains nothing from several at once.
struct RemoteSpeechEngine: SpeechEngine {
    let pieceLength = 300
    let pieceCountAtOnce = 1
    let usesCores = false

    var identity: SpeechIdentity? { SpeechIdentity(provider: server.provider.name, call: call) }

    private let server: ModelServer
    private let call: SpeechCall
    private let firstPiece = FirstPiece()

    init(_ server: ModelServer, _ call: SpeechCall) { (self.server, self.call) = (server, call) }

    func speak(_ piece: SpeechText.Piece, _ context: NodeContext) async throws -> Audio? {
        // Of later pieces nobody waits for the beginning.
        let sink = SoundSink(context, isShownEarly: call.isStreamed && firstPiece.isNow())
        var request = call.request(piece.text)
        request.begin = { sink.begin() }
        request.receive = { try sink.take($0) }
        do {
            _ = try await server.send(request, CallReport(context))
            let audio = try sink.finish()
            if let note = sink.note { context.log(.warning, note) }
            return audio
        } catch let error as CodecError {
            try Task.checkCancellation()
            if let complaint = server.complaint(in: sink.start) { throw complaint }
            if let format = SoundFormat.unreadable(sink.start) {
                throw Diagnostic(
                    .nodeFailed, node: nil,
                    "'\(server.provider.name)' answered with a sound of the format \(format), which cannot be read",
                    suggestion: "Set the server up to answer with WAV, which was asked for.")
            }
            throw Diagnostic(
                .nodeFailed, node: nil, "'\(server.provider.name)' answered with what is no sound: \(error.message)",
                suggestion: "Check that \(call.model) makes speech, and look into the server's log.")
        }
    }

    /// True once.
    private final class FirstPiece: Sendable {
        private let isOver = Atomic(false)
        func isNow() -> Bool { !isOver.exchange(true, ordering: .relaxed) }
    }
}
