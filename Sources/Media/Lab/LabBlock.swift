internal import GraphCore

/// Some pixels of a row in CIELAB, and the loops over them: all that is done for each pixel.
///
/// `unsafe`, as twelve megapixels leave 5 ns for a pixel and a core: with it the compiler makes SSE2 vectors of the
/// arithmetic (checked in the disassembly, swiftc 6.3, -O: mulps, addps, minps, no call), and look-ups cost no
/// comparison. Every look-up is that of a byte among 256 entries, or of a number clipped to 0...1 just before.
struct LabBlock {
    /// Pixels of a block at most: all planes stay in the first-level cache.
    static let capacity = 512

    private static let zeros = [Float](repeating: 0, count: capacity)

    private let source: LabSource
    private let light = SRGB.lightTable, f = CIELab.fTable, stored = SRGB.storedTable
    private let lightness = OpenCVLightness.shared
    /// Luminance, and f of it.
    private var y = zeros, fy = zeros
    /// f(X) - f(Y) and f(Z) - f(Y): a* / 500 and -b* / 200.
    private(set) var dx = zeros, dz = zeros
    private var red = zeros, green = zeros, blue = zeros
    private var pixels = 0..<0

    init(_ source: LabSource) { self.source = source }

    /// Numbers that `write` makes of a pixel.
    var channelCount: Int { source.image.channels == 4 ? 4 : 3 }

    /// Reads how light pixels are, as OpenCV has it.
    /// - Parameter pixels: counted over the whole batch; at most `capacity`.
    mutating func readLightness(_ pixels: Range<Int>) {
        begin(pixels)
        let channels = source.image.channels
        let start = pixels.lowerBound * channels
        switch source.image.storage {
        case .floats(let floats):
            let (second, third) = channels < 3 ? (0, 0) : (1, 2)
            for i in 0..<pixels.count {
                let pixel = start + i * channels
                fy[i] = lightness(
                    OpenCVLightness.place(floats[pixel]), OpenCVLightness.place(floats[pixel + second]),
                    OpenCVLightness.place(floats[pixel + third]))
            }
        case .bytes(let bytes, _):
            unsafe bytes.withUnsafePointer { bytes in
                if unsafe channels < 3 || Self.isGray(bytes, start, channels, pixels.count) {
                    unsafe Self.look(up: bytes, start, channels, in: source.grayF, &fy, pixels.count)
                } else {
                    unsafe Self.lightness(
                        bytes, start, channels, source.places, lightness.table, lightness.f, &fy, pixels.count)
                }
            }
        }
        for i in 0..<pixels.count { y[i] = CIELab.inverse(fy[i]) }
    }

    /// Reads pixels with their colours.
    mutating func readColors(_ pixels: Range<Int>) {
        begin(pixels)
        let count = pixels.count
        readLight()
        unsafe Self.sum(red, green, blue, CIELab.toY, &y, count)
        unsafe Self.look(up: y, in: f.pieces, &fy, count)
        unsafe Self.sum(red, green, blue, CIELab.toX, &dx, count)
        unsafe Self.follow(f.pieces, &dx, count)
        unsafe Self.sum(red, green, blue, CIELab.toZ, &dz, count)
        unsafe Self.follow(f.pieces, &dz, count)
        for i in 0..<count {
            dx[i] -= fy[i]
            dz[i] -= fy[i]
        }
    }

