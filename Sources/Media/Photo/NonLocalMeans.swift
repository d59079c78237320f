public import GraphCore

/// Non-local means: each pixel becomes the mean of the pixels around it whose neighbourhoods look alike.
///
/// A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005; weights as in the same
/// authors' "Non-Local Means Denoising", IPOL 2011: w = exp(-max(d^2 - 2 sigma^2, 0) / h^2), h = 0.4 sigma, where d^2
/// is the mean squared difference of two patches. Sums of patches slide instead of being made anew, as in J. Darbon,
/// A. Cunha, T. Chan, S. Osher, G. Jensen, "Fast nonlocal filtering applied to electron cryomicroscopy", ISBI 2008.
///
/// Patches are compared by luma, in whole steps of half a level or so (`lumaSteps`): the grain of an old
/// photo is silver in all its colours. All colours of a pixel are averaged with the same weights. Beyond the edges the picture is
/// mirrored.
public struct NonLocalMeans: Sendable, Equatable {
    /// Sides of the square searched and of the patches compared, in pixels; odd.
    public var searchWindow: Int, patch: Int
    /// Standard deviation of the luma's noise, as a share of white.
    public var sigma: Float
    /// 0 gives the picture back, 1 the mean alone.
    public var blend: Float

    public static let searchWindows = 3...35
    public static let patches = 3...11

    /// - Throws: `.outOfRange` for an even side, and for one outside of `searchWindows` or `patches`.
    public init(searchWindow: Int = 21, patch: Int = 7, sigma: Float, blend: Float = 1) throws(Diagnostic) {
        try WindowSize.check(searchWindow, in: Self.searchWindows, of: "a search window")
        try WindowSize.check(patch, in: Self.patches, of: "a patch")
        (self.searchWindow, self.patch, self.sigma, self.blend) = (searchWindow, patch, sigma, blend)
    }

    /// Steps of luma from black to white: as many as keep a patch's sum of squares exact in float32. 585 for 7x7.
    var lumaSteps: Float { (Float(1 << 24).squareRoot() / Float(patch)).rounded(.down) }

    /// Columns of a tile: with the rows of a band, what the second-level cache holds.
    static let tileWidth = 256

    /// About 24 rows a band at 1,024 columns: less would compare the margins too often, more would hold up a cancel.
    var workPerRow: Int { 7_000 * max(1, searchWindow * searchWindow / 441) / 40 }

    fileprivate func kernel(width: Int, height: Int) -> NonLocalMeansKernel {
        let (patchRadius, searchRadius) = (patch / 2, searchWindow / 2)
        let lanes = NonLocalMeansKernel.lanes
        let vectors = (width + lanes - 1) / lanes
        let count = Float(patch * patch)
        let noise = sigma * lumaSteps
        let h = 0.4 * noise
        return NonLocalMeansKernel(
            stride: (vectors + 1) * lanes + (2 * (patchRadius + searchRadius) + lanes - 1) / lanes * lanes,
            width: width, height: height, patchRadius: patchRadius, searchRadius: searchRadius,
            bias: 2 * noise * noise * count, scale: 1 / (16 * count * h * h))
    }
}

