internal import GraphCore

extension Image {
    /// The pictures with the pixels filled where `holes`, [batch, height, width], is not 0, from those around them.
    ///
    /// Between the known pixels at both ends of a straight line through the hole, in the direction whose ends agree best:
    /// edge-based line averaging (T. Doyle, "Interlaced to sequential conversion for EDTV applications", 1988), here
    /// in eight directions that share by inverse squared length (D. Shepard, ACM 1968) and agreement, so that edges
    /// which a scratch crosses go on across it. The grain that averaging takes away is put back: the difference between
    /// a pixel beside the hole and its surroundings. Keeps the storage. `work` is told of the rows of the batch.
    func filled(_ holes: [UInt8], _ work: inout RowWork) throws -> Image {
        let known = (0..<batch).map { KnownPixels(self, index: $0, holes: holes, grain: noiseEstimate(imageAt: $0)) }
        let (width, height, channels, colorCount, perRow) = (width, height, channels, colorCount, rowLength)
        switch storage {
        case .floats(var floats):
            try work.updateRows(of: &floats, elementsPerRow: perRow, workPerRow: 4 * perRow) { rows, band in
                for (i, row) in rows.enumerated() {
                    for x in 0..<width where holes[row * width + x] != 0 {
                        let color = known[row / height].filled(x, row % height)
                        for c in 0..<colorCount { band[i * perRow + x * channels + c] = color[c] }
                    }
                }
            }
            return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
        case .bytes(var bytes, let levels):
            try work.updateRows(of: &bytes, elementsPerRow: perRow, workPerRow: 4 * perRow) { rows, band in
                for (i, row) in rows.enumerated() {
                    for x in 0..<width where holes[row * width + x] != 0 {
                        let color = known[row / height].filled(x, row % height)
                        for c in 0..<colorCount {
                            band[i * perRow + x * channels + c] = Self.nearest(color[c], levels)
                        }
                    }
                }
            }
            return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes, levels: levels)
        }
    }

    private static func nearest(_ value: Float, _ levels: [Float]) -> UInt8 {
        var best = 0
        for i in 1..<256 where abs(levels[i] - value) < abs(levels[best] - value) { best = i }
        return UInt8(best)
    }
}

/// One image of a batch outside the batch's holes.
private struct KnownPixels: Sendable {
    let image: Image, index: Int, holes: [UInt8]
    /// Standard deviation of the noise.
    let grain: Float

    init(_ image: Image, index: Int, holes: [UInt8], grain: Float) {
        (self.image, self.index, self.holes, self.grain) = (image, index, holes, grain)
    }

    private static let directions = [(1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2)]
    /// Holes are thin; what is farther away says little.
    private static let reach = 48

    /// The known pixel that a line from a hole meets.
    private struct End {
        let x: Int, y: Int
        /// Steps from the hole.
        let steps: Int
        let color: SIMD4<Float>
    }

    func filled(_ x: Int, _ y: Int) -> SIMD4<Float> {
        // What ends may differ by and still be the same surface.
        let tolerance = max(2 * grain, 4 / 255)
        var (sum, total) = (SIMD4<Float>.zero, Float(0))
        var nearest: (distance: Float, x: Int, y: Int)?
        for (dx, dy) in Self.directions {
            let (a, b) = (end(x, y, dx, dy), end(x, y, -dx, -dy))
            let step = Float(dx * dx + dy * dy).squareRoot()
            for (end, sign) in [(a, 1), (b, -1)] {
                guard let end else { continue }
                let distance = Float(end.steps) * step
                if distance < nearest?.distance ?? .infinity {
                    // As far beyond the rim as the hole's pixel is inside.
                    nearest = (distance, end.x + sign * dx * end.steps, end.y + sign * dy * end.steps)
                }
            }
            let color: SIMD4<Float>
            var weight: Float
            switch (a, b) {
            case (let a?, let b?):
                let length = Float(a.steps + b.steps)
                color = (a.color * Float(b.steps) + b.color * Float(a.steps)) / length
                let difference = a.color - b.color
                let apart = (difference * difference).sum() / Float(image.colorCount)
                weight = 1 / (length * length * step * step * (tolerance * tolerance + apart))
            case (let a?, nil), (nil, let a?):  // at the picture's edge
                color = a.color
                let length = 4 * Float(a.steps) * step
                weight = 1 / (length * length * 4 * tolerance * tolerance)
            case (nil, nil): continue
            }
            weight *= weight * tolerance * tolerance  // the best direction counts for more
            sum += color * weight
            total += weight
        }
        guard total > 0 else { return pixel(x, y) }
        let smooth = sum / total
        guard grain > 1e-3, let nearest else { return smooth }
        return smooth + grain(atX: nearest.x, y: nearest.y)
    }

    /// Nil when the picture ends first.
    private func end(_ x: Int, _ y: Int, _ dx: Int, _ dy: Int) -> End? {
        for steps in 1...Self.reach {
            let (px, py) = (x + dx * steps, y + dy * steps)
            guard contains(px, py) else { return nil }
            if isKnown(px, py) {
                // Two pixels vary less than one.
                let (qx, qy) = (px + dx, py + dy)
                let color = contains(qx, qy) && isKnown(qx, qy) ? (pixel(px, py) + pixel(qx, qy)) / 2 : pixel(px, py)
                return End(x: px, y: py, steps: steps, color: color)
            }
        }
        return nil
    }

    /// What a pixel differs by from the known ones around it, no more than grain would.
    private func grain(atX x: Int, y: Int) -> SIMD4<Float> {
        guard contains(x, y), isKnown(x, y) else { return .zero }
        var (sum, count) = (SIMD4<Float>.zero, Float(0))
        for py in y - 2...y + 2 {
            for px in x - 2...x + 2 where contains(px, py) && isKnown(px, py) {
                sum += pixel(px, py)
                count += 1
            }
        }
        let limit = SIMD4<Float>(repeating: 2 * grain)
        return (pixel(x, y) - sum / count).clamped(lowerBound: -limit, upperBound: limit)
    }

    private func contains(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < image.width && y < image.height }

    private func isKnown(_ x: Int, _ y: Int) -> Bool { holes[(index * image.height + y) * image.width + x] == 0 }

    /// The colours; zeros for channels that are none.
    private func pixel(_ x: Int, _ y: Int) -> SIMD4<Float> {
        let start = ((index * image.height + y) * image.width + x) * image.channels
        var color = SIMD4<Float>.zero
        switch image.storage {
        case .floats(let floats): for c in 0..<image.colorCount { color[c] = floats[start + c] }
        case .bytes(let bytes, let levels): for c in 0..<image.colorCount { color[c] = levels[Int(bytes[start + c])] }
        }
        return color
    }
}