    /// Writes the pixels that were read last with other colours, clipped to 0...1, three or four channels each.
    /// - Parameters:
    ///   - dx: a* / 500, from `first` on.
    ///   - dz: -b* / 200, from `first` on.
    ///   - place: of the first pixel's red in `band`.
    mutating func write(
        _ dx: [Float], _ dz: [Float], from first: Int, to band: inout MutableSpan<Float>, at place: Int
    ) {
        let (count, channels) = (pixels.count, channelCount)
        precondition(first >= 0 && first + count <= min(dx.count, dz.count), "the colours do not fit the pixels")
        precondition(place >= 0 && place + count * channels <= band.count, "the pixels do not fit the band")
        unsafe Self.mix(y, fy, dx, dz, first, &red, &green, &blue, count)
        unsafe band.withUnsafeMutableBufferPointer { band in
            guard let base = band.baseAddress else { return }
            let target = unsafe base + place
            unsafe Self.store(red, green, blue, stored.pieces, target, channels, count)
        }
        guard channels == 4 else { return }
        let alpha = source.image.floats(in: pixels.lowerBound * 4..<pixels.upperBound * 4)
        for i in 0..<count { band[place + 4 * i + 3] = alpha[alpha.startIndex + 4 * i + 3] }
    }

    private mutating func begin(_ pixels: Range<Int>) {
        let image = source.image
        precondition(
            pixels.lowerBound >= 0 && pixels.count <= Self.capacity
                && pixels.upperBound <= image.batch * image.height * image.width, "pixels that are not there")
        self.pixels = pixels
    }

    /// Light of each channel; three times that of a single one.
    private mutating func readLight() {
        let (channels, count) = (source.image.channels, pixels.count)
        let start = pixels.lowerBound * channels
        let (second, third) = channels < 3 ? (start, start) : (start + 1, start + 2)
        switch source.image.storage {
        case .bytes(let bytes, _):
            unsafe bytes.withUnsafePointer { bytes in
                unsafe Self.look(up: bytes, start, channels, in: source.light, &red, count)
                unsafe Self.look(up: bytes, second, channels, in: source.light, &green, count)
                unsafe Self.look(up: bytes, third, channels, in: source.light, &blue, count)
            }
        case .floats(let floats):
            unsafe floats.withUnsafePointer { floats in
                unsafe Self.pick(floats, start, channels, &red, count)
                unsafe Self.pick(floats, second, channels, &green, count)
                unsafe Self.pick(floats, third, channels, &blue, count)
            }
            unsafe Self.follow(light.pieces, &red, count)
            unsafe Self.follow(light.pieces, &green, count)
            unsafe Self.follow(light.pieces, &blue, count)
        }
    }
}

/// The loops. Arrays come as the pointers to their first element; their callers have checked that all places lie inside.
extension LabBlock {
    private typealias Floats = UnsafePointer<Float>
    private typealias Target = UnsafeMutablePointer<Float>
    private typealias Bytes = UnsafePointer<UInt8>
    private typealias Pieces = UnsafePointer<CurveTable.Piece>

    /// NaN becomes 0.
    @inline(__always)
    private static func clipped(_ x: Float) -> Float {
        let positive = x > 0 ? x : 0
        return positive < 1 ? positive : 1
    }

    /// Of a number of 0...1 that the bias was added to.
    @inline(__always)
    private static func value(_ biased: Float, _ pieces: Pieces) -> Float {
        let piece = unsafe pieces[Int(biased.bitPattern &>> CurveTable.shift) &- Int(CurveTable.first)]
        return piece.slope * biased + piece.base
    }

    private static func isGray(_ bytes: Bytes, _ start: Int, _ channels: Int, _ count: Int) -> Bool {
        var difference: UInt8 = 0
        for i in 0..<count {
            let pixel = unsafe bytes + (start &+ i &* channels)
            unsafe difference |= pixel[0] ^ pixel[1] | pixel[1] ^ pixel[2]
        }
        return difference == 0
    }

    private static func look(
        up bytes: Bytes, _ start: Int, _ channels: Int, in table: Floats, _ result: Target, _ count: Int
    ) {
        for i in 0..<count { unsafe result[i] = table[Int(bytes[start &+ i &* channels])] }
    }

    private static func look(up x: Floats, in pieces: Pieces, _ result: Target, _ count: Int) {
        for i in 0..<count { unsafe result[i] = value(clipped(x[i]) + CurveTable.bias, pieces) }
    }

