internal import GraphCore

/// A key. Whatever prints, describes or dumps it shows only that there is one.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What goes over the wire, and nowhere else.
    let revealed: String

    private static let mask = "(secret)"

    /// Without the blanks and line ends around it; nil when nothing is left, and for what no header field can hold.
    public init?(_ text: String) {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return nil }
        revealed = String(text[first...last])
        guard revealed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    }

    public var description: String { Self.mask }
    public var debugDescription: String { Self.mask }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// The text without the key: servers repeat what they were sent.
    func scrubbed(from text: String) -> String { text.replacing(revealed, with: Self.mask) }
}
