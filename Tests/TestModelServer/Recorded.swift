public import GraphCore
internal import HTTP

/// A request as the server got it.
public struct Recorded: Sendable {
    public struct Part: Sendable, Equatable {
        public var name: String
        public var fileName: String?
        public var contentType: String?
        public var bytes: [UInt8]

        public init(name: String, fileName: String? = nil, contentType: String? = nil, bytes: [UInt8]) {
            (self.name, self.fileName, self.contentType, self.bytes) = (name, fileName, contentType, bytes)
        }

        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    public let method: String
    public let path: String
    let headers: Headers
    public let body: [UInt8]
    /// Of a form; empty for anything else.
    public let parts: [Part]
    /// Of a JSON body.
    public let json: JSON?

    public func header(_ name: String) -> String? { headers[name] }
    public func part(_ name: String) -> Part? { parts.first { $0.name == name } }

    /// A field by its name, of a form or of JSON.
    public func field(_ name: String) -> String? {
        if let part = part(name) { return part.text }
        guard let member = json?[name] else { return nil }
        return member.string ?? JSONWriter.text(member)
    }

    /// What the JSON in the field `kwargs` says.
    public var kwargs: JSON? { field("kwargs").flatMap { try? JSONParser.parse($0) } }

    init(_ request: Request) {
        (method, path, headers) = (request.head.method, String(request.rawPath), request.head.headers)
        body = request.body
        let type = headers["Content-Type"] ?? ""
        parts = Self.parts(body, type)
        json = type.hasPrefix("application/json") ? try? JSONParser.parse(body) : nil
    }

    private static func parts(_ body: [UInt8], _ type: String) -> [Part] {
        guard var parser = MultipartParser(contentType: type) else { return [] }
        parser.append(body)
        var parts: [Part] = []
        while let event = try? parser.next() {
            switch event {
            case .part(let name, let fileName, let contentType):
                parts.append(Part(name: name, fileName: fileName, contentType: contentType, bytes: []))
            case .data(let bytes): parts[parts.count - 1].bytes += bytes
            case .partEnd: break
            case .end: return parts
            }
        }
        return parts
    }
}
