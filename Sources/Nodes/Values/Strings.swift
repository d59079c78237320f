public import GraphCore

/// Lines of text to link from.
public struct PrimitiveStringMultiline: Node {
    static let value = Input<String>("value", options: [.init("multiline", true)])
    static let output = Output<String>("STRING")

    public let schema = NodeSchema(
        type: "PrimitiveStringMultiline", displayName: "String (Multiline)", category: "utils/primitive",
        inputs: [value], outputs: [output], module: "comfy_extras.nodes_primitive", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

/// Two texts with a third between them.
public struct StringConcatenate: Node {
    static let first = Input<String>("string_a", options: [.init("multiline", true)])
    static let second = Input<String>("string_b", options: [.init("multiline", true)])
    static let delimiter = Input<String>("delimiter", default: "", options: [.init("multiline", false)])
    static let output = Output<String>("STRING")

    public let schema = NodeSchema(
        type: "StringConcatenate", displayName: "Concatenate", category: "utils/string",
        inputs: [first, second, delimiter], outputs: [output], module: "comfy_extras.nodes_string",
        generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let parts = [try inputs[Self.first], try inputs[Self.delimiter], try inputs[Self.second]]
        try TextSize.check(parts.reduce(0) { $0 + $1.utf8.count })
        return [Self.output(parts.joined())]
    }
}

/// Puts `replace` in every place where `find` stands. An empty `find` stands before every character and at the end, as
/// Python's does; a character is a Unicode scalar.
public struct StringReplace: Node {
    static let text = Input<String>("string", options: [.init("multiline", true)])
    static let find = Input<String>("find", options: [.init("multiline", true)])
    static let replacement = Input<String>("replace", options: [.init("multiline", true)])
    static let output = Output<String>("STRING")

    public let schema = NodeSchema(
        type: "StringReplace", displayName: "Replace", category: "utils/string",
        inputs: [text, find, replacement], outputs: [output], module: "comfy_extras.nodes_string",
        generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let text = Array(try inputs[Self.text].unicodeScalars)
        let find = Array(try inputs[Self.find].unicodeScalars)
        let replacement = Array(try inputs[Self.replacement].unicodeScalars)
        var replaced = String.UnicodeScalarView()
        var (at, byteCount) = (0, 0)
        func isFound(at start: Int) -> Bool {
            start + find.count <= text.count && find.indices.allSatisfy { text[start + $0] == find[$0] }
        }
        while at <= text.count {
            if at % 65_536 == 0 { try context.step(at, of: text.count + 1) }
            if isFound(at: at) {
                byteCount += 4 * replacement.count
                try TextSize.check(byteCount)
                replaced.append(contentsOf: replacement)
                at += find.count
                if !find.isEmpty { continue }
            }
            if at < text.count { replaced.append(text[at]) }
            at += 1
        }
        return [Self.output(String(replaced))]
    }
}

/// Texts that nodes make are no longer than this: a few of them in a chain would fill the memory.
enum TextSize {
    static let maxByteCount = 64 << 20

    static func check(_ byteCount: Int) throws {
        guard byteCount <= maxByteCount else {
            throw Diagnostic(
                .outOfMemory, node: nil, "the text would be longer than \(maxByteCount >> 20) MiB",
                suggestion: "Use shorter texts.")
        }
    }
}
