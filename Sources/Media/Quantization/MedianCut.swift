internal import GraphCore

/// Pillow's `Image.quantize(colors)` of an RGB picture: its palette (median cut, P. Heckbert, "Color Image Quantization
/// for Frame Buffer Display", 1982, with the choices that Quant.c makes).
///
/// The box with most pixels is cut in two where its pixels are halved, along the channel whose extent weighs most in
/// luma. Which of two boxes alike is cut first depends on the order a binary heap gives, so the heap is Pillow's too.
struct MedianCut {
    /// In the order of the boxes: red, green, blue.
    private(set) var palette: [SIMD3<UInt8>] = []

    init(_ counts: ColorCounts, colorCount: Int) {
        let boxes = Self.boxes(counts, colorCount: colorCount)
        var boxOfColor: [UInt32: Int] = [:]
        boxOfColor.reserveCapacity(counts.coarse.count)
        for (index, box) in boxes.enumerated() {
            for entry in box.entries { boxOfColor[entry.color] = index }
        }
        // 32-bit sums, which wrap around for pictures beyond 16 megapixels as they do in Quant.c.
        var sums = [SIMD4<UInt32>](repeating: .zero, count: boxes.count)
        for (color, count) in counts.colors {
            guard let index = boxOfColor[ColorCounts.coarse(color, counts.shift)] else { continue }
            let channels = SIMD4<UInt32>(color & 0xFF, color >> 8 & 0xFF, color >> 16, 1)
            sums[index] = sums[index] &+ channels &* SIMD4(repeating: count)
        }
        palette = sums.map { sum in
            let rounded = (0..<3).map {
                UInt8(truncatingIfNeeded: Int(clamping: 0.5 + Double(sum[$0]) / Double(sum.w)))
            }
            return SIMD3(rounded[0], rounded[1], rounded[2])
        }
    }

    /// The boxes left to right: each cut puts the brighter half in its place and the other behind it.
    private static func boxes(_ counts: ColorCounts, colorCount: Int) -> [Box] {
        let root = Box(counts.coarse)
        var heap = BoxHeap()
        heap.add(root)
        cutting: for _ in 1..<max(colorCount, 1) {
            var box: Box
            repeat {
                guard let largest = heap.removeLargest() else { break cutting }
                box = largest
            } while box.isOneColor
            let (brighter, darker) = box.cut()
            heap.add(brighter)
            heap.add(darker)
        }
        return root.leaves
    }
}

/// Some colours, and once it is cut the two boxes they are in.
private final class Box {
    private(set) var entries: [(color: UInt32, count: UInt32)]
    let pixelCount: UInt32
    private var halves: (Box, Box)?
    private var low = SIMD3<Int>(repeating: 255), high = SIMD3<Int>(repeating: 0)

    init(_ entries: [(color: UInt32, count: UInt32)]) {
        self.entries = entries
        pixelCount = entries.reduce(0) { $0 &+ $1.count }
        for entry in entries {
            let color = SIMD3(Self.value(entry.color, 0), Self.value(entry.color, 1), Self.value(entry.color, 2))
            low = pointwiseMin(low, color)
            high = pointwiseMax(high, color)
        }
    }

    private static func value(_ color: UInt32, _ axis: Int) -> Int { Int(color >> UInt32(8 * axis) & 0xFF) }

    var isOneColor: Bool { low == high }

    /// Boxes that are not cut, left to right. At most 256.
    var leaves: [Box] {
        var (leaves, open) = ([Box](), [self])
        while let box = open.popLast() {
            if let (brighter, darker) = box.halves {
                open += [darker, brighter]
            } else if !box.entries.isEmpty {
                leaves.append(box)
            }
        }
        return leaves
    }

    /// Colours go to the brighter half, brightest first, until it has more than half of the pixels; those of one value
    /// stay together. When that leaves nothing for the other, it gets the colours of the least value.
    func cut() -> (Box, Box) {
        // Rec. 601 luma in 256ths; the first of equals.
        let extents = (high &- low) &* SIMD3(77, 150, 29)
        let axis = extents.x >= extents.y && extents.x >= extents.z ? 0 : extents.y >= extents.z ? 1 : 2
        var counts = [UInt32](repeating: 0, count: 256)
        for entry in entries { counts[Self.value(entry.color, axis)] &+= entry.count }
        var (least, count) = (high[axis], counts[high[axis]])
        while UInt64(count) * 2 <= UInt64(pixelCount), least > low[axis] {
            least -= 1
            count &+= counts[least]
        }
        if least == low[axis] { least += 1 }
        let brighter = Box(entries.filter { Self.value($0.color, axis) >= least })
        let darker = Box(entries.filter { Self.value($0.color, axis) < least })
        entries = []
        halves = (brighter, darker)
        return (brighter, darker)
    }
}

/// A binary heap by pixel count, which among equals gives what QuantHeap.c gives.
private struct BoxHeap {
    /// From index 1 on.
    private var boxes: [Box] = []

    mutating func add(_ box: Box) {
        if boxes.isEmpty { boxes.append(box) }  // index 0 is never looked at
        boxes.append(box)
        var k = boxes.count - 1
        while k > 1, box.pixelCount > boxes[k / 2].pixelCount {
            boxes[k] = boxes[k / 2]
            k /= 2
        }
        boxes[k] = box
    }

    mutating func removeLargest() -> Box? {
        guard boxes.count > 1 else { return nil }
        let largest = boxes[1]
        let last = boxes.removeLast()
        let count = boxes.count - 1
        guard count > 0 else { return largest }
        var k = 1
        while 2 * k <= count {
            var child = 2 * k
            if child < count, boxes[child].pixelCount < boxes[child + 1].pixelCount { child += 1 }
            if last.pixelCount > boxes[child].pixelCount { break }
            boxes[k] = boxes[child]
            k = child
        }
        boxes[k] = last
        return largest
    }
}
