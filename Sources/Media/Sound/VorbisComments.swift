internal import GraphCore

/// The texts of FLAC, Vorbis and Opus (Vorbis I section 5): a vendor, then `KEY=text` in UTF-8, each with a length of 32
/// bits, little-endian.
struct VorbisComments {
    private var vendor = Array("graphrun".utf8)
    private var comments: [[UInt8]] = []

    init() {}

    /// What is cut off or damaged is left out.
    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        func take() -> ArraySlice<UInt8>? {
            guard rest.count >= 4 else { return nil }
            let size = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - 4 >= size else { return nil }
            defer { rest = rest.dropFirst(4 + size) }
            return rest.dropFirst(4).prefix(size)
        }
        guard let vendor = take() else { return }
        self.vendor = Array(vendor)
        guard rest.count >= 4 else { return }
        rest = rest.dropFirst(4)  // how many there are; the bytes tell
        while let comment = take() { comments.append(Array(comment)) }
    }

    var texts: [TextChunk] {
        comments.compactMap { comment in
            guard let equals = comment.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return TextChunk(
                keyword: String(decoding: comment[..<equals], as: UTF8.self),
                text: String(decoding: comment[(equals + 1)...], as: UTF8.self))
        }
    }

    var byteCount: Int { comments.reduce(8 + vendor.count) { $0 + 4 + $1.count } }

    var bytes: [UInt8] {
        func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var bytes = number(vendor.count) + vendor + number(comments.count)
        for comment in comments { bytes += number(comment.count) + comment }
        return bytes
    }

    /// Adds texts, in place of those that have their keywords.
    /// - Returns: the keywords of those that have no room or cannot be one.
    mutating func add(_ texts: [TextChunk], maxByteCount: Int) -> [String] {
        var leftOut: [String] = []
        for text in texts {
            let comment = Array("\(text.keyword)=\(text.text)".utf8)
            let isKeyword =
                !text.keyword.isEmpty && text.keyword.utf8.allSatisfy { (0x20...0x7D).contains($0) && $0 != 0x3D }
            let key = text.keyword.lowercased()
            comments.removeAll { isKeyword && Self.keyword(of: $0) == key }
            if isKeyword, byteCount + 4 + comment.count <= maxByteCount {
                comments.append(comment)
            } else {
                leftOut.append(text.keyword)
            }
        }
        return leftOut
    }

    private static func keyword(of comment: [UInt8]) -> String {
        String(decoding: comment.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).lowercased()
    }
}
