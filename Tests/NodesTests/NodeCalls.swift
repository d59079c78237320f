import GraphCore
import Media
import Testing

@testable import Nodes

/// Calls a node by hand.
enum NodeCall {
    static func outputs(_ node: some Node, _ values: [String: Value]) async throws -> [Value] {
        try await node.run(Inputs(node.schema, values), NodeContext()).compactMap {
            if case .value(_, let value) = $0 { value } else { nil }
        }
    }

    static func image(_ node: some Node, _ values: [String: Value]) async throws -> Image {
        let first = try await outputs(node, values).first
        return try #require(first.flatMap { Image($0) })
    }

    static func mask(_ node: some Node, _ values: [String: Value]) async throws -> Mask {
        let last = try await outputs(node, values).last
        return try #require(last.flatMap { Mask($0) })
    }

    static func text(_ node: some Node, _ values: [String: Value]) async throws -> String {
        let first = try await outputs(node, values).first
        return try #require(first.flatMap { String($0) })
    }
}

extension Value {
    static func int(_ number: Int) -> Value { .literal(.int(Int128(number))) }
    static func double(_ number: Double) -> Value { .literal(.double(number)) }
    static func text(_ text: String) -> Value { .literal(.string(text)) }
    static func bool(_ bool: Bool) -> Value { .literal(.bool(bool)) }
}

extension Image {
    /// 0, 1, 2... as bytes.
    static func counting(batch: Int = 1, height: Int, width: Int, channels: Int = 3, from first: Int = 0) -> Image {
        Image(
            batch: batch, height: height, width: width, channels: channels,
            bytes: (0..<batch * height * width * channels).map { UInt8(truncatingIfNeeded: first + $0) })
    }

    /// As wide and high as `text`'s lines, a letter being a grey: "a" is 0, "b" 1 and so on.
    static func letters(_ pictures: String...) -> Image {
        let rows = pictures.map { $0.split(separator: "/") }
        let bytes = rows.joined().joined().unicodeScalars.flatMap { [UInt8](repeating: UInt8($0.value - 97), count: 3) }
        return Image(
            batch: pictures.count, height: rows[0].count, width: rows[0][0].count, channels: 3, bytes: bytes)
    }

    /// The red of each pixel as a letter; anything between two letters is a question mark.
    var letters: [String] {
        let floats = floats()
        return (0..<batch).map { index in
            (0..<height).map { y in
                String(
                    (0..<width).map { x -> Character in
                        let byte = floats[((index * height + y) * width + x) * channels] * 255
                        guard byte == byte.rounded(), let scalar = Unicode.Scalar(97 + Int(clamping: byte)), byte < 26
                        else {
                            return "?"
                        }
                        return Character(scalar)
                    })
            }.joined(separator: "/")
        }
    }
}
