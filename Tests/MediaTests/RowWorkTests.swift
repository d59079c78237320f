import GraphCore
import Synchronization
import Testing

@testable import Media

@Suite("Work on rows")
struct RowWorkTests {
    @Test("hands out every row once, in bands")
    func everyRow() throws {
        var work = RowWork(rowCount: 1000)
        let made: [Int] = try work.makeRows(1000, elementsPerRow: 3, workPerRow: 1 << 19) { rows, band in
            for (i, y) in rows.enumerated() {
                for c in 0..<3 { band[3 * i + c] += 3 * y + c }
            }
        }
        #expect(made == Array(0..<3000))
    }

    @Test("changes rows where they are")
    func update() throws {
        var work = RowWork(rowCount: 10)
        var numbers = PixelBuffer(0..<40)
        try work.updateRows(of: &numbers, elementsPerRow: 4, workPerRow: 1 << 22) { rows, band in
            for i in band.indices { band[i] += 100 * rows.lowerBound }
        }
        #expect(numbers == (0..<40).map { $0 + 100 * ($0 / 4) })
    }

    @Test("tells of all its passes as one")
    func progress() throws {
        var told: [[Int]] = []
        var work = RowWork(rowCount: 5) { told.append([$0, $1]) }
        try work.forEachBand(of: 2, workPerRow: 1 << 22) { _ in }
        try work.forEachBand(of: 3, workPerRow: 1 << 22) { _ in }
        #expect(told == [[0, 5], [1, 5], [2, 5], [3, 5], [4, 5]])
    }

    @Test("starts no band once its step throws")
    func stop() {
        struct Enough: Error {}
        var work = RowWork(rowCount: 5) { completed, _ in if completed == 2 { throw Enough() } }
        let count = Counter()
        #expect(throws: Enough.self) {
            try work.forEachBand(of: 5, workPerRow: 1 << 22) { _ in count.add() }
        }
        #expect(count.value == 2)
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
        var value: Int { count.withLock { $0 } }
    }
}
