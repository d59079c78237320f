/// Bounds on what nodes say in words. A text that is shown or logged is held several times, by events, messages and the
/// history; the value that flows on to other nodes stays whole.
public enum TextBounds {
    /// All texts that one node shows.
    static let nodeByteCount = 1 << 20
    /// All texts that the nodes of one run show. Beyond it each node still shows `leastByteCount`.
    static let runByteCount = 16 << 20
    static let leastByteCount = 256
    /// A log line, a phase, a reason for failing or blocking.
    public static let messageByteCount = 64 << 10

    /// The text itself, or its beginning and a note of how long it is.
    public static func cut(_ text: String, to byteCount: Int = messageByteCount) -> String {
        text.utf8.count <= byteCount ? text : cut(text, to: byteCount, of: text.utf8.count)
    }

    private static func cut(_ text: String, to byteCount: Int, of totalByteCount: Int) -> String {
        var end = text.utf8.index(text.startIndex, offsetBy: byteCount)
        // Not amid a character.
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end] + "… [cut here: all of it has \(totalByteCount) bytes]"
    }

    /// What a node shows, its texts held to `byteCount` together: the one that exceeds it is cut, with a note of how
    /// many bytes all have, and those behind it are left out. Files and numbers stay.
    /// - Returns: also how many bytes the texts take.
    static func cut(
        _ shown: [JSONObject.Member], to byteCount: Int
    ) -> (shown: [JSONObject.Member], byteCount: Int) {
        let texts = shown.lazy.flatMap { $0.value.array ?? [] }.compactMap(\.string)
        let weight = texts.reduce(0) { $0 + Self.weight($1) }
        if weight <= byteCount { return (shown, weight) }
        let total = texts.reduce(0) { $0 + $1.utf8.count }
        var left = byteCount
        var isCut = false
        let kept = shown.map { member -> JSONObject.Member in
            guard case .array(let values) = member.value else { return member }
            let fitting = values.compactMap { value -> JSON? in
                guard case .string(let text) = value else { return value }
                if isCut { return nil }
                left -= Self.weight(text)
                if left >= 0 { return value }
                isCut = true
                return .string(cut(text, to: max(0, text.utf8.count + left), of: total))
            }
            return .init(member.key, .array(fitting))
        }
        return (kept, byteCount)
    }

    /// With its quotes and its comma: a million empty texts are not nothing.
    private static func weight(_ text: String) -> Int { text.utf8.count + 3 }
}

extension Diagnostic {
    /// The same, its message and suggestion cut where they are long.
    var bounded: Diagnostic {
        Diagnostic(
            code, severity: severity, node: node, input: input, TextBounds.cut(message),
            suggestion: suggestion.map { TextBounds.cut($0) })
    }
}
