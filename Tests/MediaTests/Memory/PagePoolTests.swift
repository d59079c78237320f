import Dispatch
import Testing

@testable import Media

#if os(Linux)
/// Each with a pool of its own.
@Suite("The pool of pages")
struct PagePoolTests {
    private static let large = 9 << 20

    @Test(
        "hands out blocks that are large enough, of whole pages, and clear when they are new",
        arguments: [
            1, PagePool.leastByteCount, 300_001, PagePool.largeByteCount, large + 1, 200_000_000,
        ])
    func new(byteCount: Int) throws {
        let pool = PagePool()
        let block = try #require(pool.take(byteCount))
        #expect(block.byteCount >= byteCount)
        // An eighth is what sizes are rounded up by at most.
        #expect(block.byteCount <= max(byteCount, PagePool.leastByteCount) * 9 / 8)
        #expect(block.address % (byteCount >= PagePool.largeByteCount ? 2 << 20 : 4096) == 0)
        #expect(block.isZeroed)
        pool.give(block)
    }

    @Test("hands out again what was given back, to a block of about that size, and says that it is not clear")
    func reuse() throws {
        let pool = PagePool()
        let block = try #require(pool.take(Self.large))
        pool.give(block)
        #expect(pool.keptByteCount == block.byteCount)
        let smaller = try #require(pool.take(Self.large / 2))
        #expect(smaller.address != block.address && smaller.isZeroed)
        let again = try #require(pool.take(Self.large - (1 << 20)))
        #expect(again.address == block.address && !again.isZeroed)
        #expect(pool.keptByteCount == 0)
        pool.give(again)
        pool.give(smaller)
    }

    @Test("keeps no more than its limit: what was kept longest goes first, and what is larger is never kept")
    func bound() throws {
        let pool = PagePool(limit: 3 * PagePool.leastByteCount)
        let blocks = try (0..<4).map { _ in try #require(pool.take(PagePool.leastByteCount)) }
        for block in blocks { pool.give(block) }
        #expect(pool.keptByteCount == 3 * PagePool.leastByteCount)
        let again = try (0..<3).map { _ in try #require(pool.take(PagePool.leastByteCount)) }
        #expect(again.map(\.address) == blocks.dropFirst().reversed().map(\.address))
        let large = try #require(pool.take(Self.large))
        pool.give(large)
        #expect(pool.keptByteCount == 0)
        for block in again { pool.give(block) }
    }

    @Test("gives back all it keeps when asked to")
    func emptied() throws {
        let pool = PagePool()
        pool.give(try #require(pool.take(Self.large)))
        pool.trim(to: 0)
        #expect(pool.keptByteCount == 0)
        #expect(try #require(pool.take(Self.large)).isZeroed)
    }

    @Test("refuses what no address space has")
    func refused() {
        #expect(PagePool().take(1 << 60) == nil)
        #expect(PagePool().take(.max) == nil)
    }

    @Test("never hands out a block twice, whoever asks at the same time")
    func threads() {
        let pool = PagePool(limit: 8 << 20)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<200 {
                var buffers: [PagePool.Block] = []
                for size in 1...4 {
                    guard let block = pool.take(size * PagePool.leastByteCount) else { continue }
                    unsafe UnsafeMutablePointer<Int>(bitPattern: block.address)?.pointee = thread * 1000 + round
                    buffers.append(block)
                }
                for block in buffers {
                    let found = unsafe UnsafePointer<Int>(bitPattern: block.address)?.pointee
                    #expect(found == thread * 1000 + round)
                    pool.give(block)
                }
            }
        }
        #expect(pool.keptByteCount <= 8 << 20)
    }
}
#endif
