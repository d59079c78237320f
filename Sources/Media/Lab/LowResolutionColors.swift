internal import GraphCore

extension Image {
    /// A small preview of a coloured picture, before its pixels are computed: what the network saw and answered, at
    /// `side` or less, brought back to the picture's shape.
    /// - Parameters:
    ///   - gray: `squashedGray` of the image, [side, side].
    ///   - colors: the a* plane, then the b* plane, [2, side, side].
    ///   - maxSide: the preview's longer side is at most this many pixels, and at most the picture's own.
    /// - Returns: floats, [1, height, width, 3], 0...1.
    public func lowResolutionColors(
        gray: [Float], colors: [Float], side: Int, maxSide: Int = 512
    ) throws -> Image {
        precondition(gray.count == side * side && colors.count == 2 * side * side, "the colours do not fit the gray")
        let square = Image(batch: 1, height: side, width: side, channels: 1, floats: gray)
        var work = RowWork(rowCount: side)
        let colored = try square.colored(with: [colors], side: side, upsampling: .nearest, &work)
        let scale = min(1, Double(maxSide) / Double(max(width, height, 1)))
        func scaled(_ count: Int) -> Int { max(1, Int(clamping: (Double(count) * scale).rounded())) }
        return try colored.resized(
            width: scaled(width), height: scaled(height), method: .bilinear, centerCrop: false)
    }
}
