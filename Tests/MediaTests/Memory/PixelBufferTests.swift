import Testing

@testable import Media

@Suite("A pixel buffer")
struct PixelBufferTests {
    @Test("is a value: a copy keeps what it had", arguments: [3, 1_000_000])
    func copyOnWrite(count: Int) {
        let before = PixelBuffer<Float>(repeating: 1, count: count)
        var after = before
        after[2] = 7
        #expect(before[2] == 1)
        #expect(after[2] == 7)
        var third = after
        var elements = third.mutableSpan
        elements[0] = 9
        #expect(after[0] == 1 && third[0] == 9)
        third.append(5)
        var fourth = third
        fourth.append(6)
        #expect(third.count == count + 1 && third.last == 5)
        #expect(fourth.suffix(2) == [5, 6])
    }

    @Test("that nobody shares is changed in place")
    func inPlace() {
        var buffer = PixelBuffer<UInt8>(repeating: 0, count: 1 << 20)
        let place = buffer.span.address
        buffer[5] = 1
        var elements = buffer.mutableSpan
        elements[6] = 2
        #expect(buffer.span.address == place)
        let shared = buffer
        buffer[7] = 3
        #expect(buffer.span.address != place)
        #expect(shared.span.address == place)
    }

    @Test("grows by single elements, by sequences and by itself")
    func growth() {
        var buffer = PixelBuffer<UInt16>()
        for value in 0..<1000 { buffer.append(UInt16(value)) }
        buffer += (1000..<1003).lazy.map { UInt16($0) }
        buffer += [1003, 1004]
        #expect(buffer == Array(0..<1005))
        buffer += buffer
        #expect(buffer.count == 2010 && buffer[1005] == 0 && buffer.last == 1004)
        buffer.replaceSubrange(0..<2, with: [9, 8, 7])
        #expect(buffer.count == 2011 && buffer.prefix(4) == [9, 8, 7, 2])
        buffer.removeAll(keepingCapacity: true)
        #expect(buffer.isEmpty)
    }

    @Test("of nothing is as good as any")
    func empty() {
        var buffer = PixelBuffer<Float>()
        #expect(buffer.isEmpty && buffer.span.isEmpty && buffer.mutableSpan.isEmpty)
        #expect(buffer == [] && buffer == PixelBuffer(repeating: 1, count: 0))
        #expect(Array(buffer) == [])
        buffer += []
        buffer.append(1)
        #expect(buffer == [1])
        #expect(PixelBuffer<Float>().isEmpty)
    }

    @Test("equals one of the same elements, an array of them too; as with arrays, a copy equals it whatever it holds")
    func equality() {
        let buffer: PixelBuffer<Float> = [1, 2, .nan]
        #expect(buffer == buffer)
        #expect(buffer != [1, 2, .nan])
        #expect(PixelBuffer<Float>([1, 2]) == [1, 2])
        #expect(PixelBuffer<Float>([1, 2]) != PixelBuffer([1, 2, 3]))
        #expect([1, 2] as [UInt8] == PixelBuffer<UInt8>([1, 2]))
    }

    @Test("has as many elements as were written into the room there was")
    func output() throws {
        let buffer = PixelBuffer<Int32>(capacity: 10) { for value in 0..<4 { $0.append(Int32(value)) } }
        #expect(buffer == [0, 1, 2, 3])
        #expect(throws: CodecError.stopped) {
            _ = try PixelBuffer<Int32>(capacity: 10) { (_) throws(CodecError) in throw .stopped }
        }
    }

    @Test("made of rows is 0 where nothing was written, in memory that was used before, too")
    func rows() throws {
        for _ in 0..<3 {
            var work = RowWork(rowCount: 1000)
            let made: PixelBuffer<Float> = try work.makeRows(1000, elementsPerRow: 1000, workPerRow: 1000) {
                rows, band in
                for (i, _) in rows.enumerated() { band[i * 1000 + 1] = 5 }
            }
            #expect(made.count == 1_000_000)
            #expect(made.reduce(0, +) == 5000)
        }
    }
}

extension Span {
    fileprivate var address: UInt { unsafe withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } }
}
