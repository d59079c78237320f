internal import GraphCore

/// The colours of one TIFF page while its blocks come in, as stored: not yet turned upright.
struct TIFFPixels {
    let width: Int, height: Int
    /// [height, width, 3].
    private(set) var rgb: PixelBuffer<UInt8>
    /// [height, width], or empty.
    var alpha = PixelBuffer<UInt8>()

    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        rgb = PixelBuffer(repeating: 0, count: width * height * 3)
    }

    /// A block of `width` times `height` pixels, of which what lies beyond the page is dropped.
    /// - Parameter bytes: [height, width, sampleCount].
    mutating func set(_ samples: TIFFSamples, _ bytes: [UInt8], width: Int, height: Int, x: Int, y: Int) {
        let (columns, rows, pageWidth) = (min(width, self.width - x), min(height, self.height - y), self.width)
        func draw(_ rgb: inout PixelBuffer<UInt8>, _ alpha: inout PixelBuffer<UInt8>) {
            var colours = rgb.mutableSpan, alphas = alpha.mutableSpan
            for row in 0..<rows {
                samples.colours(
                    of: bytes.span, from: row * width * samples.sampleCount, count: columns, rgb: &colours,
                    alphas: &alphas, at: (y + row) * pageWidth + x)
            }
        }
        draw(&rgb, &alpha)
    }

    /// A block inside of the page. Of each word the bytes in memory are red, green, blue and alpha, which libtiff makes
    /// up for pages without; colours that need its conversion have none.
    mutating func set(_ words: [UInt32], width: Int, height: Int, x: Int, y: Int) {
        for row in 0..<height {
            for column in 0..<width {
                let word = UInt32(littleEndian: words[row * width + column])
                let at = 3 * ((y + row) * self.width + x + column)
                rgb[at] = UInt8(truncatingIfNeeded: word)
                rgb[at + 1] = UInt8(truncatingIfNeeded: word >> 8)
                rgb[at + 2] = UInt8(truncatingIfNeeded: word >> 16)
            }
        }
    }
}

extension TIFFSamples {
    /// One row of the pixels in `bytes` from the `pixel`-th on: all its samples, or those of one plane.
    func reduce(
        _ row: Span<UInt8>, from start: Int, plane: Int?, width: Int, into bytes: inout [UInt8], pixel: Int
    ) {
        var target = bytes.mutableSpan
        let offset = pixel * sampleCount + (plane ?? 0)
        let count = plane == nil ? width * sampleCount : width
        reduce(row, from: start, count: count, into: &target, offset: offset, stride: plane == nil ? 1 : sampleCount)
    }
}

extension TIFFStructure {
    /// The ICC profile of the first page.
    func profile(of pages: [Directory]) -> [UInt8]? {
        pages.first?.entry(Self.profileTag).flatMap(bytes(of:)).map(Array.init)
    }
}

/// The compression that is refused by name, before libtiff sees it.
enum TIFFCompression {
    static func check(_ compression: Int) throws(CodecError) {
        let oldJPEG = 6
        guard compression == oldJPEG else { return }
        throw CodecError(
            "the TIFF holds old-style JPEG (compression 6), which TIFF gave up in 1995 and which cannot be read",
            suggestion: "Convert it, for example with 'tiffcp -c lzw old.tif new.tif'.")
    }
}
