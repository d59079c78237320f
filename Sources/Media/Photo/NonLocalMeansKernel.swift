internal import GraphCore

/// The arithmetic of non-local means on one tile: what one offset of the search window adds to the sums.
///
/// Luma is whole numbers, held in floats, so small that the sum of a patch's squared differences stays below 2^24:
/// exact in float32 in any order. So the sums may slide down the columns without drifting, and neither the cut into
/// tiles nor the number of cores shows in the result.
///
/// Eight samples at a time, SIMD8<Float>: two SSE registers on a portable x86-64 build. Checked in the disassembly
/// (swiftc 6.3, -O): the loops of `slide` and `add` are movups, subps, mulps, addps without a call or a bounds check.
struct NonLocalMeansKernel {
    /// Samples of a row in a plane; a multiple of 8, with 8 to spare.
    let stride: Int
    /// Columns and rows of the tile.
    let width: Int, height: Int
    let patchRadius: Int, searchRadius: Int
    /// Squared differences that noise alone makes, and the factor that makes the rest an exponent.
    let bias: Float, scale: Float

    static let lanes = 8

    /// What lies around the tile on each side.
    var margin: Int { patchRadius + searchRadius }
    var planeHeight: Int { height + 2 * margin }
    /// Of the sums: rounded up to whole vectors.
    var sumStride: Int { (width + Self.lanes - 1) / Self.lanes * Self.lanes }

    /// - Parameters:
    ///   - luma: [planeHeight, stride] whole numbers.
    ///   - colors: [channels, planeHeight, stride].
    ///   - sums: [channels + 1, height, sumStride], to which it adds; the last is the sum of the weights.
    ///   - columns: `stride` elements to work in.
    func add(
        offsetX: Int, offsetY: Int, luma: [Float], colors: [Float], channels: Int, to sums: inout [Float],
        columns: inout [Float]
    ) {
        let vectors = sumStride / Self.lanes
        let reach = sumStride + 2 * patchRadius
        precondition(stride >= reach + 2 * searchRadius + Self.lanes && columns.count >= reach + Self.lanes)
        precondition(abs(offsetX) <= searchRadius && abs(offsetY) <= searchRadius)
        precondition(luma.count >= planeHeight * stride && colors.count >= channels * planeHeight * stride)
        precondition(sums.count >= (channels + 1) * height * sumStride)
        // All places that follow lie inside: checked above once for all.
        unsafe luma.withUnsafeBufferPointer { luma in
            unsafe colors.withUnsafeBufferPointer { colors in
                unsafe sums.withUnsafeMutableBufferPointer { sums in
                    unsafe columns.withUnsafeMutableBufferPointer { columns in
                        guard let luma = luma.baseAddress, let colors = colors.baseAddress,
                            let sums = sums.baseAddress, let columns = columns.baseAddress
                        else { return }
                        let shift = offsetY * stride + offsetX
                        for x in 0..<reach + Self.lanes { unsafe columns[x] = 0 }
                        for y in 0..<height {
                            // The patch of row y spans plane rows y + searchRadius ... y + searchRadius + 2 patchRadius.
                            let top = (y + searchRadius) * stride + searchRadius
                            if y == 0 {
                                for row in 0...2 * patchRadius {
                                    unsafe slide(columns, adding: luma + top + row * stride, shift, count: reach)
                                }
                            } else {
                                unsafe slide(
                                    columns, adding: luma + top + 2 * patchRadius * stride,
                                    removing: luma + top - stride, shift, count: reach)
                            }
                            let center = (y + margin) * stride + margin + shift
                            unsafe accumulate(
                                columns, colors: colors + center, channels: channels, sums: sums + y * sumStride,
                                vectors: vectors)
                        }
                    }
                }
            }
        }
    }

    /// Adds a row of squared differences to the columns.
    @inline(__always)
    private func slide(
        _ columns: UnsafeMutablePointer<Float>, adding a: UnsafePointer<Float>, _ shift: Int, count: Int
    ) {
        for x in Swift.stride(from: 0, to: count, by: Self.lanes) {
            let difference = unsafe Self.load(a + x) - Self.load(a + x + shift)
            unsafe Self.store(Self.load(columns + x) + difference * difference, columns + x)
        }
    }

    /// The same, and takes another row away.
    @inline(__always)
    private func slide(
        _ columns: UnsafeMutablePointer<Float>, adding a: UnsafePointer<Float>, removing b: UnsafePointer<Float>,
        _ shift: Int, count: Int
    ) {
        for x in Swift.stride(from: 0, to: count, by: Self.lanes) {
            let new = unsafe Self.load(a + x) - Self.load(a + x + shift)
            let old = unsafe Self.load(b + x) - Self.load(b + x + shift)
            unsafe Self.store(Self.load(columns + x) + (new * new - old * old), columns + x)
        }
    }

    /// Sums the columns across each patch, makes the sum a weight, and adds the weighted colours.
    @inline(__always)
    private func accumulate(
        _ columns: UnsafeMutablePointer<Float>, colors: UnsafePointer<Float>, channels: Int,
        sums: UnsafeMutablePointer<Float>, vectors: Int
    ) {
        let (colorPlane, sumPlane) = (planeHeight * stride, height * sumStride)
        for vector in 0..<vectors {
            let x = vector * Self.lanes
            var distance = unsafe Self.load(columns + x)
            for i in 1...2 * patchRadius { unsafe distance += Self.load(columns + x + i) }
            let weight = weight(distance)
            for c in 0..<channels {
                let sum = unsafe sums + c * sumPlane + x
                unsafe Self.store(Self.load(sum) + weight * Self.load(colors + c * colorPlane + x), sum)
            }
            let sum = unsafe sums + channels * sumPlane + x
            unsafe Self.store(Self.load(sum) + weight, sum)
        }
    }

    /// exp(-max(distance - bias, 0) * 16 scale) to within 1e-5: the Taylor polynomial of a sixteenth of the exponent,
    /// four times squared. Exponents beyond 16 count as 16: a weight of 1.5e-7.
    @inline(__always)
    private func weight(_ distance: SIMD8<Float>) -> SIMD8<Float> {
        let above = (distance - bias) * scale
        let positive = above.replacing(with: 0, where: above .< 0)
        let t = positive.replacing(with: 1, where: positive .> 1)
        let e2 = t * (t * (t * (1.0 / 24) - 1.0 / 6) + 0.5)
        let e = t * (e2 - 1) + 1
        let (p2) = e * e
        let p4 = p2 * p2
        let p8 = p4 * p4
        return p8 * p8
    }

    @inline(__always)
    private static func load(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
        unsafe UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func load(_ p: UnsafeMutablePointer<Float>) -> SIMD8<Float> {
        unsafe UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func store(_ value: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) {
        unsafe UnsafeMutableRawPointer(p).storeBytes(of: value, as: SIMD8<Float>.self)
    }
}
