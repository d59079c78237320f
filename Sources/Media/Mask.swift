internal import GraphCore

/// A batch of masks of one size: [batch, height, width] row-major Float, nominally 0...1. 1 is selected.
public struct Mask: Sendable, Equatable {
    public let batch: Int, height: Int, width: Int
    private let values: PixelBuffer<Float>

    /// `floats` has batch * height * width elements.
    public init(batch: Int, height: Int, width: Int, floats: PixelBuffer<Float>) {
        precondition(floats.count == batch * height * width, "a mask's values do not fit its shape")
        (self.batch, self.height, self.width) = (batch, height, width)
        values = floats
    }

    /// Copies `floats`: for masks that are small.
    public init(batch: Int, height: Int, width: Int, floats: [Float]) {
        self.init(batch: batch, height: height, width: width, floats: PixelBuffer(floats))
    }

    /// [batch, height, width] row-major. O(1).
    public func floats() -> PixelBuffer<Float> { values }

    /// What the values take in memory.
    public var byteCount: Int { values.count * MemoryLayout<Float>.stride }
}
