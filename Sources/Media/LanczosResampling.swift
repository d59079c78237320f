internal import Dispatch
internal import Synchronization

extension Image {
    /// Pillow's `Image.resize(..., LANCZOS)` on the bytes of `eightBit()`, bit for bit: a horizontal pass, rounded to
    /// bytes, then a vertical one; a pass that would change nothing is left out. Each channel on its own.
    func lanczos(
        _ window: Window, width: Int, height: Int, step: (Int, Int) throws -> Void
    ) rethrows -> Image {
        let bytes = eightBit()
        let columns = window.width == width ? nil : LanczosKernel(from: window.width, to: width)
        let rows = window.height == height ? nil : LanczosKernel(from: window.height, to: height)
        let (rowStride, channels) = (self.width * channels, channels)
        let total = batch * (window.height + height)
        var result: [UInt8] = []
        result.reserveCapacity(batch * height * width * channels)
        for index in 0..<batch {
            let done = index * (window.height + height)
            let start = (index * self.height + window.y) * rowStride + window.x * channels
            let narrow = try Self.joinBands(of: window.height, step: { try step(done + $0, total) }) { band in
                guard let columns else {
                    return band.flatMap { bytes[(start + $0 * rowStride)...].prefix(width * channels) }
                }
                let source = bytes.span.extracting(droppingFirst: start + band.lowerBound * rowStride)
                return columns.across(
                    source, rowStride: rowStride, height: band.count, width: window.width, channels: channels)
            }
            guard let rows else {
                result += narrow
                continue
            }
            result += try Self.joinBands(of: height, step: { try step(done + window.height + $0, total) }) { band in
                band.flatMap { rows.down(narrow.span, to: $0, count: width * channels) }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: result)
    }

    /// Joins what `compute` returns for bands of rows, several bands at a time on the cores that are free.
    private static func joinBands(
        of rowCount: Int, step: (Int) throws -> Void, _ compute: @Sendable (Range<Int>) -> [UInt8]
    ) rethrows -> [UInt8] {
        let atOnce = 4
        var joined: [UInt8] = []
        for first in stride(from: 0, to: rowCount, by: atOnce * bandHeight) {
            try step(first)
            let bands = stride(from: first, to: min(first + atOnce * bandHeight, rowCount), by: bandHeight)
                .map { $0..<min($0 + bandHeight, rowCount) }
            let results = Mutex([[UInt8]](repeating: [], count: bands.count))
            DispatchQueue.concurrentPerform(iterations: bands.count) { i in
                let rows = compute(bands[i])
                results.withLock { $0[i] = rows }
            }
            for rows in results.withLock({ $0 }) { joined += rows }
        }
        return joined
    }
}
