/// A constant a workflow file can hold, after conversion to what its input asks for.
public enum Literal: Sendable, Hashable {
    case null
    case bool(Bool)
    /// -2^63 ... 2^64 - 1 for INT inputs (ComfyUI seeds reach 2^64 - 1).
    case int(Int128)
    case double(Double)
    case string(String)
    /// Lists and objects, as written.
    case json(JSON)

    /// Texts are compared by their bytes and numbers by their bits: what looks alike but is written otherwise is another
    /// input to a model.
    public static func == (one: Literal, other: Literal) -> Bool {
        switch (one, other) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.json(let a), .json(let b)): a == b && JSONWriter.bytes(a) == JSONWriter.bytes(b)
        default: false
        }
    }

    /// The literal nearest to what a file says, for inputs that ask for no particular type.
    public init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .string(let string): self = .string(string)
        case .number(let number):
            if let int = number.int {
                self = .int(int)
            } else if let double = number.double {
                self = .double(double)
            } else {
                self = .json(json)
            }
        case .array, .object: self = .json(json)
        }
    }

    public var json: JSON {
        switch self {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .int(let int): .number(JSONNumber(int))
        case .double(let double): double.isFinite ? .number(JSONNumber(double)) : .string(double.description)
        case .string(let string): .string(string)
        case .json(let json): json
        }
    }
}

/// One thing that flows along a link.
public enum Value: Sendable {
    case literal(Literal)
    /// A picture, sound, model: anything a module defines by conforming to `SocketValue`.
    case object(any SocketValue)
    /// A link itself, for inputs that ask for it raw.
    case link(Link)
    /// Whoever takes this as an input does not run.
    case block(Block)
}

/// Stops everything downstream of an output.
public struct Block: Sendable, Equatable {
    /// Told once, at the first node that is stopped; nil stops silently.
    public let message: String?

    public init(_ message: String? = nil) { self.message = message }
}

/// A Swift type that can flow along links.
public protocol SocketValue: Sendable {
    /// The name on the socket, such as `IMAGE`.
    static var socketType: SocketType { get }
    /// The value as this type, or nil when it is something else.
    init?(_ value: Value)
    var value: Value { get }
    /// Memory held, for the cache's limit in bytes and for estimates by size.
    var byteCount: Int { get }
}

extension SocketValue {
    @inlinable
    public init?(_ value: Value) {
        guard case .object(let object) = value, let object = object as? Self else { return nil }
        self = object
    }
    @inlinable
    public var value: Value { .object(self) }
    public var byteCount: Int { MemoryLayout<Self>.size }
}

extension Value {
    /// Memory held by the value, in bytes, roughly.
    public var byteCount: Int {
        switch self {
        case .literal(.string(let string)): 64 + string.utf8.count
        case .literal, .link, .block: 64
        case .object(let object): 64 + object.byteCount
        }
    }

    /// What an error message calls the value.
    var kindName: String {
        switch self {
        case .literal(.null): "nothing"
        case .literal(.bool): "BOOLEAN"
        case .literal(.int): "INT"
        case .literal(.double): "FLOAT"
        case .literal(.string): "STRING"
        case .literal(.json(let json)): json.kindName
        case .object(let object): type(of: object).socketType.name
        case .link: "a link"
        case .block: "a blocked value"
        }
    }
}

extension Int: SocketValue {
    public static var socketType: SocketType { .int }
    public init?(_ value: Value) {
        guard case .literal(.int(let int)) = value, let exact = Int(exactly: int) else { return nil }
        self = exact
    }
    public var value: Value { .literal(.int(Int128(self))) }
}

/// Seeds: 0 ... 2^64 - 1.
extension UInt64: SocketValue {
    public static var socketType: SocketType { .int }
    public init?(_ value: Value) {
        guard case .literal(.int(let int)) = value, let exact = UInt64(exactly: int) else { return nil }
        self = exact
    }
    public var value: Value { .literal(.int(Int128(self))) }
}

extension Double: SocketValue {
    public static var socketType: SocketType { .float }
    public init?(_ value: Value) {
        switch value {
        case .literal(.double(let double)): self = double
        case .literal(.int(let int)): self = Double(int)
        default: return nil
        }
    }
    public var value: Value { .literal(.double(self)) }
}

extension String: SocketValue {
    public static var socketType: SocketType { .string }
    public init?(_ value: Value) {
        guard case .literal(.string(let string)) = value else { return nil }
        self = string
    }
    public var value: Value { .literal(.string(self)) }
}

extension Bool: SocketValue {
    public static var socketType: SocketType { .boolean }
    public init?(_ value: Value) {
        guard case .literal(.bool(let bool)) = value else { return nil }
        self = bool
    }
    public var value: Value { .literal(.bool(self)) }
}

/// Whatever comes, for wildcard sockets.
extension Value: SocketValue {
    public static var socketType: SocketType { .any }
    public init?(_ value: Value) { self = value }
    public var value: Value { self }
}

extension Link: SocketValue {
    public static var socketType: SocketType { .any }
    public init?(_ value: Value) {
        guard case .link(let link) = value else { return nil }
        self = link
    }
    public var value: Value { .link(self) }
}
