internal import GraphCore

/// The payloads of ComfyUI's binary messages. All integers are big-endian, 32 bits.
enum BinaryFrames {
    /// Type 1: format (1 JPEG, 2 PNG), then the picture.
    static func preview(_ bytes: [UInt8], _ format: RunEvent.PreviewFormat) -> [UInt8] {
        number(1) + number(format == .jpeg ? 1 : 2) + bytes
    }

    /// Type 4: length of a JSON object, the object, then the picture.
    static func preview(
        _ bytes: [UInt8], _ format: RunEvent.PreviewFormat, of node: NodeID, state: RunFold.NodeState?, prompt: RunID
    ) -> [UInt8] {
        let metadata: JSON = [
            "node_id": .string(node.text), "prompt_id": .string(prompt.text),
            "display_node_id": .string((state?.display ?? node).text),
            "parent_node_id": state?.parent.map { .string($0.text) } ?? .null,
            "real_node_id": .string((state?.real ?? node).text),
            "image_type": .string(format == .jpeg ? "image/jpeg" : "image/png"),
        ]
        let json = JSONWriter.bytes(metadata)
        return number(4) + number(json.count) + json + bytes
    }

    /// Type 3: the prompt's id with its length before it, the same for the node's, then the text.
    static func text(_ text: String, node: NodeID, prompt: RunID) -> [UInt8] {
        number(3) + counted(prompt.text) + counted(node.text) + Array(text.utf8)
    }

    private static func counted(_ text: String) -> [UInt8] { number(text.utf8.count) + Array(text.utf8) }

    private static func number(_ value: Int) -> [UInt8] {
        let value = UInt32(clamping: value)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// A picture in a run's events.
struct Picture {
    let node: NodeID
    let format: RunEvent.PreviewFormat
    let bytes: [UInt8]
    /// Sent instead of saved: nobody may skip it.
    let isResult: Bool

    /// - Parameter wanted: nil for a picture of any node.
    init?(_ event: RunEvent, of run: RunID, _ wanted: NodeID?) {
        switch event.kind {
        case .nodePreview(let node, let format, let bytes):
            (self.node, self.format, self.bytes, isResult) = (node, format, bytes, false)
        case .nodePicture(let node, let format, let bytes):
            (self.node, self.format, self.bytes, isResult) = (node, format, bytes, true)
        default: return nil
        }
        guard event.run == run, wanted == nil || wanted == node else { return nil }
    }
}
