internal import GraphCore

/// Numbers of a picture, a mask or a sound: an array whose memory comes from `PagePool` when it is large.
///
/// A value as `Array` is one: copies share their memory until one of them changes.
@safe
public struct PixelBuffer<Element: BitwiseCopyable & Sendable> {
    @usableFromInline internal var memory: PixelMemory
    @usableFromInline internal var base: UnsafeMutablePointer<Element>
    @usableFromInline internal var elementCount: Int
    /// Elements there is room for.
    @usableFromInline internal let capacity: Int

    @inlinable public var count: Int { elementCount }

    @inlinable
    public init() { self.init(uninitializedCapacity: 0) }

    @inlinable
    internal init(uninitializedCapacity capacity: Int) {
        precondition(capacity >= 0, "a buffer of less than nothing")
        let memory =
            capacity == 0 ? PixelMemory.empty : PixelMemory(elementCount: capacity, MemoryLayout<Element>.stride)
        self.memory = memory
        unsafe base = memory.start.assumingMemoryBound(to: Element.self)
        elementCount = 0
        self.capacity = capacity
    }

    /// As many as `body` initializes of `capacity` elements.
    @inlinable
    public init<Failure: Error>(
        capacity: Int, initializingWith body: (inout OutputSpan<Element>) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(uninitializedCapacity: capacity)
        let room = unsafe UnsafeMutableBufferPointer(start: base, count: capacity)
        var output = unsafe OutputSpan<Element>(buffer: room, initializedCount: 0)
        try body(&output)
        elementCount = unsafe output.finalize(for: room)
    }

    /// For C libraries, which fill memory they are given. `body` says how many elements it has initialized.
    @unsafe @inlinable
    internal init<Failure: Error>(
        unsafeUninitializedCapacity capacity: Int,
        initializingWith body: (
            _ buffer: inout UnsafeMutableBufferPointer<Element>, _ initializedCount: inout Int
        ) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(uninitializedCapacity: capacity)
        var room = unsafe UnsafeMutableBufferPointer(start: base, count: capacity)
        var initializedCount = 0
        try unsafe body(&room, &initializedCount)
        precondition((0...capacity).contains(initializedCount))
        elementCount = initializedCount
    }

    @inlinable
    public init(repeating element: Element, count: Int) {
        self.init(uninitializedCapacity: count)
        unsafe base.initialize(repeating: element, count: count)
        elementCount = count
    }

    /// Has the elements behind `count` initialized, as many as `body` says.
    @unsafe
    internal mutating func withUnsafeSpareCapacity(
        _ body: (UnsafeMutableBufferPointer<Element>) throws -> Int
    ) rethrows {
        makeUnique()
        let room = unsafe UnsafeMutableBufferPointer(start: base + count, count: capacity - count)
        elementCount += try unsafe body(room)
    }

    /// Whether memory that has not been written yet is 0.
    internal var startedZeroed: Bool { memory.isZeroed }

    @inlinable
    public var span: Span<Element> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<Element>(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @inlinable
    public var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self)
        mutating get {
            makeUnique()
            let span = unsafe MutableSpan<Element>(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    @unsafe @inlinable
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { extendLifetime(memory) }
        return try unsafe body(UnsafeBufferPointer(start: base, count: count))
    }

    @unsafe @inlinable
    public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        makeUnique()
        defer { extendLifetime(memory) }
        return try unsafe body(UnsafeMutableBufferPointer(start: base, count: count))
    }

    /// For loops whose callers have checked that all places lie inside.
    @unsafe
    internal func withUnsafePointer(_ body: (UnsafePointer<Element>) -> Void) {
        unsafe body(UnsafePointer(base))
        extendLifetime(memory)
    }

    @inlinable
    internal mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&memory) { reallocate(capacity: count) }
    }

    /// Makes room for `count` elements, at least twice as many as there were, that no other value shares.
    @inlinable
    internal mutating func makeRoom(for count: Int) {
        if count > capacity {
            reallocate(capacity: Swift.max(count, Swift.min(2 * capacity, capacity + (1 << 26))))
        } else if !isKnownUniquelyReferenced(&memory) {
            reallocate(capacity: Swift.max(count, capacity))
        }
    }

    @usableFromInline
    internal mutating func reallocate(capacity: Int) {
        var new = PixelBuffer(uninitializedCapacity: capacity)
        unsafe new.base.update(from: base, count: count)
        new.elementCount = count
        self = new
    }
}

// Unchecked without a lock: memory is written only while one value refers to it (`makeUnique`, `makeRoom`), and shared
// memory is only read, as that of `Array`.
extension PixelBuffer: @unchecked Sendable {}

