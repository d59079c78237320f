internal import GraphCore

/// Long work on pixels goes in bands, with a step before each that reports progress or throws when the work is no longer
/// wanted. Work that fits one band takes no step.
public enum Bands {
    /// Elements of a band: a millisecond or two of simple work.
    public static let elementCount = 1 << 20
}

extension Array where Element: BitwiseCopyable & Sendable {
    /// `map(transform)` in bands.
    @inlinable
    public func mapInBands<Mapped, Failure: Error>(
        step: (_ completed: Int, _ total: Int) throws(Failure) -> Void, _ transform: (Element) -> Mapped
    ) throws(Failure) -> PixelBuffer<Mapped> {
        try PixelBuffer<Mapped>(capacity: count) { (mapped) throws(Failure) in
            for start in stride(from: 0, to: count, by: Bands.elementCount) {
                if count > Bands.elementCount { try step(start, count) }
                let band = span.extracting(start..<Swift.min(start + Bands.elementCount, count))
                for i in band.indices { mapped.append(transform(band[i])) }
            }
        }
    }
}

extension PixelBuffer {
    /// `self[range].map(transform)` as a buffer.
    internal func mapped<Mapped>(_ range: Range<Int>, _ transform: (Element) -> Mapped) -> PixelBuffer<Mapped> {
        let source = span.extracting(range)
        return PixelBuffer<Mapped>(capacity: source.count) { mapped in
            for i in source.indices { mapped.append(transform(source[i])) }
        }
    }

    internal func mapped<Mapped>(_ transform: (Element) -> Mapped) -> PixelBuffer<Mapped> {
        mapped(0..<count, transform)
    }

    /// `self[range].map(transform)` in bands.
    @inlinable
    public func mapInBands<Mapped, Failure: Error>(
        _ range: Range<Int>, step: (_ completed: Int, _ total: Int) throws(Failure) -> Void,
        _ transform: (Element) -> Mapped
    ) throws(Failure) -> PixelBuffer<Mapped> {
        try PixelBuffer<Mapped>(capacity: range.count) { (mapped) throws(Failure) in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Bands.elementCount) {
                if range.count > Bands.elementCount { try step(start - range.lowerBound, range.count) }
                let band = span.extracting(start..<Swift.min(start + Bands.elementCount, range.upperBound))
                for i in band.indices { mapped.append(transform(band[i])) }
            }
        }
    }

    @inlinable
    public func mapInBands<Mapped, Failure: Error>(
        step: (_ completed: Int, _ total: Int) throws(Failure) -> Void, _ transform: (Element) -> Mapped
    ) throws(Failure) -> PixelBuffer<Mapped> {
        try mapInBands(0..<count, step: step, transform)
    }
}
