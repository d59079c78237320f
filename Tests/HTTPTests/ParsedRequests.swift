@testable import HTTP

/// What a parser makes of a byte stream: one line an event, body pieces put together, and the refusal if there is one.
func parsed(_ text: String, _ cut: Cut, limits: RequestParser.Limits = .init()) -> [String] {
    parsed(Array(text.utf8), cut, limits: limits)
}

func parsed(_ bytes: [UInt8], _ cut: Cut, limits: RequestParser.Limits = .init()) -> [String] {
    var parser = RequestParser(limits: limits)
    var lines: [String] = []
    var body: [UInt8] = []
    func flush() {
        if !body.isEmpty { lines.append("body " + String(decoding: body, as: UTF8.self)) }
        body = []
    }
    for piece in cut.pieces(of: bytes) {
        parser.append(piece)
        do {
            while let event = try parser.next() {
                switch event {
                case .head(let head, let framing):
                    let fields = head.headers.fields.map { " \($0.name)=\($0.value)" }.joined()
                    lines.append("\(head.method) \(head.target) 1.\(head.minorVersion) \(framing)\(fields)")
                case .body(let bytes): body += bytes
                case .end:
                    flush()
                    lines.append("end")
                }
            }
        } catch {
            flush()
            return lines + ["\(error.status) \(error.message)"]
        }
    }
    flush()
    return lines
}

/// The status of the refusal; nil where there is none.
func refusal(_ text: String, _ cut: Cut, limits: RequestParser.Limits = .init()) -> Int? {
    parsed(text, cut, limits: limits).last.flatMap { Int($0.prefix(3)) }
}
