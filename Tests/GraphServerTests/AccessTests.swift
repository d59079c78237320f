import Files
import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

/// Who may use a server that listens on loopback only: its own pages and programs, not what a browser is lured into.
@Suite("Access", .timeLimit(.minutes(2)))
struct AccessTests {
    /// Asks over HTTP and over the WebSocket handshake, which must agree.
    /// - Returns: the two statuses, and what a refusal says.
    private static func ask(
        _ endpoint: Endpoint, _ headers: Headers
    ) throws -> (http: Int, socket: Int, problem: String) {
        let http = try endpoint.get("/prompt", headers: headers)
        let post = try endpoint.post("/interrupt", [], headers: headers)
        #expect(post.status == http.status)
        let socket = try WireSocket(endpoint.port, "/ws?clientId=c", headers: headers).answer
        if http.status != 200 { #expect(socket.problem == http.problem) }
        return (http.status, socket.status, http.status == 200 ? "" : http.problem)
    }

    @Test(
        "is open to who calls the server by an address of any kind, or localhost",
        arguments: [
            "127.0.0.1", "127.0.0.1:PORT", "localhost", "LocalHost:PORT", "[::1]", "[::1]:PORT", "192.168.7.9:PORT",
            "[fe80::1%25eth0]:80",
        ])
    func goodHost(host: String) async throws {
        try await withServerProcess { _, endpoint in
            let host = host.replacing("PORT", with: "\(endpoint.port)")
            let answer = try Self.ask(endpoint, ["Host": host])
            #expect(answer.http == 200)
            #expect(answer.socket == 101)
        }
    }

    @Test(
        "is closed to who calls the server by a name it does not know: such a name may be made to mean 127.0.0.1",
        arguments: [
            "evil.example", "evil.example:PORT", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3",
            "+1.2.3.4",
        ])
    func badHost(host: String) async throws {
        try await withServerProcess { _, endpoint in
            let answer = try Self.ask(endpoint, ["Host": host.replacing("PORT", with: "\(endpoint.port)")])
            let name = host.replacing(":PORT", with: "")
            #expect(answer.http == 403)
            #expect(answer.socket == 403)
            #expect(
                answer.problem
                    == "403 this server does not answer to the name '\(name)'\n"
                    + "Use its IP address, or start it with --allowed-host \(name).")
        }
    }

