internal import GraphCore
internal import Media

/// How large the pictures of an answer may be, by what was asked for; looked at before any of them is decoded.
///
/// A PNG of 12 KiB may say that it has 100 megapixels, which take 300 MB each. Servers round sizes and some paint larger
/// than they are told, so the pictures together may have four times as many pixels as were asked for.
struct PictureBudget {
    private static let factor = 4
    /// Of small orders and of those that leave the size to the server.
    private static let leastPixelCount = 16_000_000
    /// As many as a batch may have.
    private static let mostPixelCount = ImageLimits().maxBatchByteCount / (3 * MemoryLayout<Float>.stride)

    private let order: PictureOrder
    let maxPixelCount: Int

    init(_ order: PictureOrder) {
        self.order = order
        guard let size = order.size else {
            maxPixelCount = Self.mostPixelCount
            return
        }
        // Sides of a node's inputs are at most 8,192; beyond all bounds the most counts.
        let (area, isAreaBeyond) = size.width.multipliedReportingOverflow(by: size.height)
        let (all, areAllBeyond) = area.multipliedReportingOverflow(by: order.count)
        let (wanted, isBeyond) = all.multipliedReportingOverflow(by: Self.factor)
        maxPixelCount =
            isAreaBeyond || areAllBeyond || isBeyond
            ? Self.mostPixelCount : min(max(wanted, Self.leastPixelCount), Self.mostPixelCount)
    }

    /// - Throws: `.tooLarge` with what came and what was asked for.
    func check(_ files: [[UInt8]], of server: String) throws(Diagnostic) {
        var pixelCount = 0
        for file in files {
            // What has no size that can be read is refused by its decoder.
            guard let size = PictureSize(of: file) else { continue }
            pixelCount = min(pixelCount + size.pixelCount, .max / 2)
        }
        guard pixelCount > maxPixelCount else { return }
        let megapixels = pixelCount / 1_000_000
        let came = files.count == 1 ? "a picture of \(megapixels)" : "\(files.count) pictures of together \(megapixels)"
        let asked = order.size.map { " of \($0.width)x\($0.height) pixels" } ?? ""
        throw Diagnostic(
            .tooLarge, node: nil,
            "'\(server)' sent \(came) megapixels, where \(order.count)\(asked) \(order.count == 1 ? "was" : "were") "
                + "asked for and at most \(maxPixelCount / 1_000_000) megapixels are read",
            suggestion: "Look into the server's log, or ask for the size that the model paints.")
    }
}
