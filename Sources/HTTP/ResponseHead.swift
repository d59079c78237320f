/// The status line and the fields of a response, read line by line.
struct ResponseHead: Sendable, Equatable {
    private(set) var status = 0
    private(set) var headers = Headers()

    /// 64 KiB of fields are more than any server sends.
    private static let maxByteCount = 64 << 10
    private var byteCount = 0

    /// Takes one line with or without its CR LF. A status line begins anew, so that what is left in the end is the
    /// last response: not the 100, not the redirect.
    /// - Returns: false when the head is too long.
    mutating func take(_ line: String) -> Bool {
        let text = line.prefix { !$0.isNewline }
        byteCount += text.utf8.count
        guard byteCount <= Self.maxByteCount else { return false }
        if text.hasPrefix("HTTP/") {
            let words = text.split(separator: " ", maxSplits: 2)
            self = ResponseHead()
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        } else if let colon = text.firstIndex(of: ":") {
            headers.add(trimmed(text[..<colon]), trimmed(text[text.index(after: colon)...]))
        }
        return true
    }
}
