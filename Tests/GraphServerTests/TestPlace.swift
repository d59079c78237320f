import Dispatch
import Foundation
import GraphCore
import HTTP
import Nodes
import Synchronization
import TestNodes

@testable import GraphServer

/// A base directory of a test's own with a server on it that listens nowhere; both go with the test.
final class TestPlace: Sendable {
    let url: URL
    let server: GraphServer
    /// What the server said so far, a line each.
    let said = Lines()
    /// A line each time models were to be let go of.
    let freed = Lines()

    /// - Parameters:
    ///   - files: what lies in the base directory before the server starts.
    ///   - set: changes the options; the base directory's URL is known by then.
    init(
        files: [String: [UInt8]] = [:], nodes: [any Node] = BuiltInNodes.all() + TestNodeTable.comfyUI(),
        _ set: (inout ServerOptions, URL) -> Void = { _, _ in }
    ) throws {
        // As the system itself calls it: on some systems the temporary folder is a link.
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "graphserver-\(UUID().uuidString)")
        for folder in ["input", "output", "temp"] {
            try FileManager.default.createDirectory(
                at: url.appending(path: folder), withIntermediateDirectories: true)
        }
        for (path, bytes) in files {
            let file = url.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        var options = ServerOptions()
        options.baseDirectory = url.path
        options.port = 0
        set(&options, url)
        server = try GraphServer(
            options, nodes: nodes, freeModels: { [freed] in freed.append("models") },
            log: { [said] in said.append($0) })
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    // MARK: Files

    func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: url.appending(path: path).path, withDestinationPath: target)
    }

    /// Nil when there is no such file.
    func read(_ path: String) -> [UInt8]? { (try? Data(contentsOf: url.appending(path: path))).map { [UInt8]($0) } }

    /// Everything in a folder, hidden files too, sorted.
    func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.appending(path: path).path)) ?? []).sorted()
    }

    // MARK: Requests

    /// - Parameter target: path and query, percent-encoded, sent as it is.
    func get(_ target: String, headers: Headers = Headers()) async -> Answer {
        await send("GET", target, headers: headers)
    }

    func post(_ target: String, _ body: some Sequence<UInt8>, headers: Headers = Headers()) async -> Answer {
        await send("POST", target, body: Array(body), headers: headers)
    }

    func post(_ target: String, json: JSON) async -> Answer { await post(target, JSONWriter.bytes(json)) }

    func send(
        _ method: String, _ target: String, body: [UInt8] = [], headers: Headers = Headers()
    ) async -> Answer {
        var headers = headers
        if headers["Host"] == nil { headers["Host"] = "127.0.0.1:8188" }
        do {
            var request = try Request(RequestHead(method: method, target: target, headers: headers))
            request.body = body
            return Answer(await server.router.respond(to: request))
        } catch {
            return Answer(server.router.response(to: error))
        }
    }

    /// The history's entry of a prompt once it has ended; nil after 20 s.
    func ended(_ id: String) async -> JSON? {
        let target = "/history/" + PercentCoding.encode(id)
        for _ in 0..<10_000 {
            if let entry = await get(target).json[id] { return entry }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }

    /// Posts a form, files as `name`, `filename`, content, and other fields without a filename.
    func postForm(
        _ target: String, _ parts: [(name: String, filename: String?, content: [UInt8])], headers: Headers = Headers()
    ) async -> Answer {
        let boundary = "a-boundary-of-a-test"
        var body: [UInt8] = []
        for part in parts {
            let file = part.filename.map { "; filename=\"\($0)\"" } ?? ""
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n".utf8
            body += part.content
            body += "\r\n".utf8
        }
        body += "--\(boundary)--\r\n".utf8
        var headers = headers
        headers["Content-Type"] = "multipart/form-data; boundary=\(boundary)"
        headers["Content-Length"] = String(body.count)
        return await post(target, body, headers: headers)
    }
}

/// A response with its body read to the end.
struct Answer {
    let status: Int
    let headers: Headers
    let bytes: [UInt8]

    init(_ response: Response) {
        (status, headers) = (response.status, response.headers)
        switch response.body {
        case .bytes(let bytes): self.bytes = bytes
        case .source(let source, byteCount: _):
            var bytes: [UInt8] = []
            // A list has more to come when it is idle; a stream of events is read as far as it goes.
            let more = DispatchSemaphore(value: 0)
            let isStream = headers["Content-Type"] == "text/event-stream"
            source.attach { more.signal() }
            reading: while true {
                switch source.fill(&bytes, limit: 1 << 16) {
                case .more: break
                case .idle:
                    if isStream { break reading }
                    more.wait()
                case .end, .fail: break reading
                }
            }
            source.detach()
            self.bytes = bytes
        }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Null when the body is no JSON.
    var json: JSON { (try? JSONParser.parse(bytes)) ?? .null }

    /// What a refusal says: status, message and suggestion.
    var problem: String {
        let error = json["error"]
        let message = error?["message"]?.string ?? "(\(text))"
        return "\(status) \(message)" + (error?["suggestion"]?.string.map { "\n\($0)" } ?? "")
    }
}

/// Lines said by whoever, in the order they came.
final class Lines: Sendable {
    private let state = Mutex([String]())

    func append(_ line: String) { state.withLock { $0.append(line) } }
    var all: [String] { state.withLock { $0 } }
}
