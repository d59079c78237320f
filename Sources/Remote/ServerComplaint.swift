internal import GraphCore

/// What a server says about a request that it did not carry out: in its own words, cut to a length that people read.
struct ServerComplaint: Sendable, Equatable {
    /// What stands behind the words.
    enum Cause: Sendable, Equatable {
        case outOfMemory, modelMissing, modelLoading, voiceUnknown, other
    }

    static let maxCharacterCount = 400
    /// A complaint is looked for in the beginning of what was sent: all of it may be 256 MiB.
    private static let maxByteCount = 64 << 10

    let status: Int
    /// Empty when the server said nothing.
    let message: String
    let cause: Cause

    /// - Parameter key: nothing of it is shown, should the server repeat it.
    init(status: Int, body: [UInt8], key: Secret? = nil) {
        let body = Array(body.prefix(Self.maxByteCount))
        let text = String(decoding: body, as: UTF8.self)
        var (words, code) = ("", "")
        switch text.first(where: { !$0.isWhitespace }) {
        case "{"?, "["?, "\""?:
            if let json = try? JSONParser.parse(body) {
                words = Self.words(json)
                code = (json["error"]?["code"] ?? json["code"])?.string ?? ""
            } else {
                words = text
            }
        case "<"?: words = Self.title(text)
        default: words = text
        }
        words = Self.plain(words)
        words = key?.scrubbed(from: words) ?? words
        self.status = status
        message = words.count > Self.maxCharacterCount ? words.prefix(Self.maxCharacterCount) + "..." : words
        cause = Self.cause(status, words.lowercased(), code)
    }

    /// A complaint that a server sent with a status of success; nil for anything that does not say what is wrong.
    init?(inSuccess body: [UInt8], key: Secret?) {
        let body = Array(body.prefix(Self.maxByteCount))
        guard let json = try? JSONParser.parse(body), json.object != nil,
            ["error", "detail", "message", "msg"].contains(where: { json[$0] != nil && json[$0] != .null })
        else { return nil }
        self.init(status: 200, body: body, key: key)
    }

    private static func cause(_ status: Int, _ words: String, _ code: String) -> Cause {
        func says(_ phrases: String...) -> Bool { phrases.contains { words.contains($0) } }
        if says("out of memory", "cuda_error_out_of_memory", "not enough memory", "cudaerrormemoryallocation") {
            return .outOfMemory
        }
        if status == 503, says("loading", "not ready") { return .modelLoading }
        if code == "model_not_found" || says("model not found")
            || says("model") && says("does not exist", "not launched")
        {
            return .modelMissing
        }
        if says("invalid voice") { return .voiceUnknown }
        return .other
    }

    /// OpenAI says `{"error": {"message"}}`, FastAPI `{"detail": TEXT}` or a list of what is wrong with which field,
    /// others one of a few members.
    private static func words(_ json: JSON) -> String {
        if let text = json.string { return text }
        for name in ["error", "detail", "message", "msg"] {
            guard let member = json[name] else { continue }
            if let text = member.string { return text }
            if let text = member["message"]?.string { return text }
            if let list = member.array {
                return list.prefix(5).map { entry in
                    let place = entry["loc"]?.array?.map { $0.string ?? JSONWriter.text($0) }.joined(separator: ".")
                    let message = entry["msg"]?.string ?? JSONWriter.text(entry)
                    return place.map { "\($0): \(message)" } ?? message
                }.joined(separator: "; ")
            }
        }
        return JSONWriter.text(json)
    }

    /// Of a page of HTML, as a proxy sends it.
    private static func title(_ html: String) -> String {
        guard let start = html.firstRange(of: #/<title[^>]*>/#.ignoresCase()) else { return "" }
        return String(html[start.upperBound...].prefix { $0 != "<" })
    }

    /// In one line, without control characters, and without the address that Xinference's actors put in front.
    private static func plain(_ text: String) -> String {
        let words = text.split {
            $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
        }
        .joined(separator: " ")
        guard words.hasPrefix("[address="), let end = words.firstIndex(of: "]") else { return words }
        return String(words[words.index(after: end)...].drop { $0 == " " })
    }
}
