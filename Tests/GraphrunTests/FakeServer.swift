import Foundation
import GraphCore
import HTTP
import Synchronization

/// Answers as a test says, numbers no message, and keeps what it is sent: ComfyUI's side of the protocol, or a liar's.
final class FakeServer: Sendable {
    /// What it says and gives. `$ID` in messages is the prompt's id.
    struct Script: Sendable {
        /// Sent over the WebSocket once a prompt is posted. `nil` cuts the connection.
        var messages: [String?] = []
        /// The answer to `POST /prompt`; nil takes it.
        var refusal: Response?
        /// What `/history/{id}` holds once the prompt has been posted.
        var history: String?
        /// What `/object_info` gives.
        var objectInfo = "{}"
        /// What `/view` gives.
        var file: [UInt8] = Array("a file".utf8)
        /// The answer to an upload.
        var upload = #"{"name": "other.png", "subfolder": "", "type": "input"}"#
    }

    struct Seen: Sendable {
        let line: String
        let authorization: String?
    }

    let port: Int
    private let server: Server
    private let state: State

    var url: String { "http://127.0.0.1:\(port)" }
    var seen: [Seen] { state.seen.withLock { $0 } }

    /// What was posted to `/prompt`.
    var prompts: [JSON] { state.prompts.withLock { $0 } }

    init(_ script: Script = Script()) throws {
        let state = State(script)
        var router = Router([
            .get("/ws") { _ in .webSocket(Socket(state)) },
            .post("/prompt", maxByteCount: 1 << 20) { request in
                if let refusal = script.refusal { return .now(refusal) }
                let prompt = (try? JSONParser.parse(request.body)) ?? .null
                let id = prompt["prompt_id"]?.string ?? ""
                state.prompts.withLock { $0.append(prompt) }
                state.post(id)
                return .now(Self.json(#"{"prompt_id": "\#(id)", "number": 0, "node_errors": {}}"#))
            },
            .get("/history/{id}") { request in
                let id = request.parameters["id"] ?? ""
                return .now(Self.json(script.history.map { #"{"\#(id)": \#($0)}"# } ?? "{}"))
            },
            .get("/queue") { _ in .now(Self.json(#"{"queue_running": [], "queue_pending": []}"#)) },
            .post("/queue", maxByteCount: 1 << 20) { _ in .now(Response(200)) },
            .get("/object_info") { _ in .now(Self.json(script.objectInfo)) },
            .post("/interrupt", maxByteCount: 1 << 20) { _ in .now(Response(200)) },
            .get("/view") { _ in .now(Response(200, body: .bytes(script.file))) },
            .post("/upload/image", maxByteCount: 1 << 20) { _ in .now(Self.json(script.upload)) },
        ])
        router.finish = { request, _ in
            state.seen.withLock {
                $0.append(
                    Seen(
                        line: "\(request.head.method) \(request.rawPath)",
                        authorization: request.head.headers["Authorization"]))
            }
        }
        server = try Server(router: router, loopCount: 1)
        port = try server.listen("127.0.0.1", port: 0)
        self.state = state
    }

    private static func json(_ text: String) -> Response {
        Response(200, headers: ["Content-Type": "application/json"], body: .bytes(Array(text.utf8)))
    }

    func stop() async { await server.stop(grace: .milliseconds(100)) }

    private final class State: Sendable {
        let seen = Mutex([Seen]())
        let prompts = Mutex([JSON]())
        private let script: Script
        private let told = Mutex<(id: String?, next: Int, socket: WebSocketHandle?)>((nil, 0, nil))

        init(_ script: Script) { self.script = script }

        func post(_ id: String) {
            told.withLock { told in
                told.id = id
                return told.socket
            }?.wake()
        }

        func connect(_ socket: WebSocketHandle) { told.withLock { $0.socket = socket } }

        /// - Returns: false when it is to be cut.
        func fill(_ out: inout [UInt8]) -> Bool {
            told.withLock { told in
                guard let id = told.id else { return true }
                while told.next < script.messages.count {
                    told.next += 1
                    guard let message = script.messages[told.next - 1] else { return false }
                    WebSocketFrame.encode(.text, Array(message.replacing("$ID", with: id).utf8), into: &out)
                }
                return true
            }
        }
    }

    private final class Socket: WebSocketSession {
        private let state: State
        private let hasGreeted = Mutex(false)

        init(_ state: State) { self.state = state }

        func opened(_ socket: WebSocketHandle) {
            state.connect(socket)
            socket.wake()
        }

        func received(_ message: WebSocketMessage) {}

        func fill(_ out: inout [UInt8], limit: Int) -> Filled {
            let isFirst = hasGreeted.withLock { greeted in
                defer { greeted = true }
                return !greeted
            }
            if isFirst {
                let status =
                    #"{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "x"}}"#
                WebSocketFrame.encode(.text, Array(status.utf8), into: &out)
            }
            return state.fill(&out) ? .idle : .fail(code: 1001, reason: "")
        }

        func closed() {}
    }
}
