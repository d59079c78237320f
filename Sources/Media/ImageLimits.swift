internal import GraphCore

/// How large an image may be. Checked before memory is allocated, so that a 10 kB file cannot ask for 16 GB.
public struct ImageLimits: Sendable {
    /// Width times height of one image.
    public var maxPixelCount = 100_000_000
    /// A whole batch, as float32.
    public var maxBatchByteCount = 2 << 30
    /// A single row is held several times while it is decoded, so it has a bound of its own, in pixels.
    public var maxSideLength = 1_000_000

    public init() {}

    /// Throws one sentence that names the size and the limit. Sizes below 1 and products beyond Int are refused too.
    public func check(batch: Int = 1, height: Int, width: Int, channels: Int = 3) throws(CodecError) {
        guard batch > 0, height > 0, width > 0, channels > 0 else {
            throw CodecError("an image of \(width)x\(height) pixels has no pixels")
        }
        let size = "\(width.grouped)x\(height.grouped)"
        guard max(width, height) <= maxSideLength else {
            throw CodecError(
                "the image is \(size) pixels, and a side may have at most \(maxSideLength.grouped)",
                suggestion: "Make it smaller, or cut it into tiles, in an image editor.")
        }
        guard let pixelCount = product(width, height), pixelCount <= maxPixelCount else {
            let megapixels = (product(width, height) ?? .max) / 1_000_000
            throw CodecError(
                "the image is \(size) pixels (\(megapixels.grouped) megapixels), "
                    + "and the limit is \((maxPixelCount / 1_000_000).grouped) megapixels",
                suggestion: "Make it smaller in an image editor.")
        }
        guard let byteCount = product(batch, pixelCount, channels, MemoryLayout<Float>.stride),
            byteCount <= maxBatchByteCount
        else {
            throw CodecError(
                "a batch of \(batch.grouped) images of \(size) pixels needs more than "
                    + "\((maxBatchByteCount >> 20).grouped) MiB",
                suggestion: "Use a smaller batch or smaller images.")
        }
    }

    private func product(_ factors: Int...) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            product = next
        }
        return product
    }
}
