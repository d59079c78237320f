internal import Dispatch
internal import Synchronization

extension Image {
    /// Pillow's `Image.resize(..., LANCZOS)` on the bytes of `eightBit()`, bit for bit: a horizontal pass, rounded to
    /// bytes, then a vertical one; a pass that would change nothing is left out. Each channel on its own.
    func lanczos(
        _ window: Window, width: Int, height: Int, step: (Int, Int) throws -> Void
    ) rethrows -> Image {
        let total = batch * (window.height + height)
        let bytes = try eightBit { _, _ in try step(0, total) }
        let columns = window.width == width ? nil : LanczosKernel(from: window.width, to: width)
        let rows = window.height == height ? nil : LanczosKernel(from: window.height, to: height)
        let (rowStride, channels) = (self.width * channels, channels)
        var result: [UInt8] = []
        result.reserveCapacity(batch * height * width * channels)
        for index in 0..<batch {
            let done = index * (window.height + height)
            let start = (index * self.height + window.y) * rowStride + window.x * channels
            var narrow = rows == nil ? result : []
            if rows == nil { result = [] }
            narrow.reserveCapacity(narrow.count + window.height * width * channels)
            let acrossWork = width * channels * (columns?.tapCount ?? 1)
            try Self.addBands(
                of: window.height, workPerRow: acrossWork, to: &narrow, step: { try step(done + $0, total) }
            ) { band in
                guard let columns else {
                    return band.flatMap { bytes[(start + $0 * rowStride)...].prefix(width * channels) }
                }
                let source = bytes.span.extracting(droppingFirst: start + band.lowerBound * rowStride)
                return columns.across(
                    source, rowStride: rowStride, height: band.count, width: window.width, channels: channels)
            }
            guard let rows else {
                result = narrow
                continue
            }
            let narrowed = narrow
            try Self.addBands(
                of: height, workPerRow: width * channels * rows.tapCount, to: &result,
                step: { try step(done + window.height + $0, total) }
            ) { band in
                band.flatMap { rows.down(narrowed.span, to: $0, count: width * channels) }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: result)
    }

    /// Adds what `compute` returns for bands of rows, several bands at a time on the cores that are free. Bands are
    /// lower when their rows are much work, so that a step is never far.
    private static func addBands(
        of rowCount: Int, workPerRow: Int, to joined: inout [UInt8], step: (Int) throws -> Void,
        _ compute: @Sendable (Range<Int>) -> [UInt8]
    ) rethrows {
        let (atOnce, maxWork) = (4, 1 << 24)
        let height = max(1, min(bandHeight, maxWork / workPerRow))
        for first in stride(from: 0, to: rowCount, by: atOnce * height) {
            try step(first)
            let bands = stride(from: first, to: min(first + atOnce * height, rowCount), by: height)
                .map { $0..<min($0 + height, rowCount) }
            let results = Mutex([[UInt8]](repeating: [], count: bands.count))
            DispatchQueue.concurrentPerform(iterations: bands.count) { i in
                let rows = compute(bands[i])
                results.withLock { $0[i] = rows }
            }
            for rows in results.withLock({ $0 }) { joined += rows }
        }
    }
}
