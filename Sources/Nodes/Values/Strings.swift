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
        var byteCount = 0
        func replace() throws {
            byteCount += 4 * replacement.count
            try TextSize.check(byteCount)
            replaced.append(contentsOf: replacement)
        }
        if find.isEmpty {
            for (at, scalar) in text.enumerated() {
                if at % 65_536 == 0 { try context.step(at, of: text.count) }
                try replace()
                replaced.append(scalar)
            }
            try replace()
            return [Self.output(String(replaced))]
        }
        // Knuth, Morris, Pratt: linear, whatever the texts are.
        let borders = try Self.borders(of: find)
        var (matched, kept) = (0, 0)
        for (at, scalar) in text.enumerated() {
            if at % 65_536 == 0 { try context.step(at, of: text.count) }
            while matched > 0, find[matched] != scalar { matched = borders[matched - 1] }
            if find[matched] == scalar { matched += 1 }
            guard matched == find.count else { continue }
            replaced.append(contentsOf: text[kept..<at + 1 - find.count])
            try replace()
            (matched, kept) = (0, at + 1)
        }
        replaced.append(contentsOf: text[kept...])
        return [Self.output(String(replaced))]
    }

    /// For each beginning of `find`, the length of the longest shorter beginning that it ends with.
    private static func borders(of find: [Unicode.Scalar]) throws -> [Int] {
        var borders = [Int](repeating: 0, count: find.count)
        var length = 0
        for at in find.indices.dropFirst() {
            if at % 65_536 == 0 { try Task.checkCancellation() }
            while length > 0, find[length] != find[at] { length = borders[length - 1] }
            if find[length] == find[at] { length += 1 }
            borders[at] = length
        }
        return borders
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
