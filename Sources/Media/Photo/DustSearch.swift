internal import GraphCore

/// Finds specks: small spots that differ strongly from all sides, where what surrounds them is calm.
///
/// What a top-hat and a bottom-hat transform leave (J. Serra, Image Analysis and Mathematical Morphology, 1982), with
/// hysteresis and a test of size and surroundings, so that eyes, leaves and window bars stay.
struct DustSearch {
    private let candidates: [UInt8], strong: UInt8, weak: UInt8
    private let luma: SmoothLuma
    private let maxSide: Int

    init(_ candidates: [UInt8], strong: UInt8, weak: UInt8, _ luma: SmoothLuma, _ settings: Descratch) {
        (self.candidates, self.strong, self.weak, self.luma) = (candidates, strong, weak, luma)
        maxSide = settings.dustSize
    }

    func find(adding found: inout [UInt8]) throws {
        let (width, height) = (luma.width, luma.height)
        var plane = candidates
        for y in 0..<height {
            if y % 64 == 0 { try Task.checkCancellation() }
            for x in 0..<width where plane[y * width + x] & strong != 0 {
                let part = ConnectedPart(at: y * width + x, of: &plane, width: width) { $0 & weak != 0 }
                guard part.columns.count <= maxSide, part.rows.count <= maxSide, part.places.count >= 2,
                    isAlone(part)
                else { continue }
                for place in part.places { found[place] = 1 }
            }
        }
    }

    /// Whether the frame around a speck varies much less than the speck stands out of it.
    private func isAlone(_ part: ConnectedPart) -> Bool {
        let (width, height) = (luma.width, luma.height)
        let (left, right) = (part.columns.lowerBound - 3, part.columns.upperBound + 3)
        let (top, bottom) = (part.rows.lowerBound - 3, part.rows.upperBound + 3)
        var frame: [UInt16] = []
        for y in max(top, 0)...min(bottom, height - 1) {
            for x in max(left, 0)...min(right, width - 1)
            where y < top + 2 || y > bottom - 2 || x < left + 2 || x > right - 2 {
                frame.append(luma.values[y * width + x])
            }
        }
        guard frame.count >= 8 else { return false }
        frame.sort()
        let middle = Int(frame[frame.count / 2])
        // A tenth at either end may belong to a scratch that passes by.
        let range = Int(frame[frame.count * 9 / 10]) - Int(frame[frame.count / 10])
        let contrast = part.places.map { abs(Int(luma.values[$0]) - middle) }.max() ?? 0
        return 2 * range <= contrast
    }
}
