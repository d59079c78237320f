internal import GraphCore

extension Image {
    /// The channels of `order`, in that order; nil is a new channel of ones, as an opaque alpha. Eight-bit storage
    /// stays, unless its levels have no 1.
    public func channels(_ order: [Int?], work: inout RowWork) throws -> Image {
        precondition(order.allSatisfy { $0.map { (0..<channels).contains($0) } ?? true }, "a channel that is not there")
        if order.elementsEqual(0..<channels, by: { $0 == $1 }) { return self }
        switch storage {
        case .bytes(let bytes, let levels):
            if let one = levels.firstIndex(of: 1) ?? (order.contains(nil) ? nil : 0) {
                let picked = try pick(order, from: bytes, one: UInt8(one), &work)
                return Image(
                    batch: batch, height: height, width: width, channels: order.count, bytes: picked, levels: levels)
            }
            let picked = try pick(order, from: floats(), one: 1, &work)
            return Image(batch: batch, height: height, width: width, channels: order.count, floats: picked)
        case .floats(let floats):
            let picked = try pick(order, from: floats, one: 1, &work)
            return Image(batch: batch, height: height, width: width, channels: order.count, floats: picked)
        }
    }

    /// With three channels an opaque fourth is added, or taken away with four; nil when `count` is not one more, the
    /// same, or fewer than there are.
    public func withChannelCount(_ count: Int, work: inout RowWork) throws -> Image? {
        guard count <= channels + 1 else { return nil }
        return try channels((0..<count).map { $0 < channels ? $0 : nil }, work: &work)
    }

    /// One channel as a mask.
    public func mask(ofChannel channel: Int, work: inout RowWork) throws -> Mask {
        Mask(try channels([channel], work: &work))
    }

    private func pick<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        _ order: [Int?], from source: PixelBuffer<Element>, one: Element, _ work: inout RowWork
    ) throws -> PixelBuffer<Element> {
        let (width, channels) = (width, channels)
        let count = width * order.count
        return try work.makeRows(batch * height, elementsPerRow: count, workPerRow: count) { rows, band in
            let source = source.span.extracting(rows.lowerBound * width * channels..<rows.upperBound * width * channels)
            for (to, from) in order.enumerated() {
                var at = to
                if let from {
                    for i in stride(from: from, to: source.count, by: channels) {
                        band[at] = source[i]
                        at += order.count
                    }
                } else {
                    while at < band.count {
                        band[at] = one
                        at += order.count
                    }
                }
            }
        }
    }
}

extension Mask {
    /// A picture of one channel as a mask. O(1) for floats.
    public init(_ image: Image) {
        precondition(image.channels == 1, "a mask has one channel")
        self.init(batch: image.batch, height: image.height, width: image.width, floats: image.floats())
    }

    /// As a picture of one channel, [batch, height, width, 1]: what pictures can do, masks can. O(1).
    public var image: Image { Image(batch: batch, height: height, width: width, channels: 1, floats: floats()) }
}
