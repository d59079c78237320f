public import GraphCore
internal import Media

/// Reads a sound from the input folder, in its own sample rate and channels. A long one is read to a file of the temp
/// folder, so the memory taken does not grow with it.
public struct LoadAudio: ChangingNode {
    static let audio = Input<String>(
        "audio", choices: .named(.files(.input, .audio)), options: [.init("audio_upload", true)])
    static let sound = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "LoadAudio", displayName: "Load Audio", category: "audio", inputs: [audio], outputs: [sound],
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.contentToken(try inputs[Self.audio], in: .input))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let name = try inputs[Self.audio]
        let path = try context.environment.filePath(name, in: .input)
        context.phase("decode", "reading \(name)")
        let decoded: DecodedSound
        do {
            decoded = try SoundDecoder.decode(path: path, scratchFolder: context.environment.scratchFolder) {
                done, total in if total > 0 { try context.step(done, of: total) }
            }
        } catch let error as CodecError {
            try Task.checkCancellation()
            throw Diagnostic(
                .badFile, node: nil, input: "audio", "'\(name)': \(error.message)", suggestion: error.suggestion)
        }
        for note in decoded.notes { context.log(.warning, "'\(name)': \(note)") }
        return [Self.sound(decoded.audio)]
    }
}
