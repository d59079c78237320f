internal import GraphCore

/// What to say of the formats that are known and not read: their names, and the command that converts them.
extension ImageFormat {
    /// - Parameter bytes: the file's, of this format.
    func refusal(of bytes: [UInt8]) -> CodecError {
        let name = self == .raw ? CameraRaw.name(of: bytes).map { "\($0) raw" } ?? name : self.name
        return CodecError(
            "the file is \("AEIO".contains(name.prefix(1)) ? "an" : "a") \(name) picture, which cannot be read",
            suggestion: suggestion)
    }

    private var suggestion: String {
        switch self {
        case .heic: Self.convert("heif-convert photo.heic photo.png", "libheif-examples")
        case .avif: Self.convert("avifdec photo.avif photo.png", "libavif-bin")
        case .jpegXL: Self.convert("djxl photo.jxl photo.png", "libjxl-tools")
        case .jpeg2000: Self.convert("opj_decompress -i photo.jp2 -o photo.png", "libopenjp2-tools")
        case .photoshop: Self.convert("convert 'photo.psd[0]' photo.png", "imagemagick")
        case .pdf: Self.convert("pdftoppm -png -r 300 scan.pdf page", "poppler-utils")
        // dcraw_emu: -w the camera's white balance, -T a TIFF.
        case .raw: Self.convert("dcraw_emu -w -T photo.raw", "libraw-bin") + " Or use darktable-cli, of darktable."
        case .png, .jpeg, .webp, .tiff, .gif, .bmp: "Open it in an image editor and export it as PNG."
        }
    }

    private static func convert(_ command: String, _ package: String) -> String {
        "Convert it with \(command) (Debian package \(package))."
    }
}