    /// In place.
    private static func follow(_ pieces: Pieces, _ values: Target, _ count: Int) {
        for i in 0..<count { unsafe values[i] = value(clipped(values[i]) + CurveTable.bias, pieces) }
    }

    private static func pick(_ floats: Floats, _ start: Int, _ channels: Int, _ result: Target, _ count: Int) {
        for i in 0..<count { unsafe result[i] = floats[start &+ i &* channels] }
    }

    /// What `OpenCVLightness` gives, without its checks: places are at most 512, so corners and their neighbours lie in
    /// the table, and what lies between them in 0...2^14.
    private static func lightness(
        _ bytes: Bytes, _ start: Int, _ channels: Int, _ places: UnsafePointer<OpenCVLightness.Place>,
        _ table: UnsafePointer<Int16>, _ f: Floats, _ result: Target, _ count: Int
    ) {
        let side = OpenCVLightness.side
        for i in 0..<count {
            let pixel = unsafe bytes + (start &+ i &* channels)
            let red = unsafe places[Int(pixel[0])]
            let green = unsafe places[Int(pixel[1])]
            let blue = unsafe places[Int(pixel[2])]
            let corner = (Int(red &>> 4) &* side &+ Int(green &>> 4)) &* side &+ Int(blue &>> 4)
            let (redShare, greenShare, blueShare) = (red & 15, green & 15, blue & 15)
            @inline(__always)
            func alongBlue(_ place: Int) -> Int32 {
                unsafe Int32(table[place]) &* (16 &- blueShare) &+ Int32(table[place &+ 1]) &* blueShare
            }
            @inline(__always)
            func alongGreen(_ place: Int) -> Int32 {
                alongBlue(place) &* (16 &- greenShare) &+ alongBlue(place &+ side) &* greenShare
            }
            let sum = alongGreen(corner) &* (16 &- redShare) &+ alongGreen(corner &+ side &* side) &* redShare
            unsafe result[i] = f[Int((sum &+ 2048) &>> 12)]
        }
    }

    private static func sum(
        _ red: Floats, _ green: Floats, _ blue: Floats, _ weights: SIMD3<Float>, _ result: Target, _ count: Int
    ) {
        for i in 0..<count { unsafe result[i] = red[i] * weights.x + green[i] * weights.y + blue[i] * weights.z }
    }

    /// From CIELAB to light, clipped to 0...1, plus the bias.
    private static func mix(
        _ y: Floats, _ fy: Floats, _ dx: Floats, _ dz: Floats, _ first: Int, _ red: Target, _ green: Target,
        _ blue: Target, _ count: Int
    ) {
        let (toRed, toGreen, toBlue) = (CIELab.toRed, CIELab.toGreen, CIELab.toBlue)
        for i in 0..<count {
            let x = unsafe CIELab.inverse(fy[i] + dx[first &+ i])
            let z = unsafe CIELab.inverse(fy[i] + dz[first &+ i])
            let y = unsafe y[i]
            unsafe red[i] = clipped(x * toRed.x + y * toRed.y + z * toRed.z) + CurveTable.bias
            unsafe green[i] = clipped(x * toGreen.x + y * toGreen.y + z * toGreen.z) + CurveTable.bias
            unsafe blue[i] = clipped(x * toBlue.x + y * toBlue.y + z * toBlue.z) + CurveTable.bias
        }
    }

    /// Stored colours of light that the bias was added to.
    private static func store(
        _ red: Floats, _ green: Floats, _ blue: Floats, _ pieces: Pieces, _ target: Target, _ channels: Int,
        _ count: Int
    ) {
        for i in 0..<count {
            let pixel = unsafe target + i &* channels
            unsafe pixel[0] = value(red[i], pieces)
            unsafe pixel[1] = value(green[i], pieces)
            unsafe pixel[2] = value(blue[i], pieces)
        }
    }
}
