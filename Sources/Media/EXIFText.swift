internal import GraphCore

/// Notes in the EXIF of a JPEG or WebP, or in the tags of a TIFF, where ComfyUI's SaveAnimatedWEBP keeps the workflow:
/// `prompt:{...}` as the camera's model (tag 0x0110), and what the editor stored, `workflow:{...}` first, in the tags
/// below it from 0x010F on.
public enum EXIFText {
    private static let modelTag = 0x0110
    /// The lowest tag that means no more than a text: document name, description, make.
    private static let lowestTag = 0x010D

    /// `prompt`, `workflow` and whatever else stands there in the same way, in the order of ComfyUI's writing. Empty for
    /// other formats, and for files that have none.
    /// - Parameter bytes: a whole picture file.
    public static func read(from bytes: [UInt8]) -> [TextChunk] {
        guard let exif = exif(of: bytes), let structure = TIFFStructure(exif) else { return [] }
        return texts(in: structure)
    }

    /// Of the first directory.
    static func texts(in structure: TIFFStructure) -> [TextChunk] {
        guard let directory = structure.directory(at: structure.first) else { return [] }
        return stride(from: modelTag, through: 0x0100, by: -1).compactMap { tag in
            directory.entry(tag).flatMap(structure.text(of:)).flatMap(note)
        }
    }

    /// `name:{...}`. A real camera is called otherwise.
    private static func note(_ text: String) -> TextChunk? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text[..<colon], value = text[text.index(after: colon)...]
        guard !name.isEmpty, name.utf8.count <= 79, value.utf8.first == UInt8(ascii: "{"),
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        else { return nil }
        return TextChunk(keyword: String(name), text: String(value))
    }

    private static func exif(of bytes: [UInt8]) -> ArraySlice<UInt8>? {
        switch ImageFormat.sniff(bytes) {
        case .tiff: bytes[...]
        case .jpeg: JPEGSegments.application(1, "Exif\0\0", of: bytes).first
        case .webp:
            RIFFChunks.body(of: "EXIF", in: bytes).map { $0.starts(with: "Exif\0\0".utf8) ? $0.dropFirst(6) : $0 }
        default: nil
        }
    }

    /// The tags that hold the notes: `prompt` in the model's, the others below it. What finds no place is left out.
    static func entries(_ notes: [TextChunk]) -> [(tag: Int, value: String)] {
        let values = notes.map { (isPrompt: $0.keyword == "prompt", text: "\($0.keyword):\($0.text)") }
        let prompt = values.first(where: \.isPrompt).map { [(tag: modelTag, value: $0.text)] } ?? []
        let others = zip(stride(from: modelTag - 1, through: lowestTag, by: -1), values.filter { !$0.isPrompt })
        return prompt + others.map { (tag: $0, value: $1.text) }
    }

    /// A little-endian TIFF structure of nothing but these notes; nil without any.
    static func structure(_ notes: [TextChunk]) -> [UInt8]? {
        let entries = entries(notes).sorted { $0.tag < $1.tag }
        guard !entries.isEmpty else { return nil }
        let ascii = 2, wordSize = 4
        var directory = little(entries.count, 2), values: [UInt8] = []
        let valuesStart = 8 + 2 + entries.count * 12 + wordSize
        for (tag, value) in entries {
            let text = Array(value.utf8) + [0]
            directory += little(tag, 2) + little(ascii, 2) + little(text.count, wordSize)
            if text.count <= wordSize {
                directory += text + [UInt8](repeating: 0, count: wordSize - text.count)
            } else {
                directory += little(valuesStart + values.count, wordSize)
                values += text + [UInt8](repeating: 0, count: text.count % 2)
            }
        }
        return "II*\0".utf8 + little(8, wordSize) + directory + little(0, wordSize) + values
    }

    private static func little(_ number: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
