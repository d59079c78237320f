import Foundation
import HTTP
import Synchronization

/// The public hub's side of a download: a redirect that names size and hash, and behind it a file that can be had in parts.
final class ModelHub: Sendable {
    struct Script: Sendable {
        var file = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        /// Named by the redirect; nil for none.
        var hash: String?
        /// Behind so many bytes of a body it says nothing more, or cuts the connection.
        var silentAfter: Int?
        var cutAfter: Int?
        var announced: Int?
        var status: Int?
    }

    private final class Body: ByteSource {
        private let rest: Mutex<ArraySlice<UInt8>>
        private let end: Filled

        init(_ bytes: ArraySlice<UInt8>, _ script: Script) {
            let limit = script.silentAfter ?? script.cutAfter
            rest = Mutex(bytes.prefix(limit ?? .max))
            end = script.silentAfter != nil ? .idle : script.cutAfter != nil ? .fail(code: 1011, reason: "") : .end
        }

        func attach(wake: @escaping @Sendable () -> Void) {}
        func detach() {}

        func fill(_ out: inout [UInt8], limit: Int) -> Filled {
            rest.withLock { rest in
                out += rest.prefix(limit)
                rest = rest.dropFirst(limit)
                return rest.isEmpty ? end : .more
            }
        }
    }

    private final class State: Sendable {
        let script: Mutex<Script>
        let asked = Mutex([String]())
        init(_ script: Script) { self.script = Mutex(script) }
    }

    let port: Int
    private let server: Server
    private let state: State

    /// Where graphrun finds it.
    var environment: [String: String] { ["GRAPHRUN_MODEL_HUB": "http://127.0.0.1:\(port)"] }
    var asked: [String] { state.asked.withLock { $0 } }

    func set(_ change: (inout Script) -> Void) { state.script.withLock { change(&$0) } }

    init(_ script: Script = Script()) throws {
        let state = State(script)
        server = try Server(
            router: Router([
                .get("/piddnad/DDColor-models/resolve/main/{name}") { request in
                    let script = state.script.withLock { $0 }
                    state.asked.withLock { $0.append(request.parameters["name"] ?? "") }
                    if let status = script.status { return .now(Response(status, text: "Entry not found")) }
                    var headers: Headers = ["Location": "/blobs/file", "X-Linked-Size": "\(script.file.count)"]
                    headers["X-Linked-ETag"] = script.hash.map { "\"\($0)\"" }
                    return .now(Response(302, headers: headers))
                },
                .get("/blobs/file") { request in
                    let script = state.script.withLock { $0 }
                    state.asked.withLock { $0.append(request.head.headers["Range"] ?? "whole") }
                    let range = request.head.headers["Range"].flatMap { Int($0.dropFirst(6).dropLast()) }
                    let start = range ?? 0
                    var headers: Headers = ["ETag": "\"version-1\""]
                    if range != nil {
                        headers["Content-Range"] = "bytes \(start)-\(script.file.count - 1)/\(script.file.count)"
                    }
                    return .now(
                        Response(
                            range == nil ? 200 : 206, headers: headers,
                            body: .source(
                                Body(script.file[start...], script),
                                byteCount: script.announced ?? script.file.count - start)))
                },
            ]), loopCount: 1)
        port = try server.listen("127.0.0.1", port: 0)
        self.state = state
    }

    func stop() async { await server.stop(grace: .zero) }
}
