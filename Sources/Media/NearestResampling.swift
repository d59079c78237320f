extension Image {
    /// PyTorch's "nearest-exact": the pixel whose centre is nearest. Bytes stay bytes, with their levels.
    func nearest(
        _ window: Window, width: Int, height: Int, step: (Int, Int) throws -> Void
    ) rethrows -> Image {
        switch storage {
        case .floats(let floats):
            let picked = try pick(from: floats, window, width: width, height: height, step: step)
            return Image(batch: batch, height: height, width: width, channels: channels, floats: picked)
        case .bytes(let bytes, let levels):
            let picked = try pick(from: bytes, window, width: width, height: height, step: step)
            return Image(batch: batch, height: height, width: width, channels: channels, bytes: picked, levels: levels)
        }
    }

    private func pick<Element>(
        from source: [Element], _ window: Window, width: Int, height: Int, step: (Int, Int) throws -> Void
    ) rethrows -> [Element] {
        let columns = nearestIndices(from: window.width, to: width).map { ($0 + window.x) * channels }
        let rows = nearestIndices(from: window.height, to: height).map { $0 + window.y }
        var picked: [Element] = []
        picked.reserveCapacity(batch * height * width * channels)
        for y in 0..<batch * height {
            if y % Self.bandHeight == 0 { try step(y, batch * height) }
            let row = (y / height * self.height + rows[y % height]) * self.width * channels
            for column in columns {
                for c in 0..<channels { picked.append(source[row + column + c]) }
            }
        }
        return picked
    }

    /// ATen UpSample.h nearest_neighbor_exact_compute_source_index, in float32.
    private func nearestIndices(from old: Int, to new: Int) -> [Int] {
        let scale = Float(old) / Float(new)
        return (0..<new).map { min(Int((Float($0) + 0.5) * scale), old - 1) }
    }

    /// Rows between two steps: a few milliseconds of work in a large picture.
    static let bandHeight = 32
}
