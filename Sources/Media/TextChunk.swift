internal import GraphCore

/// A note inside a PNG. ComfyUI keeps its `prompt` and `workflow` in two of them.
public struct TextChunk: Sendable, Equatable {
    /// 1 to 79 characters of Latin-1, without spaces at the ends or in a row.
    public var keyword: String
    public var text: String

    public init(keyword: String, text: String) {
        (self.keyword, self.text) = (keyword, text)
    }
}

extension TextChunk {
    /// The form that cpng.h asks for: 't' (tEXt, Latin-1) or 'i' (iTXt, UTF-8), keyword, 0, text, 0. As Pillow does,
    /// text is Latin-1 when it fits.
    func record() throws(CodecError) -> [UInt8] {
        guard let key = Self.latin1(keyword), Self.isKeyword(key) else {
            throw CodecError(
                "'\(keyword)' cannot name a note in a PNG",
                suggestion: "Use 1 to 79 Latin letters, digits and single spaces.")
        }
        guard !text.utf8.contains(0) else {
            throw CodecError("the note '\(keyword)' contains a zero character", suggestion: "Remove it from the text.")
        }
        if let latin = Self.latin1(text) { return [UInt8(ascii: "t")] + key + [0] + latin + [0] }
        return [UInt8(ascii: "i")] + key + [0] + Array(text.utf8) + [0]
    }

    /// PNG 1.2 section 4.2.3: printable Latin-1, no leading, trailing or consecutive spaces.
    private static func isKeyword(_ key: [UInt8]) -> Bool {
        let space = UInt8(ascii: " ")
        return (1...79).contains(key.count) && key.allSatisfy { (32...126).contains($0) || $0 >= 161 }
            && key.first != space && key.last != space
            && !zip(key, key.dropFirst()).contains { $0 == space && $1 == space }
    }

    static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    static func string(latin1 bytes: some Sequence<UInt8>) -> String {
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }
}
