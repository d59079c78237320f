internal import GraphCore

extension Image {
    /// PyTorch's "nearest-exact": the pixel whose centre is nearest. Bytes stay bytes, with their levels.
    func nearest(
        _ window: Window, width: Int, height: Int, work makeWork: (_ rowCount: Int) -> RowWork
    ) throws -> Image {
        var work = makeWork(batch * height)
        switch storage {
        case .floats(let floats):
            let picked = try pick(from: floats, window, width: width, height: height, &work)
            return Image(batch: batch, height: height, width: width, channels: channels, floats: picked)
        case .bytes(let bytes, let levels):
            let picked = try pick(from: bytes, window, width: width, height: height, &work)
            return Image(batch: batch, height: height, width: width, channels: channels, bytes: picked, levels: levels)
        }
    }

    private func pick<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        from source: PixelBuffer<Element>, _ window: Window, width: Int, height: Int, _ work: inout RowWork
    ) throws -> PixelBuffer<Element> {
        let channels = channels
        let columns = nearestIndices(from: window.width, to: width).map { ($0 + window.x) * channels }
        let rows = nearestIndices(from: window.height, to: height).map { $0 + window.y }
        let (sourceHeight, rowStride) = (self.height, self.width * channels)
        let count = width * channels
        return try work.makeRows(batch * height, elementsPerRow: count, workPerRow: count) { newRows, band in
            var at = 0
            for y in newRows {
                let start = (y / height * sourceHeight + rows[y % height]) * rowStride
                let row = source.span.extracting(start..<start + rowStride)
                for column in columns {
                    for c in 0..<channels { band[at + c] = row[column + c] }
                    at += channels
                }
            }
        }
    }

    /// ATen UpSample.h nearest_neighbor_exact_compute_source_index, in float32.
    private func nearestIndices(from old: Int, to new: Int) -> [Int] {
        let scale = Float(old) / Float(new)
        return (0..<new).map { min(Int(clamping: (Float($0) + 0.5) * scale), old - 1) }
    }
}
