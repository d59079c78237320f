internal import GraphCore

/// What kind of picture a file is, told by its bytes and never by its name. The first six can be read.
public enum ImageFormat: Sendable, CaseIterable {
    case png, jpeg, webp, tiff, gif, bmp
    case heic, avif, jpegXL, jpeg2000, photoshop, pdf, raw

    /// Nil when the bytes start like none of them.
    public static func sniff(_ bytes: [UInt8]) -> ImageFormat? {
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + signature.count
                && bytes[offset..<offset + signature.count].elementsEqual(signature)
        }
        func has(_ signature: String, at offset: Int = 0) -> Bool { has(Array(signature.utf8), at: offset) }

        if has([0x89] + "PNG".utf8) { return .png }
        if has([0xFF, 0xD8, 0xFF]) { return .jpeg }
        if has("RIFF") && has("WEBP", at: 8) { return .webp }
        if CameraRaw.name(of: bytes) != nil { return .raw }
        if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") { return .tiff }
        if has("GIF8") { return .gif }
        if has("BM") && BMPHeader.sizes.contains(where: { has([UInt8($0), 0, 0, 0], at: 14) }) { return .bmp }
        if has("ftypavif", at: 4) || has("ftypavis", at: 4) { return .avif }
        if ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(where: { has("ftyp" + $0, at: 4) }) {
            return .heic
        }
        if has([0xFF, 0x0A]) || has([0, 0, 0, 12] + "JXL ".utf8) { return .jpegXL }
        if has([0, 0, 0, 12] + "jP  ".utf8) || has([0xFF, 0x4F, 0xFF, 0x51]) { return .jpeg2000 }
        if has("8BPS") { return .photoshop }
        if has("%PDF") { return .pdf }
        return nil
    }

    /// As people call it.
    public var name: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        case .tiff: "TIFF"
        case .gif: "GIF"
        case .bmp: "BMP"
        case .heic: "HEIC"
        case .avif: "AVIF"
        case .jpegXL: "JPEG XL"
        case .jpeg2000: "JPEG 2000"
        case .photoshop: "Photoshop"
        case .pdf: "PDF"
        case .raw: "camera raw"
        }
    }
}
