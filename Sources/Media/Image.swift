internal import GraphCore

/// A batch of images of one size: [batch, height, width, channels], row-major, sRGB-encoded.
///
/// What a file holds is eight bits a channel, so that is what stays in memory (a 12 MP photo is 36 MB instead of 144)
/// until a node asks for `floats()`. Two images are equal when they are stored alike.
public struct Image: Sendable, Equatable {
    public let batch: Int, height: Int, width: Int, channels: Int

    public enum Storage: Sendable, Equatable {
        /// sRGB-encoded, nominally 0...1, may lie outside.
        case floats(PixelBuffer<Float>)
        /// `levels` are 256 numbers: the float that each byte stands for.
        case bytes(PixelBuffer<UInt8>, levels: [Float])
    }

    public private(set) var storage: Storage

    /// Byte i stands for i / 255, as in ComfyUI's LoadImage (float32).
    public static let standardLevels: [Float] = (0..<256).map { Float($0) / 255 }

    /// `floats` has batch * height * width * channels elements.
    public init(batch: Int, height: Int, width: Int, channels: Int, floats: PixelBuffer<Float>) {
        precondition(floats.count == batch * height * width * channels, "an image's pixels do not fit its shape")
        (self.batch, self.height, self.width, self.channels) = (batch, height, width, channels)
        storage = .floats(floats)
    }

    /// `bytes` has batch * height * width * channels elements, `levels` has 256.
    public init(
        batch: Int, height: Int, width: Int, channels: Int, bytes: PixelBuffer<UInt8>,
        levels: [Float] = Image.standardLevels
    ) {
        precondition(bytes.count == batch * height * width * channels, "an image's pixels do not fit its shape")
        precondition(levels.count == 256, "a byte has 256 levels")
        (self.batch, self.height, self.width, self.channels) = (batch, height, width, channels)
        storage = .bytes(bytes, levels: levels)
    }

    /// Copies `floats`: for pictures that are small.
    public init(batch: Int, height: Int, width: Int, channels: Int, floats: [Float]) {
        self.init(batch: batch, height: height, width: width, channels: channels, floats: PixelBuffer(floats))
    }

    /// Copies `bytes`: for pictures that are small.
    public init(
        batch: Int, height: Int, width: Int, channels: Int, bytes: [UInt8], levels: [Float] = Image.standardLevels
    ) {
        self.init(
            batch: batch, height: height, width: width, channels: channels, bytes: PixelBuffer(bytes), levels: levels)
    }

    /// [batch, height, width, channels] row-major. Converts eight-bit storage at every call, so call it once, outside
    /// the loop; O(1) for `.floats`.
    public func floats() -> PixelBuffer<Float> {
        switch storage {
        case .floats(let floats): floats
        case .bytes(let bytes, let levels): bytes.mapped { levels[Int($0)] }
        }
    }

    /// The elements of `range` in `floats()`, without converting the others. O(1) for `.floats`.
    public func floats(in range: Range<Int>) -> Slice<PixelBuffer<Float>> {
        switch storage {
        case .floats(let floats): floats[range]
        case .bytes(let bytes, let levels): bytes.mapped(range) { levels[Int($0)] }[...]
        }
    }

    /// The bytes that ComfyUI's SaveImage writes, [batch, height, width, channels]. Converts at every call; O(1) for
    /// eight-bit storage whose levels map to themselves, as `standardLevels` do.
    public func eightBit() -> PixelBuffer<UInt8> {
        switch storage {
        case .floats(let floats): return floats.mapped(Self.eightBit)
        case .bytes(let bytes, let levels):
            guard let table = Self.byteTable(levels) else { return bytes }
            return bytes.mapped { table[Int($0)] }
        }
    }

    /// Whether `eightBit()` costs nothing.
    var storesStandardBytes: Bool {
        if case .bytes(_, let levels) = storage { Self.byteTable(levels) == nil } else { false }
    }