extension Image {
    /// Floats, as means lie between the levels of eight bits; a fourth channel is kept. `work` has the rows of the
    /// batch. Without noise (`sigma` 0) the picture is returned as it is.
    public func denoised(_ method: NonLocalMeans, _ work: inout RowWork) throws -> Image {
        if method.sigma <= 0 || method.blend <= 0 { return self }
        let floats: PixelBuffer<Float> = try work.makeRows(
            rowCount, elementsPerRow: rowLength, workPerRow: method.workPerRow * width
        ) { rows, band in
            var y = rows.lowerBound
            while y < rows.upperBound {  // a band may span two images of the batch
                let end = min(rows.upperBound, (y / height + 1) * height)
                for x in stride(from: 0, to: width, by: NonLocalMeans.tileWidth) {
                    var tile = NonLocalMeansTile(
                        self, method, columns: x..<min(x + NonLocalMeans.tileWidth, width), rows: y..<end)
                    tile.sum()
                    tile.write(to: &band, firstRow: rows.lowerBound)
                }
                y = end
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}

/// A part of one image with what surrounds it, as planes.
private struct NonLocalMeansTile {
    let image: Image, method: NonLocalMeans, kernel: NonLocalMeansKernel
    let columns: Range<Int>, rows: Range<Int>
    private var luma: [Float], colors: [Float], sums: [Float], alpha: [Float] = []

    init(_ image: Image, _ method: NonLocalMeans, columns: Range<Int>, rows: Range<Int>) {
        (self.image, self.method, self.columns, self.rows) = (image, method, columns, rows)
        kernel = method.kernel(width: columns.count, height: rows.count)
        let plane = kernel.planeHeight * kernel.stride
        luma = [Float](repeating: 0, count: plane)
        colors = [Float](repeating: 0, count: plane * image.colorCount)
        sums = [Float](repeating: 0, count: (image.colorCount + 1) * kernel.height * kernel.sumStride)
        readPlanes()
    }

    private mutating func readPlanes() {
        let (channels, colorCount, margin) = (image.channels, image.colorCount, kernel.margin)
        let first = rows.lowerBound / image.height * image.height
        let places = (0..<columns.count + 2 * margin).map {
            Self.mirrored(columns.lowerBound - margin + $0, image.width)
        }
        let plane = kernel.planeHeight * kernel.stride
        let steps = method.lumaSteps
        var (line, rowLuma): ([Float], [Float]) = ([], [])
        for y in 0..<kernel.planeHeight {
            let row = first + Self.mirrored(rows.lowerBound - first - margin + y, image.height)
            image.read(row: row, into: &line)
            image.luma(of: line, into: &rowLuma)
            let start = y * kernel.stride
            for (x, place) in places.enumerated() {
                luma[start + x] = (min(max(rowLuma[place], 0), 1) * steps).rounded()
                for c in 0..<colorCount { colors[c * plane + start + x] = line[place * channels + c] }
            }
            if channels == 4, y >= margin, y < margin + kernel.height {
                for x in columns { alpha.append(line[x * 4 + 3]) }
            }
        }
    }

    mutating func sum() {
        var work = [Float](repeating: 0, count: kernel.stride)
        let radius = kernel.searchRadius
        for dy in -radius...radius {
            for dx in -radius...radius {
                kernel.add(
                    offsetX: dx, offsetY: dy, luma: luma, colors: colors, channels: image.colorCount, to: &sums,
                    columns: &work)
            }
        }
    }

    func write(to band: inout MutableSpan<Float>, firstRow: Int) {
        let (channels, colorCount) = (image.channels, image.colorCount)
        let plane = kernel.planeHeight * kernel.stride
        let sumPlane = kernel.height * kernel.sumStride
        for y in 0..<kernel.height {
            let start = (rows.lowerBound - firstRow + y) * image.rowLength
            for x in 0..<columns.count {
                let sum = y * kernel.sumStride + x
                let weight = 1 / sums[colorCount * sumPlane + sum]
                let target = start + (columns.lowerBound + x) * channels
                let center = (y + kernel.margin) * kernel.stride + kernel.margin + x
                for c in 0..<colorCount {
                    let old = colors[c * plane + center]
                    band[target + c] = old + (sums[c * sumPlane + sum] * weight - old) * method.blend
                }
                if channels == 4 { band[target + 3] = alpha[y * columns.count + x] }
            }
        }
    }

    /// Where a place beyond the edge is in the picture, mirrored there without repeating the edge itself.
    static func mirrored(_ i: Int, _ count: Int) -> Int {
        if count == 1 { return 0 }
        let period = 2 * (count - 1)
        let place = ((i % period) + period) % period
        return place < count ? place : period - place
    }
}
