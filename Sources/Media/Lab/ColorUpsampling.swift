internal import GraphCore

/// How the colours of a small picture become those of a large one.
public enum ColorUpsampling: String, CaseIterable, Sendable {
    /// PyTorch's `interpolate` as it comes: sample floor(new * old size / new size), in blocks.
    case nearest
    /// Between half-pixel centres (`align_corners=False`), without blocks.
    case bilinear
}

extension ColorUpsampling {
    /// The samples of one direction.
    func samples(from oldCount: Int, to newCount: Int) -> [LinearSample] {
        switch self {
        case .nearest: (0..<newCount).map { LinearSample(nearest: $0, from: oldCount, to: newCount) }
        case .bilinear: (0..<newCount).map { LinearSample($0, from: oldCount, to: newCount) }
        }
    }
}

extension LinearSample {
    /// The product is rounded as PyTorch's is, in float32: where it should be whole it may fall just short.
    init(nearest new: Int, from oldCount: Int, to newCount: Int) {
        let place = (Float(new) * (Float(oldCount) / Float(newCount))).rounded(.down)
        first = min(Int(clamping: place), oldCount - 1)
        second = first
        share = 0
    }
}