    @Test(
        "is closed to a Host that is none, or that two readers could take for different ones",
        arguments: [
            "", "[::1]evil.example", "[::1", "::1", "[:]", ":PORT", "127.0.0.1:PORT:80", "[::1]:PORT.evil.example",
        ])
    func noHost(host: String) async throws {
        try await withServerProcess { _, endpoint in
            let answer = try Self.ask(endpoint, ["Host": host.replacing("PORT", with: "\(endpoint.port)")])
            #expect(answer.http == 400)
            #expect(answer.socket == 400)
            #expect(
                answer.problem
                    == "400 the Host field is not a host name with an optional port\n"
                    + "Send a request as RFC 9112 describes it.")
        }
    }

    @Test("is closed to a request with two Host or two Origin fields, whichever of them is good")
    func twice() async throws {
        try await withServerProcess { (_, endpoint) throws in
            let good = "http://127.0.0.1:\(endpoint.port)", bad = "http://evil.example"
            for origins in [[good, bad], [bad, good], [good, good]] {
                let answer = try Self.ask(endpoint, Headers(origins.map { .init("Origin", $0) }))
                #expect(answer.http == 400 && answer.socket == 400)
                #expect(answer.problem == "400 the request has more than one Origin field\nSend one of them.")
            }
            for hosts in [["127.0.0.1", "evil.example"], ["localhost", "localhost"]] {
                let answer = try Self.ask(endpoint, Headers(hosts.map { .init("Host", $0) }))
                #expect(answer.http == 400 && answer.socket == 400)
            }
        }
    }

    @Test("is closed to what pages of other sites embed or send, but for opening a page of ours")
    func crossSite() async throws {
        let navigation: Headers = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"]
        try await withServerProcess { (_, endpoint) throws in
            let answer = try Self.ask(endpoint, ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"])
            #expect(answer.http == 403 && answer.socket == 403)
            #expect(
                answer.problem
                    == "403 pages of other sites may not use this server\nOpen the page from this server, or start it "
                    + "with --enable-cors-header ORIGIN and ask by CORS.")
            for site in ["same-origin", "same-site", "none"] {
                #expect(try Self.ask(endpoint, ["Sec-Fetch-Site": site]).http == 200)
            }
            #expect(try endpoint.get("/", headers: navigation).status == 200)
            var document = navigation, frame = navigation
            (document["Sec-Fetch-Dest"], frame["Sec-Fetch-Dest"]) = ("document", "iframe")
            #expect(try endpoint.get("/", headers: document).status == 200)
            #expect(try endpoint.get("/", headers: frame).status == 403)
            #expect(try endpoint.post("/", [], headers: navigation).status == 403)
            for target in ["/view?filename=a.png", "/prompt", "/api/queue", "/index.html", "//", "/openapi.json"] {
                #expect(try endpoint.get(target, headers: navigation).status == 403, "\(target)")
            }
            #expect(try endpoint.get("/", headers: ["Sec-Fetch-Site": "cross-site"]).status == 403)
            #expect(try endpoint.get("/prompt").headers["Cross-Origin-Resource-Policy"] == "same-origin")
            #expect(try endpoint.get("/nothing").headers["Cross-Origin-Resource-Policy"] == "same-origin")
        }
    }

    @Test("is open to pages of other sites that were allowed, when they ask by CORS")
    func crossSiteAllowed() async throws {
        let origin = "http://studio.example"
        try await withServerProcess(["--enable-cors-header", origin]) { (_, endpoint) throws in
            #expect(try Self.ask(endpoint, ["Sec-Fetch-Site": "cross-site", "Origin": origin]).http == 200)
            #expect(try Self.ask(endpoint, ["Sec-Fetch-Site": "cross-site", "Origin": "http://b.example"]).http == 403)
            #expect(try Self.ask(endpoint, ["Sec-Fetch-Site": "cross-site"]).http == 403)
            #expect(try endpoint.get("/prompt").headers["Cross-Origin-Resource-Policy"] == "same-origin")
        }
        try await withServerProcess(["--enable-cors-header"]) { (_, endpoint) throws in
            #expect(try Self.ask(endpoint, ["Sec-Fetch-Site": "cross-site"]).http == 200)
            #expect(try endpoint.get("/prompt").headers["Cross-Origin-Resource-Policy"] == "cross-origin")
        }
    }

    @Test("is open to names that were allowed")
    func allowedHost() async throws {
        try await withServerProcess(["--allowed-host", "Studio.local", "--allowed-host", "other"]) {
            (_, endpoint) throws in
            #expect(try Self.ask(endpoint, ["Host": "studio.local:80"]).http == 200)
            #expect(try Self.ask(endpoint, ["Host": "other"]).http == 200)
            #expect(try Self.ask(endpoint, ["Host": "another"]).http == 403)
        }
    }

    @Test(
        "is open to programs, which name no origin, and to the server's own pages",
        arguments: [nil, "http://127.0.0.1:PORT", "http://localhost:PORT", "https://localhost:PORT"])
    func goodOrigin(origin: String?) async throws {
        try await withServerProcess { _, endpoint in
            var headers = Headers()
            if let origin = origin?.replacing("PORT", with: "\(endpoint.port)") {
                headers["Origin"] = origin
                if origin.contains("localhost") { headers["Host"] = "localhost:\(endpoint.port)" }
            }
            let answer = try Self.ask(endpoint, headers)
            #expect(answer.http == 200)
            #expect(answer.socket == 101)
        }
    }

    @Test(
        "is closed to pages of anywhere else",
        arguments: [
            "null", "http://evil.example", "http://127.0.0.1:1", "http://127.0.0.1", "http://localhost:PORT",
            "file://", "http://127.0.0.1:PORT.evil.example", "http://evil.example/127.0.0.1:PORT", "nonsense", "",
        ])
    func badOrigin(origin: String) async throws {
        try await withServerProcess { _, endpoint in
            let origin = origin.replacing("PORT", with: "\(endpoint.port)")
            let answer = try Self.ask(endpoint, ["Origin": origin])
            #expect(answer.http == 403)
            #expect(answer.socket == 403)
            #expect(
                answer.problem
                    == "403 pages of '\(origin)' may not use this server\n"
                    + "Open the page from this server, or start it with --enable-cors-header \(origin).")
        }
    }

    @Test("is open to the pages of an origin that was allowed, and tells browsers so")
    func cors() async throws {
        let origin = "http://studio.example:3000"
        try await withServerProcess(["--enable-cors-header", origin]) { _, endpoint in
            #expect(try Self.ask(endpoint, ["Origin": origin]).http == 200)
            #expect(try Self.ask(endpoint, ["Origin": "http://other.example"]).http == 403)
            let answer = try endpoint.get("/prompt", headers: ["Origin": origin])
            #expect(answer.headers["Access-Control-Allow-Origin"] == origin)
            // What a browser asks before it posts JSON.
            let before = try Wire(endpoint.port).ask(
                "OPTIONS", "/prompt",
                headers: [
                    "Origin": origin, "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "content-type",
                ])
            #expect(before.status == 200 || before.status == 204)
            #expect(before.headers["Access-Control-Allow-Headers"]?.contains("Content-Type") == true)
        }
        try await withServerProcess(["--enable-cors-header"]) { (_, endpoint) throws in
            #expect(try Self.ask(endpoint, ["Origin": "null"]).http == 200)
            #expect(try endpoint.get("/prompt").headers["Access-Control-Allow-Origin"] == "*")
        }
        try await withServerProcess { (_, endpoint) throws in
            #expect(try endpoint.get("/prompt").headers["Access-Control-Allow-Origin"] == nil)
        }
    }
}

