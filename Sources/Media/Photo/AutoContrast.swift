internal import GraphCore

/// Stretches a picture's tones so that its darkest become black and its lightest white.
///
/// Linear stretching between two percentiles: R. C. Gonzalez and R. E. Woods, Digital Image Processing, section 3.2
/// (2018). The black point is the least tone that more than `blackClip` of the samples do not exceed; the white point
/// is its mirror image.
public struct AutoContrast: Sendable, Equatable {
    /// Shares of the samples, 0 up to 0.5, that may become plain black or plain white.
    public var blackClip: Double, whiteClip: Double
    /// Each colour by its own percentiles, which takes away a cast; else all by those of the three together.
    public var perChannel: Bool
    /// How much of a cast stays when each channel goes its own way: 1 is as if they went together.
    public var keptCast: Float
    /// 0 leaves the picture as it is.
    public var strength: Float

    public init(
        blackClip: Double, whiteClip: Double, perChannel: Bool, keptCast: Float = 0, strength: Float = 1
    ) {
        (self.blackClip, self.whiteClip, self.perChannel) = (blackClip, whiteClip, perChannel)
        (self.keptCast, self.strength) = (keptCast, strength)
    }
}

extension Image {
    /// A fourth channel is kept. Eight bits stay eight bits: exactly, through their levels, where one curve serves all
    /// channels of one picture; else rounded to the nearest byte. Tones beyond the two points are clipped to 0...1.
    /// `work` has twice the rows of the batch.
    public func autoContrast(_ settings: AutoContrast, _ work: inout RowWork) throws -> Image {
        var curves: [ToneCurve] = []
        for index in 0..<batch { curves += try toneCurves(settings, imageAt: index, &work) }
        if curves.allSatisfy({ $0 == .identity }) { return self }
        if case .bytes = storage, channels < 4, let first = curves.first, curves.allSatisfy({ $0 == first }) {
            return mapLevels(first.callAsFunction)
        }
        let (all, count, rowLength) = (curves, channels, rowLength)
        switch storage {
        case .floats(var floats):
            // The copy that is changed in place is the result.
            let height = height
            try work.updateRows(of: &floats, elementsPerRow: rowLength, workPerRow: 6 * rowLength) { rows, band in
                for (i, y) in rows.enumerated() {
                    for c in 0..<count {
                        let curve = all[y / height * count + c]
                        if curve == .identity { continue }
                        for x in stride(from: i * rowLength + c, to: (i + 1) * rowLength, by: count) {
                            band[x] = curve(band[x])
                        }
                    }
                }
            }
            return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
        case .bytes(var bytes, let levels):
            let height = height
            let tables = curves.map { curve in levels.map { UInt8(clamping: (curve($0) * 255).rounded()) } }
            try work.updateRows(of: &bytes, elementsPerRow: rowLength, workPerRow: 4 * rowLength) { rows, band in
                for (i, y) in rows.enumerated() {
                    for c in 0..<count {
                        let table = tables[y / height * count + c]
                        for x in stride(from: i * rowLength + c, to: (i + 1) * rowLength, by: count) {
                            band[x] = table[Int(band[x])]
                        }
                    }
                }
            }
            return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
        }
    }

    /// One curve a channel.
    private func toneCurves(
        _ settings: AutoContrast, imageAt index: Int, _ work: inout RowWork
    ) throws -> [ToneCurve] {
        let histograms = try toneHistograms(imageAt: index, &work)
        var together = ToneHistogram(binCount: histograms[0].counts.count)
        for histogram in histograms.prefix(colorCount) { together.add(histogram) }
        let tone = { (bin: Int) -> Float in
            switch storage {
            case .floats: Float(bin) / Float(ToneHistogram.floatBinCount - 1)
            case .bytes(_, let levels): levels[bin]
            }
        }
        // Levels need not rise: an inverted picture's fall.
        let order: [Int] =
            switch storage {
            case .floats: Array(0..<ToneHistogram.floatBinCount)
            case .bytes(_, let levels): (0..<256).sorted { levels[$0] < levels[$1] }
            }
        let joint = together.points(settings, order: order, tone: tone)
        return (0..<channels).map { c in
            if c >= colorCount { return .identity }
            guard settings.perChannel else { return ToneCurve(joint, strength: settings.strength) }
            let own = histograms[c].points(settings, order: order, tone: tone)
            let kept = settings.keptCast
            return ToneCurve(
                (own.black + (joint.black - own.black) * kept, own.white + (joint.white - own.white) * kept),
                strength: settings.strength)
        }
    }

    /// One a channel. Counted in bands that are added up in order; whole numbers, so the order is of no account.
    private func toneHistograms(imageAt index: Int, _ work: inout RowWork) throws -> [ToneHistogram] {
        let binCount: Int
        switch storage {
        case .floats: binCount = ToneHistogram.floatBinCount
        case .bytes: binCount = 256
        }
        let total = ToneCounts(channels: channels, binCount: binCount)
        let (image, first) = (self, index * height)
        try work.forEachBand(of: height, workPerRow: 8 * rowLength) { rows in
            var counts = (0..<image.channels).map { _ in ToneHistogram(binCount: binCount) }
            let range = (first + rows.lowerBound) * image.rowLength..<(first + rows.upperBound) * image.rowLength
            for c in 0..<image.channels {
                let places = stride(from: range.lowerBound + c, to: range.upperBound, by: image.channels)
                switch image.storage {
                case .floats(let floats):
                    let top = Float(ToneHistogram.floatBinCount - 1)
                    for i in places {
                        let x = floats[i] * top
                        counts[c].counts[x > 0 ? Int(clamping: min(x, top).rounded()) : 0] += 1
                    }
                case .bytes(let bytes, _):
                    for i in places { counts[c].counts[Int(bytes[i])] += 1 }
                }
            }
            total.add(counts)
        }
        return total.all
    }
}
