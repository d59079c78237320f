extension Image {
    /// A weighted sum of source rows, then of its columns, for each new row. Values may leave 0...1 (bicubic).
    func interpolated(
        _ window: Window, columns: SampleWeights, rows: SampleWeights, step: (Int, Int) throws -> Void
    ) rethrows -> Image {
        let (width, height) = (columns.samples.count, rows.samples.count)
        var result: [Float] = []
        result.reserveCapacity(batch * height * width * channels)
        var blend = [Float](repeating: 0, count: window.width * channels)
        for y in 0..<batch * height {
            if y % Self.bandHeight == 0 { try step(y, batch * height) }
            for i in blend.indices { blend[i] = 0 }
            for (row, weight) in rows.samples[y % height] {
                let start = ((y / height * self.height + window.y + row) * self.width + window.x) * channels
                add(start..<start + blend.count, times: weight, to: &blend)
            }
            for samples in columns.samples {
                for c in 0..<channels {
                    var sum: Float = 0
                    for (column, weight) in samples { sum += weight * blend[column * channels + c] }
                    result.append(sum)
                }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: result)
    }

    private func add(_ range: Range<Int>, times weight: Float, to row: inout [Float]) {
        switch storage {
        case .floats(let floats):
            for (i, value) in floats[range].enumerated() { row[i] += weight * value }
        case .bytes(let bytes, let levels):
            for (i, byte) in bytes[range].enumerated() { row[i] += weight * levels[Int(byte)] }
        }
    }
}
