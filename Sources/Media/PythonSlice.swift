internal import GraphCore

/// What Python's `sequence[start:stop]` names in a sequence of `count`: negative positions count from the end, and what
/// lies outside is left out. May be empty.
public func pythonSlice(_ start: Int, _ stop: Int, count: Int) -> Range<Int> {
    func position(_ index: Int) -> Int { min(max(index < 0 ? index + count : index, 0), count) }
    let first = position(start)
    return first..<max(first, position(stop))
}
