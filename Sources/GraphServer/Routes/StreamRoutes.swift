internal import Foundation
internal import GraphCore
internal import HTTP

/// Watching: the WebSocket that ComfyUI's clients use, and server-sent events.
struct StreamRoutes {
    let context: ServerContext

    var routes: [Route] { [.get("/ws") { try socket($0) }, .get("/events") { try events($0) }] }

    private func socket(_ request: Request) throws -> Reply {
        let given = request.query["clientId"] ?? ""
        guard given.utf8.count <= 256 else {
            throw HTTPProblem(400, "the clientId is longer than 256 bytes", suggestion: "Use a UUID.")
        }
        let clientID = given.isEmpty ? UUID().uuidString.replacing("-", with: "").lowercased() : given
        let features: JSON = ["type": "feature_flags", "data": context.features]
        let socket = WebSocketSubscriber(
            clientID: clientID, start: Self.start(request.query["since"]), sources: context.streams,
            features: JSONWriter.bytes(features),
            takesDescribedPreviews: request.query["supports_preview_metadata"] == "true",
            queueRemaining: { [store = context.store] in store.counts.remaining })
        socket.join()
        return .webSocket(socket)
    }

    private func events(_ request: Request) throws -> Reply {
        let scope: FrameLog.Reader.Scope
        if let prompt = request.query["prompt_id"] {
            let id = RunID(prompt)
            guard context.store.run(id) != nil else {
                throw HTTPProblem(
                    404, "there is no prompt '\(prompt.prefix(100))'",
                    suggestion: "GET /api/jobs lists those there are.")
            }
            scope = .run(id)
        } else {
            scope = request.query["clientId"].map { .client($0) } ?? .run(nil)
        }
        let since = request.head.headers["Last-Event-ID"] ?? request.query["since"]
        return .now(
            Response(
                200,
                headers: [
                    "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
                ], body: .source(ServerSentEvents(scope, Self.start(since), context.streams), byteCount: nil)))
    }

    /// `EPOCH:N`. What is no such thing is of no life of this log: its sender is told to start over.
    private static func start(_ since: String?) -> FrameLog.StartPosition {
        guard let since else { return .now }
        guard let colon = since.lastIndex(of: ":"), let seq = UInt64(since[since.index(after: colon)...]) else {
            return .after(epoch: "", seq: 0)
        }
        return .after(epoch: String(since[..<colon]), seq: seq)
    }
}
