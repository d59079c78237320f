import Testing

@testable import HTTP

@Suite("The router")
struct RouterTests {
    private static func answer(_ method: String, _ target: String) async throws -> (Int, String, Headers) {
        let routes = [
            "/", "/history", "/history/{id}", "/userdata/{file}", "/userdata/{file}/move/{dest}", "/{path...}",
        ]
        let router = Router(
            routes.map { pattern in
                Route.get(pattern) { request in
                    let parameters = request.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    return .now(Response(200, text: ([pattern] + parameters).joined(separator: " ")))
                }
            } + [
                Route.post("/history", maxByteCount: 10) { .now(Response(200, text: "posted \($0.body.count)")) }
            ])
        let response = await router.respond(to: try Request(RequestHead(method: method, target: target)))
        guard case .bytes(let bytes) = response.body else { return (response.status, "", response.headers) }
        return (response.status, String(decoding: bytes, as: UTF8.self), response.headers)
    }

    @Test(
        "matches raw segments and decodes them afterwards",
        arguments: [
            ("/", "/"), ("/history", "/history"), ("/history/a%20b", "/history/{id} id=a b"),
            ("/userdata/workflows%2Fa.json", "/userdata/{file} file=workflows/a.json"),
            ("/userdata/a%2Fb/move/c%2Fd", "/userdata/{file}/move/{dest} dest=c/d file=a/b"),
            ("/history/a/b", "/{path...} path=history/a/b"), ("/history?x=1", "/history"),
        ])
    func matches(target: String, expected: String) async throws {
        #expect(try await Self.answer("GET", target).1 == expected)
    }

    @Test("names the methods that a path takes")
    func methods() async throws {
        let (status, text, headers) = try await Self.answer("PUT", "/history")
        #expect(status == 405)
        #expect(headers["allow"] == "GET, HEAD, POST")
        #expect(text == "/history does not take PUT\nUse GET, HEAD, POST.\n")
    }

    @Test(
        "refuses a path that is not percent-encoded UTF-8", arguments: ["/history/%zz", "/history/%ff", "/history/%00"])
    func encoding(target: String) async throws {
        #expect(try await Self.answer("GET", target).0 == 400)
    }
}
