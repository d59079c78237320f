internal import GraphCore
internal import Synchronization

/// How often each tone occurs: by byte, or for floats in 65,536 steps of 0...1.
struct ToneHistogram: Sendable, Equatable {
    static let floatBinCount = 1 << 16

    var counts: [Int]

    init(binCount: Int) { counts = Array(repeating: 0, count: binCount) }

    mutating func add(_ other: ToneHistogram) {
        for i in counts.indices { counts[i] += other.counts[i] }
    }

    /// The tones that become black and white. `order` lists the bins from dark to light.
    func points(
        _ settings: AutoContrast, order: [Int], tone: (Int) -> Float
    ) -> (black: Float, white: Float) {
        let total = Double(counts.reduce(0, +))
        func first(_ bins: some Sequence<Int>, beyond share: Double) -> Float {
            var seen = 0
            for bin in bins {
                seen += counts[bin]
                if Double(seen) > share * total { return tone(bin) }
            }
            return tone(order[0])
        }
        return (first(order, beyond: settings.blackClip), first(order.reversed(), beyond: settings.whiteClip))
    }
}

/// A straight line from the black point to the white point, clipped to 0...1.
struct ToneCurve: Sendable, Equatable {
    private let black: Float, scale: Float, strength: Float

    static let identity = ToneCurve(black: 0, scale: 1, strength: 0)

    private init(black: Float, scale: Float, strength: Float) {
        (self.black, self.scale, self.strength) = (black, scale, strength)
    }

    /// The identity when the two points leave nothing to stretch, as in a picture of one colour.
    init(_ points: (black: Float, white: Float), strength: Float) {
        guard points.white > points.black, strength > 0 else {
            self = .identity
            return
        }
        self.init(black: points.black, scale: 1 / (points.white - points.black), strength: strength)
    }

    @inline(__always)
    func callAsFunction(_ x: Float) -> Float {
        if strength == 0 { return x }
        let stretched = min(max((x - black) * scale, 0), 1)
        return x + (stretched - x) * strength
    }
}

/// Sums up what bands have counted.
final class ToneCounts: Sendable {
    private let counts: Mutex<[ToneHistogram]>

    init(channels: Int, binCount: Int) {
        counts = Mutex(Array(repeating: ToneHistogram(binCount: binCount), count: channels))
    }

    func add(_ band: [ToneHistogram]) {
        counts.withLock { all in for c in all.indices { all[c].add(band[c]) } }
    }

    var all: [ToneHistogram] { counts.withLock { $0 } }
}