/// Where files lie on the server's disk concerns nobody outside.
@Suite("What goes wrong", .timeLimit(.minutes(2)))
struct DiscretionTests {
    @Test("is told without an absolute path")
    func noPath() async throws {
        try await withServerProcess { server, endpoint in
            var answers: [WireAnswer] = []
            for target in [
                "/nothing/here", "/history?max_items=x", "/api/jobs/nobody", "/ws", "/object_info/LoadImage", "/%zz",
                "/view?filename=nope.png", "/view?filename=../../etc/passwd", "/view?filename=x.png&type=bogus",
                "/view?filename=x.png&subfolder=../..", "/models/nope",
            ] {
                answers.append(try endpoint.get(target))
            }
            for body in ["{", "[]", "{\"prompt\": 5}", "{\"delete\": 5}", "{\"prompt_id\": 5}"] {
                for target in ["/prompt", "/queue", "/interrupt", "/history", "/api/jobs/cancel"] {
                    answers.append(try endpoint.post(target, Array(body.utf8)))
                }
            }
            let show = { (image: String) -> JSON in
                [
                    "1": Graphs.node("LoadImage", ["image": .string(image)]),
                    "2": Graphs.node("PreviewImage", ["images": ["1", 0]]),
                ]
            }
            for image in ["nope.png", "../../etc/passwd", "/etc/passwd", "errors.txt"] {
                answers.append(try endpoint.postPrompt(show(image)))
            }
            for answer in answers { Self.expectNoPath(answer.text, server) }
        }
    }

