import Foundation
import Synchronization
import Testing

@testable import HTTP

@Suite("The HTTP client", .timeLimit(.minutes(1)))
struct HTTPClientTests {
    private let client = HTTPClient()

    private func failure(_ request: ClientRequest) async -> HTTPClientError? {
        do { _ = try await client.send(request) } catch { return error }
        return nil
    }

    /// SHA-256 of nothing, of `hello`.
    private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    @Test(
        "sends each method with and without a body",
        arguments: [
            ("GET", ClientRequest.Body.none, 0), ("DELETE", .none, 0), ("POST", .none, 0), ("POST", .bytes([]), 0),
            ("POST", .bytes(Array("hello".utf8)), 5), ("PUT", .bytes(Array("hello".utf8)), 5),
        ])
    func methods(method: String, body: ClientRequest.Body, count: Int) async throws {
        let peer = try await Peer()
        let response = try await client.send(ClientRequest(method, peer.url("/echo?a=b%20c"), body: body))
        #expect(response.status == 200)
        #expect(response.text == "\(method) /echo?a=b%20c\n\(count) \(count == 0 ? Self.nothing : Self.hello)")
        #expect(response.url == peer.url("/echo?a=b%20c"))
    }

    @Test("asks for the head alone")
    func head() async throws {
        let peer = try await Peer()
        let response = try await client.send(ClientRequest("HEAD", peer.url("/bytes/1000")))
        #expect(response.headers["content-length"] == "1000")
        #expect(response.body == [])
    }

