import HTTP
import Synchronization
import TestModelServer

/// A server whose answers name their pictures instead of holding them.
final class Gallery: Sendable {
    private let server: Server
    private let address: Named
    let url: String

    private final class Named: Sendable {
        let address = Mutex("")
    }

    /// What the next answer names.
    var answer: String {
        get { address.address.withLock { $0 } }
        set { address.address.withLock { $0 = newValue } }
    }

    /// - Parameter elsewhere: where `/files/moved.png` redirects to.
    init(elsewhere: String) throws {
        let named = Named()
        address = named
        server = try Server(
            router: Router([
                .post("/v1/images/generations", maxByteCount: 1 << 20) { _ in
                    let body = #"{"data": [{"url": "\#(named.address.withLock { $0 })"}]}"#
                    return .now(
                        Response(200, headers: ["Content-Type": "application/json"], body: .bytes(Array(body.utf8))))
                },
                .get("/files/a.png") { _ in
                    .now(
                        Response(
                            200, headers: ["Content-Type": "image/png"],
                            body: .bytes(MadePicture.png(width: 8, height: 6))))
                },
                .get("/files/moved.png") { _ in
                    .now(Response(302, headers: ["Location": elsewhere], body: .bytes(Array("it has moved".utf8))))
                },
            ]), loopCount: 1)
        url = "http://127.0.0.1:\(try server.listen("127.0.0.1", port: 0))"
    }

    func stop() async { await server.stop(grace: .zero) }
}
