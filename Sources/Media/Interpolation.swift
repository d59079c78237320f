extension Image {
    /// A weighted sum of source rows, then of its columns, for each new row. Values may leave 0...1 (bicubic).
    func interpolated(
        _ window: Window, columns: SampleWeights, rows: SampleWeights, step: (Int, Int) throws -> Void
    ) rethrows -> Image {
        let (width, height) = (columns.samples.count, rows.samples.count)
        var result: [Float] = []
        result.reserveCapacity(batch * height * width * channels)
        var blend = [Float](repeating: 0, count: window.width * channels)
        let columnWork = columns.samples.reduce(0) { $0 + $1.count } * channels
        var workBeforeStep = 0
        for y in 0..<batch * height {
            if y % Self.bandHeight == 0 { workBeforeStep = 0 }
            for i in blend.indices { blend[i] = 0 }
            for (row, weight) in rows.samples[y % height] {
                if workBeforeStep <= 0 {
                    try step(y, batch * height)
                    workBeforeStep = Self.workPerStep
                }
                workBeforeStep -= blend.count
                let start = ((y / height * self.height + window.y + row) * self.width + window.x) * channels
                add(start..<start + blend.count, times: weight, to: &blend)
            }
            workBeforeStep -= columnWork
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

    /// Multiplications between two steps: a few milliseconds.
    private static let workPerStep = 1 << 22

    private func add(_ range: Range<Int>, times weight: Float, to row: inout [Float]) {
        switch storage {
        case .floats(let floats):
            for (i, value) in floats[range].enumerated() { row[i] += weight * value }
        case .bytes(let bytes, let levels):
            for (i, byte) in bytes[range].enumerated() { row[i] += weight * levels[Int(byte)] }
        }
    }
}