    @Test("sends fields and a bearer token")
    func fields() async throws {
        let peer = try await Peer()
        var request = ClientRequest("GET", peer.url("/echo"), headers: ["X-One": "1", "X-Empty": ""])
        request.bearerToken = "abc"
        #expect(
            try await client.send(request).text
                == "GET /echo\nX-One: 1\nX-Empty: \nAuthorization: Bearer abc\n0 \(Self.nothing)")
    }

    @Test("keeps its connections")
    func reuse() async throws {
        let peer = try await Peer()
        var numbers: Set<String?> = []
        for _ in 0..<5 {
            numbers.insert(try await client.send(ClientRequest("GET", peer.url("/echo"))).headers["x-connection"])
        }
        #expect(numbers == ["1"])
    }

    @Test("runs more transfers than threads")
    func many() async throws {
        let peer = try await Peer()
        let client = HTTPClient(maxTransferCount: 3)
        let counts = await withTaskGroup(of: Int?.self) { group in
            for count in 1...40 {
                group.addTask { try? await client.send(ClientRequest("GET", peer.url("/bytes/\(count)"))).body.count }
            }
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(Set(counts) == Set(1...40))
    }

    @Test("sends a file and a form")
    func uploads() async throws {
        let (peer, folder) = (try await Peer(), try ScratchFolder())
        let path = try folder.write("a.bin", [UInt8](repeating: 7, count: 3_000_000))
        let told = Told()
        var request = ClientRequest("POST", peer.url("/echo"), body: .file(path: path))
        request.progress = { told.progress.withLock { [progress = $0] in $0.append(progress) } }
        #expect(try await client.send(request).text.hasPrefix("POST /echo\n3000000 "))
        let last = told.progress.withLock { $0.last }
        #expect(last?.sentByteCount == 3_000_000)
        #expect(last?.toSendByteCount == 3_000_000)

        let small = try folder.write("b.txt", Array("from disk".utf8))
        let parts: [ClientRequest.FormPart] = [
            .init("type", text: "input"),
            .init("image", .bytes(Array("pixels".utf8)), fileName: "é.png", contentType: "image/png"),
            .init("other", .file(path: small)),
        ]
        let form = try await client.send(ClientRequest("POST", peer.url("/form"), body: .form(parts)))
        #expect(
            form.text.replacing("\r\n", with: "\n") == """
                --BOUNDARY
                Content-Disposition: form-data; name="type"

                input
                --BOUNDARY
                Content-Disposition: form-data; name="image"; filename="é.png"
                Content-Type: image/png

                pixels
                --BOUNDARY
                Content-Disposition: form-data; name="other"; filename="b.txt"
                Content-Type: text/plain

                from disk
                --BOUNDARY--

                """)
        let missing = await failure(ClientRequest("POST", peer.url("/form"), body: .file(path: folder.path("none"))))
        #expect(missing?.message == "could not read \(folder.path("none"))")
    }

    @Test("receives into a file or a stream")
    func destinations() async throws {
        let (peer, folder) = (try await Peer(), try ScratchFolder())
        var request = ClientRequest("GET", peer.url("/bytes/100000"))
        let whole = try await client.send(request).body
        #expect(whole.count == 100_000)
        for name in ["new", "new"] {
            request.destination = .file(path: folder.path(name))
            #expect(try await client.send(request).body == [])
            #expect(try Array(Data(contentsOf: folder.url.appending(path: name))) == whole)
        }
        let told = Told()
        request.destination = .stream { piece in told.bytes.withLock { $0 += piece } }
        _ = try await client.send(request)
        #expect(told.bytes.withLock { $0 } == whole)

        request.destination = .file(path: folder.path("cut"))
        request.url = peer.url("/cut")
        #expect(await failure(request)?.kind == .interrupted)
        request.url = peer.url("/status/500")
        #expect(try await client.send(request).text == "xxx")
        #expect(folder.names == ["new"])
        request.destination = .file(path: folder.path("none/a"))
        request.url = peer.url("/bytes/10")
        #expect(await failure(request)?.message == "could not write \(folder.path("none/a"))")
    }

    @Test("unpacks what is packed")
    func gzip() async throws {
        let peer = try await Peer()
        #expect(try await client.send(ClientRequest("GET", peer.url("/gzip"))).text == "unpacked")
    }

    @Test("stops at its limit, announced or not, packed or not", arguments: ["/bytes/1001", "/endless", "/bomb"])
    func limit(path: String) async throws {
        let peer = try await Peer()
        var request = ClientRequest("GET", peer.url(path))
        request.maxByteCount = 1000
        let error = await failure(request)
        #expect(error?.kind == .tooLarge)
        #expect(error?.message == "the response of \(peer.authority) is larger than the limit of 1000 bytes")
    }

    @Test("keeps an error's body, up to 64 KiB")
    func errorBody() async throws {
        let peer = try await Peer()
        let small = try await client.send(ClientRequest("GET", peer.url("/status/404?count=9")))
        #expect(small.status == 404)
        #expect(small.text == "xxxxxxxxx")
        let large = try await client.send(ClientRequest("GET", peer.url("/status/500?count=100000")))
        #expect(large.status == 500)
        #expect(large.body.count == 65536)
        #expect(large.isBodyCut)
    }

    @Test("follows redirects only as far as told, and only over HTTP")
    func redirects() async throws {
        let peer = try await Peer()
        var request = ClientRequest("GET", peer.url("/redirect/3"))
        #expect(try await client.send(request).status == 302)
        request.maxRedirectCount = 3
        let response = try await client.send(request)
        #expect(response.status == 200)
        #expect(response.url == peer.url("/echo"))
        request.maxRedirectCount = 2
        #expect(await failure(request)?.message == "\(peer.authority) redirected more than 2 times")
        request.url = peer.url("/redirect/1?to=file:///etc/hostname")
        #expect(await failure(request)?.kind == .invalidRequest)
    }

    @Test("says what is wrong with a request before sending it")
    func invalid() async {
        func message(_ request: ClientRequest) async -> String? { await failure(request)?.message }
        #expect(await message(ClientRequest("GET", "nonsense")) == "'nonsense' is not a URL")
        #expect(await message(ClientRequest("GET", "http://a b/")) == "'http://a b/' is not a URL")
        #expect(await message(ClientRequest("GET", "ftp://a/")) == "the URL 'ftp://a/' is neither http nor https")
        #expect(await message(ClientRequest("G T", "http://a/")) == "'G T' is not a method")
        #expect(
            await message(ClientRequest("GET", "http://a/", headers: ["X": "1\r\nY: 2"]))
                == "the header field 'X' is not valid")
    }

    @Test("says why it could not connect")
    func refused() async throws {
        let port = try await Peer.unusedPort()
        #expect(
            await failure(ClientRequest("GET", "http://127.0.0.1:\(port)/"))
                == HTTPClientError(
                    .unreachable, "could not connect to 127.0.0.1:\(port): connection refused",
                    suggestion: "Is the server running?"))
    }

    @Test("gives up when told: on silence, on the whole")
    func timeouts() async throws {
        let peer = try await Peer()
        var request = ClientRequest("GET", peer.url("/silent"))
        request.timeout = .milliseconds(50)
        #expect(
            await failure(request)?.message == "the transfer with \(peer.authority) took longer than 0.05 s")
        request.timeout = nil
        request.stallTimeout = .milliseconds(80)
        request.url = peer.url("/silent?head=1")
        #expect(await failure(request)?.message == "nothing moved between here and \(peer.authority) for 0.08 s")
    }

    @Test("says that a connection broke")
    func broken() async throws {
        let peer = try await Peer()
        let error = await failure(ClientRequest("GET", peer.url("/cut")))
        #expect(error?.kind == .interrupted)
        #expect(error?.message.hasPrefix("the connection to \(peer.authority) broke: ") == true)
        #expect(error?.suggestion == "Try again.")
    }

    @Test("is cancelled at once, running or waiting")
    func cancelled() async throws {
        let peer = try await Peer()
        let client = HTTPClient(maxTransferCount: 1)
        let running = Task { try await client.send(ClientRequest("GET", peer.url("/silent"))) }
        try await peer.isSilent()
        let waiting = Task { try await client.send(ClientRequest("GET", peer.url("/echo"))) }
        waiting.cancel()
        await #expect(throws: HTTPClientError(.cancelled, "the transfer was cancelled")) { try await waiting.value }
        running.cancel()
        await #expect(throws: HTTPClientError(.cancelled, "the transfer was cancelled")) { try await running.value }
        // The only thread is free again.
        #expect(try await client.send(ClientRequest("GET", peer.url("/echo"))).status == 200)
    }

    @Test("trusts no certificate but those it is told to")
    func tls() async throws {
        let folder = try ScratchFolder()
        let certificate = try folder.makeCertificate()
        let peer = try await Peer(certificate: certificate)
        var request = ClientRequest("GET", "https://\(peer.authority)/echo")
        let error = await failure(request)
        #expect(error?.kind == .insecure)
        #expect(error?.message.hasPrefix("could not open a secure connection to \(peer.authority): SSL") == true)
        request.authorityFile = certificate.certificate
        #expect(try await client.send(request).status == 200)
    }

    @Test("never asks a proxy for this machine")
    func proxies() {
        let own = "localhost,127.0.0.1,127.0.0.0/8,::1"
        #expect(HTTPClient.noProxy(given: "") == own)
        #expect(HTTPClient.noProxy(given: " example.org,.local ") == own + ",example.org,.local")
        #expect(HTTPClient.noProxy(given: "*") == "*")
    }

    @Test(
        "names the host of a URL without the password in it",
        arguments: [
            ("http://a", "a", "/"), ("HTTP://a:1?x", "a:1", "/?x"),
            ("https://u:p@[::1]:2/b?c=d#e", "[::1]:2", "/b?c=d"),
            ("http://a@b@c/", "c", "/"),
        ])
    func urls(text: String, authority: String, target: String) {
        #expect(ClientURL(text)?.authority == authority)
        #expect(ClientURL(text)?.target == target)
    }

    private final class Told: Sendable {
        let progress = Mutex<[ClientRequest.Progress]>([])
        let bytes = Mutex<[UInt8]>([])
    }
}
