internal import GraphCore

/// The payloads of ComfyUI's binary messages, both ways. All integers are big-endian, 32 bits.
enum BinaryFrames {
    /// Type 1: format (1 JPEG, 2 PNG), then the picture.
    static func picture(_ bytes: [UInt8], _ format: RunEvent.PreviewFormat) -> [UInt8] {
        number(1) + number(format == .jpeg ? 1 : 2) + bytes
    }

    /// Type 4: length of a JSON object, the object, then the picture.
    static func picture(
        _ bytes: [UInt8], _ format: RunEvent.PreviewFormat, of origin: PictureOrigin, run: RunID
    ) -> [UInt8] {
        let metadata: JSON = [
            "node_id": .string(origin.node.text), "prompt_id": .string(run.text),
            "display_node_id": .string(origin.display.text),
            "parent_node_id": origin.parent.map { .string($0.text) } ?? .null,
            "real_node_id": .string(origin.real.text),
            "image_type": .string(format == .jpeg ? "image/jpeg" : "image/png"),
        ]
        let json = JSONWriter.bytes(metadata)
        return number(4) + number(json.count) + json + bytes
    }

    /// Type 3: the prompt's id with its length before it, the same for the node's, then the text.
    static func text(_ text: String, node: NodeID, run: RunID) -> [UInt8] {
        number(3) + counted(run.text) + counted(node.text) + Array(text.utf8)
    }

    private static func counted(_ text: String) -> [UInt8] { number(text.utf8.count) + Array(text.utf8) }

    private static func number(_ value: Int) -> [UInt8] {
        let value = UInt32(clamping: value)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    // MARK: Reading

    /// A picture that came. The metadata is nil for type 1, which does not say whose it is.
    struct Picture {
        let format: RunEvent.PreviewFormat
        let bytes: [UInt8]
        let metadata: JSON?
    }

    /// - Returns: nil for what is no picture.
    static func picture(in payload: [UInt8]) -> Picture? {
        guard payload.count > 8 else { return nil }
        let number = integer(payload[4..<8])
        switch integer(payload[0..<4]) {
        case 1: return Picture(format: number == 1 ? .jpeg : .png, bytes: Array(payload[8...]), metadata: nil)
        case 4:
            guard number <= payload.count - 8, let metadata = try? JSONParser.parse(Array(payload[8..<8 + number]))
            else { return nil }
            return Picture(
                format: metadata["image_type"] == "image/jpeg" ? .jpeg : .png, bytes: Array(payload[(8 + number)...]),
                metadata: metadata)
        default: return nil
        }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
