public import GraphCore
internal import Dispatch
internal import Synchronization

/// Long work on the rows of pictures: cut into bands, spread over the cores that no node wants, told and stopped
/// between bands.
///
/// One value accompanies all passes of a piece of work. `step` is called on the thread that asked, before each of that
/// thread's bands, with the rows done and the rows there are; when it throws, no further band starts.
public struct RowWork {
    private let cores: SpareCores
    private let step: (_ completed: Int, _ total: Int) throws -> Void
    private let total: Int
    /// Rows of the passes that are over.
    private var completed = 0

    /// - Parameter rowCount: rows of all passes together: what `step` is told as the total.
    public init(
        rowCount: Int, cores: SpareCores = .none,
        step: @escaping (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
    ) {
        (total, self.cores, self.step) = (rowCount, cores, step)
    }

    /// As progress of the node that runs, on all the cores there are to spare.
    public init(_ context: NodeContext, rowCount: Int) {
        self.init(rowCount: rowCount, cores: context.spareCores, step: context.step(_:of:))
    }

    /// One pass: `body` is called for bands that together are `0..<rowCount`, for several at a time.
    /// - Parameter workPerRow: multiplications and the like that a row needs, roughly.
    public mutating func forEachBand(
        of rowCount: Int, workPerRow: Int, _ body: @escaping @Sendable (_ rows: Range<Int>) -> Void
    ) throws {
        let bands = BandQueue(rowCount: rowCount, bandHeight: Self.bandHeight(workPerRow: workPerRow))
        let helpers = DispatchGroup()
        let cores = cores
        // Nobody returns while a helper is at work: `body` may use memory that is gone then.
        defer { helpers.wait() }
        for _ in 0..<min(cores.maxCount, bands.count - 1) {
            guard cores.borrow() else { break }
            DispatchQueue.global().async(group: helpers) {
                while !cores.isWanted, let rows = bands.take() { body(rows) }
                cores.giveBack()
            }
        }
        do {
            while let rows = bands.take() {
                try step(completed + rows.lowerBound, total)
                body(rows)
            }
        } catch {
            bands.close()
            throw error
        }
        completed += rowCount
    }

    /// One pass that makes something new, row by row.
    /// - Parameters:
    ///   - elementsPerRow: of the result, which has `rowCount` times as many.
    ///   - isCleared: false for a `body` that writes every element, which saves clearing them; then `band` holds anything.
    ///   - body: writes the rows of a band into `band`, which holds only them, as zeros.
    public mutating func makeRows<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        _ rowCount: Int, elementsPerRow: Int, workPerRow: Int, isCleared: Bool = true,
        _ body: @escaping @Sendable (_ rows: Range<Int>, _ band: inout MutableSpan<Element>) -> Void
    ) throws -> PixelBuffer<Element> {
        let count = rowCount * elementsPerRow
        var made = PixelBuffer<Element>(uninitializedCapacity: count)
        // Fresh pages are clear already.
        let clears = isCleared && !made.startedZeroed
        try unsafe made.withUnsafeSpareCapacity { buffer in
            guard count > 0, let base = buffer.baseAddress else { return 0 }
            let memory = unsafe Memory(base: base)
            try forEachBand(of: rowCount, workPerRow: workPerRow) { rows in
                let band = unsafe memory.band(rows, elementsPerRow)
                if clears { unsafe band.initialize(repeating: 0) }
                var span = unsafe band.mutableSpan
                body(rows, &span)
            }
            return count
        }
        return made
    }

    /// The same for what is no picture and goes soon.
    mutating func makeRows<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        _ rowCount: Int, elementsPerRow: Int, workPerRow: Int,
        _ body: @escaping @Sendable (_ rows: Range<Int>, _ band: inout MutableSpan<Element>) -> Void
    ) throws -> [Element] {
        let count = rowCount * elementsPerRow
        return unsafe try [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            guard let base = buffer.baseAddress else { return }
            let memory = unsafe Memory(base: base)
            try forEachBand(of: rowCount, workPerRow: workPerRow) { rows in
                let band = unsafe memory.band(rows, elementsPerRow)
                unsafe band.initialize(repeating: 0)
                var span = unsafe band.mutableSpan
                body(rows, &span)
            }
            initializedCount = count
        }
    }

    /// One pass that changes `elements`, rows of `elementsPerRow`, in place. A pass that was stopped has changed some.
    public mutating func updateRows<Element: BitwiseCopyable & Sendable>(
        of elements: inout PixelBuffer<Element>, elementsPerRow: Int, workPerRow: Int,
        _ body: @escaping @Sendable (_ rows: Range<Int>, _ band: inout MutableSpan<Element>) -> Void
    ) throws {
        guard elementsPerRow > 0 else { return }
        let rowCount = elements.count / elementsPerRow
        try unsafe elements.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let memory = unsafe Memory(base: base)
            try forEachBand(of: rowCount, workPerRow: workPerRow) { rows in
                var span = unsafe memory.band(rows, elementsPerRow).mutableSpan
                body(rows, &span)
            }
        }
    }

    /// About two milliseconds of work, so that a step is never far.
    private static let bandWork = 1 << 22

    private static func bandHeight(workPerRow: Int) -> Int { max(1, bandWork / max(1, workPerRow)) }

    /// Memory that bands share without ever touching the same rows: `BandQueue` hands out each row once.
    @unsafe private struct Memory<Element: BitwiseCopyable>: @unchecked Sendable {
        let base: UnsafeMutablePointer<Element>

        func band(_ rows: Range<Int>, _ elementsPerRow: Int) -> UnsafeMutableBufferPointer<Element> {
            unsafe UnsafeMutableBufferPointer(
                start: base + rows.lowerBound * elementsPerRow, count: rows.count * elementsPerRow)
        }
    }
}

extension MutableSpan where Element: BitwiseCopyable {
    /// The elements from `start` on become those of `source`, which must fit. Checked once, not for each of them.
    mutating func copy(_ source: Span<Element>, at start: Int) {
        precondition(start >= 0 && start + source.count <= count, "a row does not fit its band")
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe source.withUnsafeBufferPointer { elements in
                let place = unsafe UnsafeMutableBufferPointer(rebasing: target[start..<start + elements.count])
                _ = unsafe place.update(fromContentsOf: elements)
            }
        }
    }
}

/// Hands out bands of rows in order, each once.
private final class BandQueue: Sendable {
    private let rowCount: Int, bandHeight: Int
    private let next = Atomic<Int>(0)

    init(rowCount: Int, bandHeight: Int) { (self.rowCount, self.bandHeight) = (rowCount, bandHeight) }

    var count: Int { (rowCount + bandHeight - 1) / bandHeight }

    func take() -> Range<Int>? {
        let band = next.add(1, ordering: .relaxed).oldValue
        guard band < count else { return nil }
        return band * bandHeight..<min((band + 1) * bandHeight, rowCount)
    }

    /// Nothing more is handed out.
    func close() { next.store(count, ordering: .relaxed) }
}