    /// The same as one pass over `batch * height` rows, unless it costs nothing.
    func eightBit(_ work: inout RowWork) throws -> PixelBuffer<UInt8> {
        let count = width * channels
        switch storage {
        case .floats(let floats):
            return try work.makeRows(batch * height, elementsPerRow: count, workPerRow: count) { rows, band in
                let source = floats.span.extracting(rows.lowerBound * count..<rows.upperBound * count)
                for i in source.indices { band[i] = Self.eightBit(source[i]) }
            }
        case .bytes(let bytes, let levels):
            guard let table = Self.byteTable(levels) else { return bytes }
            return try work.makeRows(batch * height, elementsPerRow: count, workPerRow: count) { rows, band in
                let source = bytes.span.extracting(rows.lowerBound * count..<rows.upperBound * count)
                for i in source.indices { band[i] = table[Int(source[i])] }
            }
        }
    }

    /// The bytes of one image of the batch, [height, width, channels]. Throws `stopped` when the task is cancelled.
    func eightBit(at index: Int) throws(CodecError) -> PixelBuffer<UInt8> {
        precondition((0..<batch).contains(index), "the batch has no image \(index)")
        let count = height * width * channels
        let range = index * count..<(index + 1) * count
        let step = { (_: Int, _: Int) throws(CodecError) in try CodecError.checkStopped() }
        switch storage {
        case .floats(let floats): return try floats.mapInBands(range, step: step, Self.eightBit)
        case .bytes(let bytes, let levels):
            guard let table = Self.byteTable(levels) else { return batch == 1 ? bytes : PixelBuffer(bytes[range]) }
            return try bytes.mapInBands(range, step: step) { table[Int($0)] }
        }
    }

    /// A pointwise change. Eight-bit storage costs 256 calls, whatever its size, and the result is the same floats as
    /// if each pixel had been changed on its own.
    public func mapLevels(_ transform: (Float) -> Float) -> Image { mapLevels(step: { _, _ in }, transform) }

    /// The same; floats in bands.
    public func mapLevels(
        step: (_ completed: Int, _ total: Int) throws -> Void, _ transform: (Float) -> Float
    ) rethrows -> Image {
        var image = self
        switch storage {
        case .floats(let floats): image.storage = .floats(try floats.mapInBands(step: step, transform))
        case .bytes(let bytes, let levels): image.storage = .bytes(bytes, levels: levels.map(transform))
        }
        return image
    }

    /// What the storage takes in memory.
    public var byteCount: Int {
        switch storage {
        case .floats(let floats): floats.count * MemoryLayout<Float>.stride
        case .bytes(let bytes, let levels): bytes.count + levels.count * MemoryLayout<Float>.stride
        }
    }

    /// ComfyUI nodes.py SaveImage: `np.clip(255. * x, 0, 255).astype(np.uint8)` in float32. NaN becomes 0.
    static func eightBit(_ x: Float) -> UInt8 {
        UInt8(clamping: x * 255)
    }

    /// What `eightBit` makes of each byte; nil when that is the byte itself.
    static func byteTable(_ levels: [Float]) -> [UInt8]? {
        let table = levels.map(eightBit)
        return table.indices.allSatisfy { Int(table[$0]) == $0 } ? nil : table
    }
}

extension Image {
    /// One image of the batch in 16 bits a channel, [height, width, channels]: 65,535 times the value, rounded. Throws
    /// `stopped` when the task is cancelled.
    func sixteenBit(at index: Int) throws(CodecError) -> PixelBuffer<UInt16> {
        precondition((0..<batch).contains(index), "the batch has no image \(index)")
        let count = height * width * channels
        let range = index * count..<(index + 1) * count
        func word(_ x: Float) -> UInt16 { x > 0 ? UInt16(clamping: min(x, 1) * 65_535 + 0.5) : 0 }
        let step = { (_: Int, _: Int) throws(CodecError) in try CodecError.checkStopped() }
        switch storage {
        case .floats(let floats): return try floats.mapInBands(range, step: step, word)
        case .bytes(let bytes, let levels):
            let table = levels.map(word)
            return try bytes.mapInBands(range, step: step) { table[Int($0)] }
        }
    }
}
