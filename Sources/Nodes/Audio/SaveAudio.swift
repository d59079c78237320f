public import GraphCore
internal import Media

/// Writes sounds as FLAC files into the output folder, with the workflow inside them.
///
/// FLAC is chosen for losing nothing: samples that 16 bits say, such as those of most files and voices, are written with
/// 16 and come back bit for bit; all others with 24, where ComfyUI writes 16 always.
public struct SaveAudio: Node {
    public let schema = NodeSchema(
        type: "SaveAudio", displayName: "Save Audio (FLAC)", category: "audio",
        inputs: [SoundFiles.audio, SoundFiles.prefix], hidden: [.prompt, .extraPNGInfo], isOutput: true,
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try SoundFiles.save(
            try inputs[SoundFiles.audio], as: .flac(.bits16), prefix: try inputs[SoundFiles.prefix], in: .output,
            context)
    }
}

/// Writes sounds as MP3 files. A sample rate that MP3 does not have is converted to the next higher one.
public struct SaveAudioMP3: Node {
    static let quality = Input<String>("quality", choices: .fixed(["V0", "128k", "320k"]), default: "V0")

    public let schema = NodeSchema(
        type: "SaveAudioMP3", displayName: "Save Audio (MP3)", category: "audio",
        inputs: [SoundFiles.audio, SoundFiles.prefix, quality], hidden: [.prompt, .extraPNGInfo], isOutput: true,
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let quality = SoundFiles.kilobits(try inputs[Self.quality]).map { MP3Quality.constant(kilobits: $0) }
        return try SoundFiles.save(
            try inputs[SoundFiles.audio], as: .mp3(quality ?? .variable), prefix: try inputs[SoundFiles.prefix],
            in: .output, context)
    }
}

/// Writes sounds as Opus files. A sample rate that Opus does not have is converted to the next higher one.
public struct SaveAudioOpus: Node {
    static let quality = Input<String>(
        "quality", choices: .fixed(["64k", "96k", "128k", "192k", "320k"]), default: "128k")

    public let schema = NodeSchema(
        type: "SaveAudioOpus", displayName: "Save Audio (Opus)", category: "audio",
        inputs: [SoundFiles.audio, SoundFiles.prefix, quality], hidden: [.prompt, .extraPNGInfo], isOutput: true,
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let kilobits = SoundFiles.kilobits(try inputs[Self.quality]) ?? 128
        return try SoundFiles.save(
            try inputs[SoundFiles.audio], as: .opus(kilobits: kilobits), prefix: try inputs[SoundFiles.prefix],
            in: .output, context)
    }
}

/// Writes sounds into the temp folder, for people to listen to.
public struct PreviewAudio: Node {
    public let schema = NodeSchema(
        type: "PreviewAudio", displayName: "Preview Audio", category: "audio", inputs: [SoundFiles.audio],
        hidden: [.prompt, .extraPNGInfo], isOutput: true, module: "comfy_extras.nodes_audio")

    private let prefix: String

    /// - Parameter suffix: tells the previews of one program from those of another; five random letters by default.
    public init(suffix: String? = nil) {
        let letters = "abcdefghijklmnopqrstupvxyz"
        prefix = "ComfyUI_temp_" + (suffix ?? String((0..<5).compactMap { _ in letters.randomElement() }))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try SoundFiles.save(try inputs[SoundFiles.audio], as: .flac(.bits16), prefix: prefix, in: .temp, context)
    }
}
