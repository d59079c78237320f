internal import GraphCore

/// A stretch of one row of a picture that is put together from others.
public struct RowPiece: Sendable {
    enum Content: Sendable {
        /// Pixels of source number `source`, from pixel `first` of its storage on, `step` pixels apart.
        case pixels(source: Int, first: Int, step: Int)
        /// Every pixel the same: one number per channel.
        case color([Float])
    }

    let content: Content
    /// In pixels.
    let width: Int

    /// - Parameters:
    ///   - first: a pixel of the whole batch, counted row by row: `(index * height + y) * width + x`.
    ///   - step: 1 goes right, -1 left, the source's width down.
    public static func pixels(of source: Int = 0, from first: Int, step: Int = 1, width: Int) -> RowPiece {
        RowPiece(content: .pixels(source: source, first: first, step: step), width: width)
    }

    /// - Parameter color: one number per channel.
    public static func color(_ color: [Float], width: Int) -> RowPiece {
        RowPiece(content: .color(color), width: width)
    }
}

extension Image {
    /// Pixels moved and none computed: what crops, flips, rotates, repeats, pads and joins pictures.
    ///
    /// `row` says what makes up row `y` of the whole batch, `batch * height` of them. All sources have the same number
    /// of channels. Eight-bit sources of the same levels give an eight-bit picture, when the levels have every colour.
    /// - Parameter colors: what `row` fills with, so that the storage can be chosen beforehand.
    public static func assembled(
        batch: Int, height: Int, width: Int, from sources: [Image], colors: [[Float]] = [], work: inout RowWork,
        row: @escaping @Sendable (_ y: Int) -> [RowPiece]
    ) throws -> Image {
        let channels = sources.first?.channels ?? colors.first?.count ?? 1
        precondition(sources.allSatisfy { $0.channels == channels }, "the pictures differ in their channels")
        let shape = (rows: batch * height, width: width, channels: channels)
        if let (bytes, levels) = sharedLevels(sources, colors) {
            let table = levels
            let made = try assemble(
                shape, { bytes[$0][$1] }, &work, convert: { color in UInt8(table.firstIndex(of: color) ?? 0) }, row)
            return Image(batch: batch, height: height, width: width, channels: channels, bytes: made, levels: levels)
        }
        // Bytes become floats piece by piece.
        let made = try assemble(shape, { sources[$0].floats(in: $1) }, &work, convert: { $0 }, row)
        return Image(batch: batch, height: height, width: width, channels: channels, floats: made)
    }

    /// The bytes of all sources, when one byte means the same in each of them and the colours are among its levels.
    private static func sharedLevels(_ sources: [Image], _ colors: [[Float]]) -> (
        bytes: [PixelBuffer<UInt8>], levels: [Float]
    )? {
        var shared: [Float]?
        var all: [PixelBuffer<UInt8>] = []
        for source in sources {
            guard case .bytes(let bytes, let levels) = source.storage, shared.map({ $0 == levels }) ?? true else {
                return nil
            }
            shared = levels
            all.append(bytes)
        }
        guard let shared, colors.joined().allSatisfy(shared.contains) else { return nil }
        return (all, shared)
    }

    private static func assemble<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        _ shape: (rows: Int, width: Int, channels: Int),
        _ elements: @escaping @Sendable (_ source: Int, _ range: Range<Int>) -> Slice<PixelBuffer<Element>>,
        _ work: inout RowWork, convert: @escaping @Sendable (Float) -> Element,
        _ row: @escaping @Sendable (_ y: Int) -> [RowPiece]
    ) throws -> PixelBuffer<Element> {
        let channels = shape.channels
        let count = shape.width * channels
        return try work.makeRows(shape.rows, elementsPerRow: count, workPerRow: count) { rows, band in
            var at = 0
            for y in rows {
                for piece in row(y) where piece.width > 0 {
                    switch piece.content {
                    case .pixels(let source, let first, let step):
                        let last = first + step * (piece.width - 1)
                        let range = min(first, last) * channels..<(max(first, last) + 1) * channels
                        copy(
                            elements(source, range), from: first * channels - range.lowerBound, step: step * channels,
                            channels: channels, to: &band, at: at, width: piece.width)
                    case .color(let color):
                        let pixel = color.map(convert)
                        for i in 0..<piece.width * channels { band[at + i] = pixel[i % channels] }
                    }
                    at += piece.width * channels
                }
            }
        }
    }

    @inline(__always)
    private static func copy<Element: BitwiseCopyable & Sendable>(
        _ slice: Slice<PixelBuffer<Element>>, from first: Int, step: Int, channels: Int,
        to band: inout MutableSpan<Element>,
        at start: Int, width: Int
    ) {
        let source = slice.span()
        if step == channels { return band.copy(source, at: start) }
        var (from, to) = (first, start)
        for _ in 0..<width {
            for c in 0..<channels { band[to + c] = source[from + c] }
            from += step
            to += channels
        }
    }
}
