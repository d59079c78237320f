/// What flows through a socket: a name such as `IMAGE`, a union `IMAGE,FLOAT`, or `*` for anything.
public struct SocketType: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }
    public init(stringLiteral value: String) { name = value }
    public var description: String { name }

    public static let int: SocketType = "INT"
    public static let float: SocketType = "FLOAT"
    public static let string: SocketType = "STRING"
    public static let boolean: SocketType = "BOOLEAN"
    public static let combo: SocketType = "COMBO"
    public static let any: SocketType = "*"

    /// Types a person fills in by hand; every other type only takes links.
    public var isWidget: Bool {
        self == .int || self == .float || self == .string || self == .boolean || self == .combo
    }

    /// Whether a value of type `source` may flow into a socket of this type: same name, any common member of two
    /// unions, or a wildcard on either side (ComfyUI's `validate_node_input`, not strict).
    public func accepts(_ source: SocketType) -> Bool {
        if self == source || self == .any || source == .any { return true }
        let mine = members
        return source.members.contains { $0 == "*" || mine.contains($0) || mine.contains("*") }
    }

    private var members: [Substring] {
        name.split(separator: ",").map { part in
            part.drop { $0 == " " }.prefix { $0 != " " }
        }
    }
}
