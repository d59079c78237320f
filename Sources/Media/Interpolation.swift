internal import GraphCore

extension Image {
    /// A weighted sum of source rows, then of its columns, for each new row. Values may leave 0...1 (bicubic).
    func interpolated(
        _ window: Window, columns: SampleWeights, rows: SampleWeights, work makeWork: (_ rowCount: Int) -> RowWork
    ) throws -> Image {
        let (width, height) = (columns.samples.count, rows.samples.count)
        let (image, channels) = (self, channels)
        let count = width * channels
        let blendCount = window.width * channels
        let rowWork = rows.samples.reduce(0) { $0 + $1.count } * blendCount / height
        let columnWork = columns.samples.reduce(0) { $0 + $1.count } * channels
        var work = makeWork(batch * height)
        let made: PixelBuffer<Float> = try work.makeRows(
            batch * height, elementsPerRow: count, workPerRow: rowWork + columnWork
        ) { newRows, band in
            var blend = [Float](repeating: 0, count: blendCount)
            var at = 0
            for y in newRows {
                for i in blend.indices { blend[i] = 0 }
                for (row, weight) in rows.samples[y % height] {
                    let start = ((y / height * image.height + window.y + row) * image.width + window.x) * channels
                    image.add(start..<start + blendCount, times: weight, to: &blend)
                }
                let blended = blend.span
                for samples in columns.samples {
                    for c in 0..<channels {
                        var sum: Float = 0
                        for (column, weight) in samples { sum += weight * blended[column * channels + c] }
                        band[at + c] = sum
                    }
                    at += channels
                }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: made)
    }

    private func add(_ range: Range<Int>, times weight: Float, to row: inout [Float]) {
        var total = row.mutableSpan
        switch storage {
        case .floats(let floats):
            let source = floats.span.extracting(range)
            for i in source.indices { total[i] += weight * source[i] }
        case .bytes(let bytes, let levels):
            let source = bytes.span.extracting(range)
            for i in source.indices { total[i] += weight * levels[Int(source[i])] }
        }
    }
}
