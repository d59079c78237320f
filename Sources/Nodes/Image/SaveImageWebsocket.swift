public import GraphCore
internal import Media

/// Sends each picture of a batch to whoever watches the run, as a PNG, and writes no file.
///
/// As ComfyUI's custom_nodes/websocket_image_save.py: progress i of n, then picture i.
public struct SaveImageWebsocket: ChangingNode {
    static let images = Input<Image>("images")

    public let schema = NodeSchema(
        type: "SaveImageWebsocket", category: "api/image", inputs: [images], isOutput: true,
        module: "custom_nodes.websocket_image_save", showsEarlyProgress: true)

    public init() {}

    /// What was sent to one watcher is of no use to the next.
    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .always
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let images = try inputs[Self.images]
        for index in 0..<images.batch {
            let png: [UInt8]
            do throws(CodecError) {
                png = try PNGCodec.encode(images, at: index)
            } catch {
                try Task.checkCancellation()
                throw Diagnostic(.nodeFailed, node: nil, error.message, suggestion: error.suggestion)
            }
            try context.send(png, format: .png, step: index, of: images.batch)
        }
        return []
    }
}
