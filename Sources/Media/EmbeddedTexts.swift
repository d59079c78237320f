internal import GraphCore

/// The texts that pictures and sounds made by ComfyUI or this program carry: `prompt`, the graph that made them, and
/// `workflow`, the editor's file.
public enum EmbeddedTexts {
    /// Whether a file that begins so is of a kind that `read` knows.
    public static func mayBe(_ start: [UInt8]) -> Bool {
        switch ImageFormat.sniff(start) {
        case .png?, .jpeg?, .webp?, .tiff?: true
        default: SoundTags.mayBe(start)
        }
    }

    /// Of a PNG, JPEG, WebP, TIFF, FLAC, MP3 or Ogg, in file order. Nil when the file is none of these.
    public static func read(from bytes: [UInt8]) -> [TextChunk]? {
        switch ImageFormat.sniff(bytes) {
        case .png: (try? PNGCodec.textChunks(of: bytes)) ?? []
        case .jpeg, .webp, .tiff: EXIFText.read(from: bytes)
        default: SoundTags.texts(in: bytes)
        }
    }
}
