import Synchronization

@testable import HTTP

/// A server of one large file, as well or badly behaved as a test wants it.
final class DownloadHub: Sendable {
    struct Script: Sendable {
        var file = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        /// Nil for none.
        var etag: String? = "\"one\""
        /// Whether it knows parts of files.
        var sendsParts = true
        /// Cuts the connection behind so many bytes of the body.
        var cut: Int?
        var status: Int?
        /// Where `/file` redirects to, with these fields.
        var redirect: String?
        var redirectFields = Headers()
        /// Further fields of the file itself.
        var fields = Headers()
        /// Instead of the true one.
        var contentRange: String?
        var announced: Int?
        /// Says nothing of the file's length.
        var isChunked = false
    }

    /// Sends so much, then goes on, ends or breaks off.
    private final class Body: ByteSource {
        private let rest: Mutex<ArraySlice<UInt8>>
        private let isCut: Bool

        init(_ bytes: ArraySlice<UInt8>, cut: Int?) {
            rest = Mutex(bytes.prefix(cut ?? .max))
            isCut = cut != nil
        }

        func attach(wake: @escaping @Sendable () -> Void) {}
        func detach() {}

        func fill(_ out: inout [UInt8], limit: Int) -> Filled {
            rest.withLock { rest in
                out += rest.prefix(limit)
                rest = rest.dropFirst(limit)
                return !rest.isEmpty ? .more : isCut ? .fail(code: 1011, reason: "cut") : .end
            }
        }
    }

    let port: Int
    let state: State
    private let server: Server

    final class State: Sendable {
        let script = Mutex(Script())
        /// `PATH RANGE IF-RANGE` of each request.
        let asked = Mutex([String]())
    }

    init() throws {
        let state = State()
        server = try Server(
            router: Router([
                .get("/file") { request in .now(Self.answer(request, state, mayRedirect: true)) },
                .get("/real") { request in .now(Self.answer(request, state, mayRedirect: false)) },
            ]), limits: ServerLimits(), tls: nil, log: { _ in })
        port = try server.listen("127.0.0.1", port: 0)
        self.state = state
    }

    var url: String { "http://127.0.0.1:\(port)/file" }
    func set(_ change: (inout Script) -> Void) { state.script.withLock { change(&$0) } }
    var asked: [String] { state.asked.withLock { $0 } }
    var file: [UInt8] { state.script.withLock { $0.file } }

    func stop() async { await server.stop(grace: .zero) }

    private static func answer(_ request: Request, _ state: State, mayRedirect: Bool) -> Response {
        let script = state.script.withLock { $0 }
        let headers = request.head.headers
        state.asked.withLock {
            $0.append(
                [String(request.rawPath), headers["Range"] ?? "-", headers["If-Range"] ?? "-"].joined(separator: " "))
        }
        if let status = script.status { return Response(status, text: "no") }
        if mayRedirect, let target = script.redirect {
            var fields = script.redirectFields
            fields["Location"] = target
            return Response(302, headers: fields, body: .bytes(Array("go there".utf8)))
        }
        var fields = script.fields
        if let etag = script.etag { fields["ETag"] = etag }
        var (status, bytes) = (200, script.file[...])
        if script.sendsParts, let range = headers["Range"], headers["If-Range"] == script.etag {
            let start = Int(range.dropFirst(6).dropLast()) ?? 0
            guard start < script.file.count else {
                return Response(416, headers: ["Content-Range": "bytes */\(script.file.count)"])
            }
            (status, bytes) = (206, script.file[start...])
            fields["Content-Range"] =
                script.contentRange ?? "bytes \(start)-\(script.file.count - 1)/\(script.file.count)"
        }
        return Response(
            status, headers: fields,
            body: .source(
                Body(bytes, cut: script.cut), byteCount: script.isChunked ? nil : script.announced ?? bytes.count))
    }
}