extension PixelBuffer: RandomAccessCollection, MutableCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { count }

    @inlinable
    public subscript(index: Int) -> Element {
        get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            return unsafe base[index]
        }
        set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            makeUnique()
            unsafe base[index] = newValue
        }
    }

    @inlinable
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        try unsafe withUnsafeBufferPointer(body)
    }
}

extension PixelBuffer: RangeReplaceableCollection {
    @inlinable
    public mutating func reserveCapacity(_ capacity: Int) {
        if capacity > self.capacity { reallocate(capacity: capacity) }
    }

    @inlinable
    public mutating func append(_ element: Element) {
        makeRoom(for: count + 1)
        unsafe (base + count).initialize(to: element)
        elementCount += 1
    }

    @inlinable
    public mutating func append(contentsOf elements: some Sequence<Element>) {
        let isCopied: Void? = elements.withContiguousStorageIfAvailable { source in
            guard let start = source.baseAddress else { return }
            makeRoom(for: count + source.count)
            unsafe (base + count).update(from: start, count: source.count)
            elementCount += source.count
        }
        if isCopied != nil { return }
        reserveCapacity(count + elements.underestimatedCount)
        for element in elements { append(element) }
    }

    @inlinable
    public mutating func removeAll(keepingCapacity: Bool = false) {
        if keepingCapacity, isKnownUniquelyReferenced(&memory) {
            elementCount = 0
        } else {
            self = PixelBuffer()
        }
    }

    @inlinable
    public mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Element>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        if elements.count == range.count {
            makeUnique()
            for (index, element) in zip(range, elements) { unsafe base[index] = element }
        } else {
            var new = PixelBuffer(uninitializedCapacity: count - range.count + elements.count)
            new.append(contentsOf: self[..<range.lowerBound])
            new.append(contentsOf: elements)
            new.append(contentsOf: self[range.upperBound...])
            self = new
        }
    }
}

extension PixelBuffer: ExpressibleByArrayLiteral {
    @inlinable
    public init(arrayLiteral elements: Element...) { self.init(elements) }
}

extension PixelBuffer: Equatable where Element: Equatable {
    @inlinable
    public static func == (one: PixelBuffer, other: PixelBuffer) -> Bool {
        if one.memory === other.memory && one.count == other.count { return true }
        return one.elementsEqual(other)
    }

    @inlinable
    public static func == (one: PixelBuffer, other: [Element]) -> Bool { one.elementsEqual(other) }
    @inlinable
    public static func == (one: [Element], other: PixelBuffer) -> Bool { one.elementsEqual(other) }
}

extension PixelBuffer: CustomStringConvertible {
    public var description: String { Array(self).description }
}

extension Slice {
    @inlinable
    public static func == <Element: Equatable>(one: Slice, other: Slice) -> Bool where Base == PixelBuffer<Element> {
        one.elementsEqual(other)
    }

    @inlinable
    public static func == <Element: Equatable>(one: Slice, other: [Element]) -> Bool
    where Base == PixelBuffer<Element> { one.elementsEqual(other) }

    /// The elements, in place.
    @inlinable
    @_lifetime(borrow self)
    public func span<Element>() -> Span<Element> where Base == PixelBuffer<Element> {
        let span = unsafe Span<Element>(_unsafeStart: base.base + startIndex, count: endIndex - startIndex)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

/// What one `PixelBuffer`, or several that are equal, refer to.
@usableFromInline
internal final class PixelMemory: Sendable {
    @usableFromInline internal static let empty = PixelMemory(elementCount: 1, 64)

    private let block: PagePool.Block
    private let isMapped: Bool

    @usableFromInline internal var byteCount: Int { block.byteCount }
    internal var isZeroed: Bool { block.isZeroed }

    @usableFromInline
    internal init(elementCount: Int, _ stride: Int) {
        let (byteCount, isTooLarge) = elementCount.multipliedReportingOverflow(by: stride)
        // As `Array` does. Sizes from outside are bounded by `ImageLimits` and `SoundBuilder` long before.
        guard !isTooLarge else { fatalError("out of memory") }
        if byteCount >= PagePool.leastByteCount, let mapped = PagePool.shared.take(byteCount) {
            (block, isMapped) = (mapped, true)
        } else {
            let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16)
            block = PagePool.Block(address: UInt(bitPattern: start), byteCount: byteCount, isZeroed: false)
            isMapped = false
        }
    }

    deinit {
        if isMapped { PagePool.shared.give(block) } else { unsafe start.deallocate() }
    }

    /// Memory of `byteCount` bytes, aligned for every element.
    @unsafe @usableFromInline
    internal var start: UnsafeMutableRawPointer {
        // Never nil: it was a pointer, or the address of a mapping.
        unsafe UnsafeMutableRawPointer(bitPattern: block.address).unsafelyUnwrapped
    }
}
