import GraphCore
import HTTP

/// Server-sent events as a browser reads them.
final class WireEvents {
    struct Event: Equatable {
        var id: String?
        var name: String?
        var data = ""

        var json: JSON { (try? JSONParser.parse(data)) ?? .null }
        var type: String { name ?? json["type"]?.string ?? "" }

        func isEnd(of prompt: String) -> Bool {
            json["type"] == "executing" && json["data"]?["node"] == .null
                && json["data"]?["prompt_id"]?.string == prompt
        }
    }

    let answer: WireAnswer
    private let wire: Wire
    private var waiting: [UInt8] = []

    /// - Parameter lastID: what a browser that comes back sends.
    init(_ port: Int, _ target: String, lastID: String? = nil) throws {
        wire = try Wire(port)
        var headers: Headers = ["Accept": "text/event-stream"]
        if let lastID { headers["Last-Event-ID"] = lastID }
        wire.send(Wire.request("GET", target, nil, headers: headers, port: port))
        var answer = try wire.head()
        if answer.status != 200 {
            answer.body = try wire.read(exactly: answer.headers["Content-Length"].flatMap { Int($0) } ?? 0)
        }
        self.answer = answer
    }

    /// The next event; comments are passed over. nil when the server has ended the stream.
    func next() throws -> Event? {
        var event = Event()
        var isEmpty = true
        while let line = try line() {
            if line.isEmpty {
                if isEmpty { continue }
                return event
            }
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = String(line[colon...].dropFirst(2))
            switch line[..<colon] {
            case "id": (event.id, isEmpty) = (value, false)
            case "event": (event.name, isEmpty) = (value, false)
            case "data": (event.data, isEmpty) = (event.data.isEmpty ? value : event.data + "\n" + value, false)
            default: break
            }
        }
        return nil
    }

    func read(until isLast: (Event) -> Bool) throws -> [Event] {
        var events: [Event] = []
        while let event = try next() {
            events.append(event)
            if isLast(event) { return events }
        }
        throw Wire.Failure(description: "the stream ended after \(events.map(\.type))")
    }

    private func line() throws -> String? {
        while true {
            if let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
                defer { waiting.removeFirst(end + 1) }
                return String(decoding: waiting[..<end], as: UTF8.self)
            }
            // The chunks of the transfer.
            guard let count = Int(try wire.line() ?? "", radix: 16), count > 0 else { return nil }
            waiting += try wire.read(exactly: count)
            _ = try wire.line()
        }
    }
}
