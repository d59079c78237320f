internal import GraphCore

/// How a length is cut into tiles that overlap, and how much each says about what they share.
///
/// Tiles are all of one length, so that a model is given one shape; the last is moved back to end with the picture. Where
/// two overlap, the weight goes over from one to the other in a line. The outermost samples of a tile, which a model
/// computed without their neighbours, do not count at all unless they are the picture's own edge.
struct TileGrid: Sendable, Equatable {
    /// Where each tile begins.
    let starts: [Int]
    let tileLength: Int
    let length: Int

    /// - Parameters:
    ///   - length: of the picture, at least 1.
    ///   - overlap: what neighbours share at least; less than half a tile.
    init(length: Int, tileLength: Int, overlap: Int) {
        self.length = length
        self.tileLength = tileLength
        let step = max(1, tileLength - min(overlap, tileLength / 2))
        let last = max(0, length - tileLength)
        starts = Array(stride(from: 0, to: last, by: step)) + [last]
    }

    /// The weights of tile `index` for each of its samples, enlarged `scale` times; for any place of the picture the
    /// weights of all tiles sum to 1.
    func weights(ofTile index: Int, scale: Int) -> [Float] {
        let own = raw(index, scale)
        var sums = [Float](repeating: 0, count: own.count)
        let start = starts[index] * scale
        // Only neighbours can reach here, but the last tile's move may bring more of them in.
        for other in starts.indices {
            let offset = starts[other] * scale - start
            guard abs(offset) < own.count else { continue }
            for (position, weight) in raw(other, scale).enumerated() {
                let place = position + offset
                if sums.indices.contains(place) { sums[place] += weight }
            }
        }
        return zip(own, sums).map { $1 > 0 ? $0 / $1 : 0 }
    }

    /// Rises from a margin that does not count, then is 1, and falls the same way; at the picture's edges it is 1.
    private func raw(_ index: Int, _ scale: Int) -> [Float] {
        let count = tileLength * scale
        func shared(_ first: Int, _ second: Int) -> Int {
            guard starts.indices.contains(first), starts.indices.contains(second) else { return 0 }
            return max(0, starts[first] + tileLength - starts[second]) * scale
        }
        let (before, after) = (shared(index - 1, index), shared(index, index + 1))
        func weight(_ distance: Int, _ overlap: Int) -> Float {
            guard overlap > 0 else { return 1 }
            let margin = overlap / 4
            return min(max((Float(distance - margin) + 0.5) / Float(max(1, overlap - 2 * margin)), 0), 1)
        }
        return (0..<count).map { min(weight($0, before), weight(count - 1 - $0, after)) }
    }
}
