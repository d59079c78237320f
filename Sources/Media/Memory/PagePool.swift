internal import GraphCore
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// Memory for pixels and samples, mapped apart from the C library's, and kept for a while when it is given back: the
/// kernel clears each page that it hands out, which for a picture takes longer than many loops over it.
///
/// The C library keeps blocks of this size either never, so that each is cleared anew, or in arenas of single threads,
/// which no other thread can use and which hardly ever shrink.
final class PagePool: Sendable {
    struct Block: Sendable, Equatable {
        /// Of the first byte: a multiple of the page size, and of 2 MiB from `largeByteCount` on.
        let address: UInt
        /// At least what was asked for.
        let byteCount: Int
        /// Whether all bytes are 0, as those of fresh pages are.
        var isZeroed: Bool
    }

    private struct State {
        /// The one that was given back last comes last.
        var kept: [Block] = []
        var byteCount = 0
    }

    static let shared = PagePool()

    /// 256 KiB: smaller blocks are quicker to have from the C library, and fit between others there.
    static let leastByteCount = 1 << 18
    /// 4 MiB: from here on the kernel is asked for pages of 2 MiB. The 36,000 small pages of a 12-megapixel picture of
    /// floats take 100 ms and more to come by, the large ones 7 to 17 (measured in a virtual machine).
    static let largeByteCount = 1 << 22
    /// 144 MiB: a 12-megapixel picture of floats is kept.
    static let usualLimit = 144 << 20

    private static let largePage = 1 << 21
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes that are kept.
    init(limit: Int = PagePool.usualLimit) { self.limit = limit }

    deinit { trim(to: 0) }

    /// Bytes that are kept.
    var keptByteCount: Int { state.withLock { $0.byteCount } }

    /// Where one fits that was kept, that; else a new one.
    /// - Returns: nil where nothing can be mapped.
    func take(_ byteCount: Int) -> Block? {
        guard let size = Self.roundedUp(byteCount) else { return nil }
        let kept = state.withLock { state -> Block? in
            // A block may be larger by a quarter: pictures of one run differ, and so do their blocks.
            let last = state.kept.lastIndex { $0.byteCount >= size && $0.byteCount <= size + size / 4 }
            guard let last else { return nil }
            let block = state.kept.remove(at: last)
            state.byteCount -= block.byteCount
            return block
        }
        if let kept { return kept }
        if let new = Self.map(size) { return new }
        // Whatever is kept may be what is missing.
        trim(to: 0)
        return Self.map(size)
    }

    /// Keeps a block, and lets go of those that were kept longest when there are too many.
    func give(_ block: Block) {
        guard block.byteCount <= limit else { return Self.unmap(block) }
        let dropped = state.withLock { state in
            var used = block
            used.isZeroed = false
            state.kept.append(used)
            state.byteCount += block.byteCount
            return Self.dropOldest(&state, limit)
        }
        for block in dropped { Self.unmap(block) }
    }

    /// Gives back what is kept beyond `byteCount`.
    func trim(to byteCount: Int) {
        for block in state.withLock({ Self.dropOldest(&$0, byteCount) }) { Self.unmap(block) }
    }

    private static func dropOldest(_ state: inout State, _ limit: Int) -> [Block] {
        var count = 0
        while state.byteCount > limit, count < state.kept.count {
            state.byteCount -= state.kept[count].byteCount
            count += 1
        }
        let dropped = Array(state.kept[..<count])
        state.kept.removeFirst(count)
        return dropped
    }

    /// Sizes are few, so that a block fits again: eight between a power of two and the next. What is beyond the bytes
    /// asked for is never touched, so it costs addresses, not memory.
    private static func roundedUp(_ byteCount: Int) -> Int? {
        let least = max(byteCount, leastByteCount)
        guard least < 1 << 46 else { return nil }
        let step = 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount - 3)
        return (least + step - 1) & ~(step - 1)
    }

    #if canImport(Glibc) && !WITHOUT_PAGE_POOL
    private static func map(_ byteCount: Int) -> Block? {
        let isLarge = byteCount >= largeByteCount
        let padding = isLarge ? largePage : 0
        let start = unsafe mmap(
            nil, byteCount + padding, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard unsafe start != MAP_FAILED, let start = unsafe start else { return nil }
        let mapped = UInt(bitPattern: start)
        guard isLarge else { return Block(address: mapped, byteCount: byteCount, isZeroed: true) }
        let page = UInt(largePage)
        let address = (mapped + page - 1) / page * page
        release(mapped, Int(address - mapped))
        release(address + UInt(byteCount), Int(mapped + page - address))
        // A hint: where it is not taken, nothing is lost. Only whole pages within, so that none is larger than its use.
        _ = unsafe madvise(
            UnsafeMutableRawPointer(bitPattern: address), byteCount / largePage * largePage, MADV_HUGEPAGE)
        return Block(address: address, byteCount: byteCount, isZeroed: true)
    }

    private static func unmap(_ block: Block) { release(block.address, block.byteCount) }

    private static func release(_ address: UInt, _ byteCount: Int) {
        guard byteCount > 0, let start = unsafe UnsafeMutableRawPointer(bitPattern: address) else { return }
        _ = unsafe munmap(start, byteCount)
    }
    #else
    private static func map(_ byteCount: Int) -> Block? { nil }
    private static func unmap(_ block: Block) {}
    #endif
}