    @Test("in a run is told without one, too")
    func noPathInRun() async throws {
        try await withServerProcess { server, endpoint in
            let input = server.folder.appending(path: "input")
            try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
            try Data("no picture".utf8).write(to: input.appending(path: "bad.png"))
            // A folder where one cannot be.
            try Data("a file".utf8).write(to: server.folder.appending(path: "output/blocked").creatingFolder())
            let graphs: [JSON] = [
                [
                    "1": Graphs.node("LoadImage", ["image": "bad.png"]),
                    "2": Graphs.node("PreviewImage", ["images": ["1", 0]]),
                ],
                [
                    "1": Graphs.image(),
                    "2": Graphs.node("SaveImage", ["images": ["1", 0], "filename_prefix": "blocked/x"]),
                ],
                [
                    "1": Graphs.image(),
                    "2": Graphs.node("SaveImage", ["images": ["1", 0], "filename_prefix": "../x"]),
                ],
            ]
            for graph in graphs {
                let posted = try endpoint.postPrompt(graph, client: "c")
                guard posted.status == 200, let id = posted.json["prompt_id"]?.string else {
                    Self.expectNoPath(posted.text, server)
                    continue
                }
                #expect(try eventually { try endpoint.history(id) != nil })
                let kept = try #require(try endpoint.history(id))
                #expect(kept["status"]?["status_str"] == "error")
                Self.expectNoPath(JSONWriter.text(kept), server)
                Self.expectNoPath(try endpoint.get("/api/jobs/\(id)").text, server)
            }
        }
    }

    @Test("is told without one where a name is in the way, and of how the server was started")
    func noPathInTheWay() async throws {
        let place = try TestPlace(files: [
            "user/default/a.json": [0x7B, 0x7D], "user/default/folder/b.json": [0x7B, 0x7D], "input/blocked": [1],
            "input/up.png/x": [1],
        ]) { options, url in
            options.arguments = ["graphserver", "--base-directory", url.path, "--config=/etc/x/y.yaml"]
        }
        for (answer, problem) in [
            (
                await place.post("/userdata/a.json%2Fc.json", "{}".utf8),
                "409 cannot write to user/default: a file is in the way\n"
            ),
            (
                await place.post("/userdata/folder", "{}".utf8),
                "409 cannot write to user/default: a folder is in the way\n"
            ),
            (
                await place.post("/userdata/a.json/move/folder", "".utf8),
                "409 cannot write to user/default: a folder is in the way\n"
            ),
            (
                await place.postForm(
                    "/upload/image", [("image", "up.png", [1]), ("overwrite", nil, Array("true".utf8))]),
                "409 cannot write to input: a folder is in the way\n"
            ),
            (
                await place.postForm(
                    "/upload/image", [("image", "new.png", [1]), ("subfolder", nil, Array("blocked".utf8))]),
                "409 cannot write to input: a file is in the way\n"
            ),
        ] {
            #expect(answer.problem == problem + "Choose another name, or move what has it out of the way.")
        }
        #expect(place.names("input") == ["blocked", "up.png"])
        #expect(
            await place.get("/system_stats").json["system"]?["argv"]
                == ["graphserver", "--base-directory", "base", "--config=y.yaml"])
    }

    @Test("of a full disk is 507")
    func fullDisk() {
        #expect(Diagnostic(.diskFull, node: nil, "the disk is full").problem().status == 507)
    }

    @Test("is told with names in place of whole paths only")
    func redactor() throws {
        let redactor = PathRedactor(Folders(base: "/srv/x", overrides: [.input: "/data/"]), base: "/srv/x")
        for (text, told) in [
            ("cannot write to /srv/x/output: full", "cannot write to output: full"),
            ("'/srv/x/output/a.png' and /srv/x/workflows/b", "'output/a.png' and base/workflows/b"),
            ("/data/a /database /mnt/data/a (/data)", "input/a /database /mnt/data/a (input)"),
            ("see /openapi.json", "see /openapi.json"), ("/srv/x2/output", "/srv/x2/output"),
            ("\(NSHomeDirectory())/.cache/graphrun", "~/.cache/graphrun"),
        ] {
            #expect(redactor.redact(text) == told)
        }
    }

    private static func expectNoPath(_ text: String, _ server: ServerProcess) {
        let place = server.folder.path
        #expect(!text.contains(place) && !text.contains(place.replacing("/", with: "\\/")), "\(text)")
        #expect(!text.contains(ServerProcess.packageRoot.path), "\(text)")
    }
}

extension URL {
    /// Itself, once the folder it lies in is there.
    fileprivate func creatingFolder() throws -> URL {
        try FileManager.default.createDirectory(at: deletingLastPathComponent(), withIntermediateDirectories: true)
        return self
    }
}
