public import GraphCore

/// Finds scratches and dust, and fills them from around.
public struct Descratch: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case both, bright, dark }

    public var kind: Kind
    /// 0 finds only what is glaring, 1 also what hardly shows, and sometimes what belongs there.
    public var sensitivity: Double
    /// The widest scratch, in pixels.
    public var maxWidth: Int
    /// The shortest scratch, as a share of the picture's shorter side. Window bars and twigs are shorter.
    public var minLength: Double
    public var findsDust: Bool
    /// The largest speck, in pixels each way.
    public var dustSize: Int
    /// Pixels by which what was found is widened: the soft rim of a scratch is part of it.
    public var grow: Int

    public static let maxWidths = 1...16
    public static let dustSizes = 2...32
    public static let grows = 0...8

    /// - Throws: `.outOfRange` for pixels outside of `maxWidths`, `dustSizes` and `grows`.
    public init(
        kind: Kind = .both, sensitivity: Double = 0.5, maxWidth: Int = 4, minLength: Double = 0.12,
        findsDust: Bool = true, dustSize: Int = 7, grow: Int = 1
    ) throws(Diagnostic) {
        guard Self.maxWidths.contains(maxWidth), Self.dustSizes.contains(dustSize), Self.grows.contains(grow) else {
            throw Diagnostic(
                .outOfRange, node: nil,
                "no scratch is \(maxWidth) pixels wide, with specks of \(dustSize) and a margin of \(grow)",
                suggestion: "Use widths from \(Self.maxWidths.lowerBound) to \(Self.maxWidths.upperBound), specks from "
                    + "\(Self.dustSizes.lowerBound) to \(Self.dustSizes.upperBound) and margins up to "
                    + "\(Self.grows.upperBound).")
        }
        (self.kind, self.sensitivity, self.maxWidth) = (kind, sensitivity, maxWidth)
        (self.minLength, self.findsDust, self.dustSize, self.grow) = (minLength, findsDust, dustSize, grow)
    }

    /// Rows that `descratched` tells `work` of, for each row of the picture.
    public static let passCount = 9
}

extension Image {
    /// The picture with its scratches and dust filled, and the mask of what was filled (1). Keeps the storage; eight bits
    /// get the nearest level. A fourth channel is kept. `work` is told of `Descratch.passCount` times the rows.
    public func descratched(_ settings: Descratch, _ work: inout RowWork) throws -> (image: Image, mask: Mask) {
        var holes: [UInt8] = []
        holes.reserveCapacity(batch * height * width)
        for index in 0..<batch { holes += try defects(imageAt: index, settings, &work) }
        let result = try filled(holes, &work)
        let mask = try holes.mapInBands(step: { _, _ in try Task.checkCancellation() }) { Float($0) }
        return (result, Mask(batch: batch, height: height, width: width, floats: mask))
    }

    /// [height, width], 1 where a scratch or speck of one image is, else 0.
    private func defects(imageAt index: Int, _ settings: Descratch, _ work: inout RowWork) throws -> [UInt8] {
        let luma = try SmoothLuma(self, imageAt: index, &work)
        let scale = try LocalScale(luma, maxWidth: settings.maxWidth, &work)
        let candidates = try DefectCandidates.plane(luma, scale, settings, &work)
        var found = [UInt8](repeating: 0, count: height * width)
        for (line, dust) in [
            (DefectCandidates.brightLines, DefectCandidates.brightDust),
            (DefectCandidates.darkLines, DefectCandidates.darkDust),
        ] {
            for bit in line {
                let lines = try LineSearch(candidates, bit: bit, width: width, height: height, settings)
                try lines.find(&work, adding: &found)
            }
            if settings.findsDust {
                try DustSearch(candidates, strong: dust.strong, weak: dust.weak, luma, settings).find(adding: &found)
            }
        }
        return settings.grow > 0 ? try Self.grown(found, width: width, by: settings.grow, &work) : found
    }

    /// Dilation by a disc.
    private static func grown(
        _ plane: [UInt8], width: Int, by radius: Int, _ work: inout RowWork
    ) throws -> [UInt8] {
        let height = plane.count / width
        let reach = (Double(radius) + 0.5) * (Double(radius) + 0.5)
        let spans = (-radius...radius).map { dy in
            Int(clamping: (reach - Double(dy * dy)).squareRoot())
        }
        return try work.makeRows(height, elementsPerRow: width, workPerRow: width * (2 * radius + 1) * 2) {
            rows, band in
            for (i, y) in rows.enumerated() {
                for dy in -radius...radius where y + dy >= 0 && y + dy < height {
                    let (start, span) = ((y + dy) * width, spans[dy + radius])
                    for x in 0..<width where plane[start + x] != 0 {
                        for place in max(0, x - span)...min(width - 1, x + span) { band[i * width + place] = 1 }
                    }
                }
            }
        }
    }
}
