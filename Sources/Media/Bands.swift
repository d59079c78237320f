internal import GraphCore

/// Long work on pixels goes in bands, with a step before each that reports progress or throws when the work is no longer
/// wanted. Work that fits one band takes no step.
public enum Bands {
    /// Elements of a band: a millisecond or two of simple work.
    public static let elementCount = 1 << 20
}

extension Array {
    /// `self[range].map(transform)` in bands.
    @inlinable
    public func mapInBands<Mapped, Failure: Error>(
        _ range: Range<Int>, step: (_ completed: Int, _ total: Int) throws(Failure) -> Void,
        _ transform: (Element) -> Mapped
    ) throws(Failure) -> [Mapped] {
        try [Mapped](capacity: range.count) { (mapped) throws(Failure) in
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
    ) throws(Failure) -> [Mapped] {
        try mapInBands(0..<count, step: step, transform)
    }
}
