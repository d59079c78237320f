internal import GraphCore

extension Image {
    /// Pillow's `Image.resize(..., LANCZOS)` on the bytes of `eightBit()`, bit for bit: a horizontal pass, rounded to
    /// bytes, then a vertical one; a pass that would change nothing is left out. Colours of pictures with an alpha (the
    /// last of two or four channels) are multiplied by it first and divided by it last, as Pillow does.
    func lanczos(
        _ window: Window, width: Int, height: Int, work makeWork: (_ rowCount: Int) -> RowWork
    ) throws -> Image {
        let columns = window.width == width ? nil : LanczosKernel(from: window.width, to: width)
        let rows = window.height == height ? nil : LanczosKernel(from: window.height, to: height)
        // Pillow hands out a copy when the size is the same.
        let hasAlpha = (channels == 2 || channels == 4) && (columns != nil || rows != nil)
        let ownRows = batch * self.height
        let isWhole = window == Window(x: 0, y: 0, width: self.width, height: self.height)
        let rowCounts = [
            storesStandardBytes ? 0 : ownRows, hasAlpha ? ownRows : 0,
            columns == nil && isWhole ? 0 : batch * window.height,
            rows == nil ? 0 : batch * height, hasAlpha ? batch * height : 0,
        ]
        var work = makeWork(rowCounts.reduce(0, +))
        var bytes = try eightBit(&work)
        if hasAlpha {
            try work.updateRows(of: &bytes, elementsPerRow: self.width * channels, workPerRow: self.width * channels) {
                [channels] in Alpha.multiply(&$1, channels: channels)
            }
        }
        if columns != nil || !isWhole { bytes = try across(bytes, window, columns, width: width, &work) }
        bytes = try down(bytes, window, rows, width: width, height: height, &work)
        if hasAlpha {
            try work.updateRows(of: &bytes, elementsPerRow: width * channels, workPerRow: width * channels) {
                [channels] in Alpha.divide(&$1, channels: channels)
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
    }

    /// The window's rows, resized in width: [batch, window.height, width, channels]. `bytes` are the whole batch's.
    private func across(
        _ bytes: PixelBuffer<UInt8>, _ window: Window, _ kernel: LanczosKernel?, width: Int, _ work: inout RowWork
    ) throws -> PixelBuffer<UInt8> {
        let (height, rowStride, channels) = (height, self.width * channels, channels)
        let count = width * channels
        return try work.makeRows(
            batch * window.height, elementsPerRow: count, workPerRow: count * (kernel?.tapCount ?? 1)
        ) { rows, band in
            var y = rows.lowerBound
            while y < rows.upperBound {
                // Rows of one image lie one below the other.
                let rowCount = min(rows.upperBound - y, window.height - y % window.height)
                let first = (y / window.height * height + window.y + y % window.height) * rowStride
                let source = bytes.span.extracting(droppingFirst: first + window.x * channels)
                let at = (y - rows.lowerBound) * count
                if let kernel {
                    let made = kernel.across(
                        source, rowStride: rowStride, height: rowCount, width: window.width, channels: channels)
                    band.copy(made.span, at: at)
                } else {
                    for row in 0..<rowCount {
                        band.copy(source.extracting(row * rowStride..<row * rowStride + count), at: at + row * count)
                    }
                }
                y += rowCount
            }
        }
    }

    /// [batch, window.height, width, channels] resized in height.
    private func down(
        _ bytes: PixelBuffer<UInt8>, _ window: Window, _ kernel: LanczosKernel?, width: Int, height: Int,
        _ work: inout RowWork
    ) throws -> PixelBuffer<UInt8> {
        guard let kernel else { return bytes }
        let count = width * channels
        return try work.makeRows(
            batch * height, elementsPerRow: count, workPerRow: count * kernel.tapCount
        ) { rows, band in
            for y in rows {
                let first = y / height * window.height * count
                let source = bytes.span.extracting(first..<first + window.height * count)
                let made = kernel.down(source, to: y % height, count: count)
                let at = (y - rows.lowerBound) * count
                band.copy(made.span, at: at)
            }
        }
    }
}

/// Colours times their alpha in eight bits, with Pillow's rounding (Convert.c): the last channel is the alpha.
private enum Alpha {
    static func multiply(_ pixels: inout MutableSpan<UInt8>, channels: Int) {
        for start in stride(from: 0, to: pixels.count, by: channels) {
            let alpha = UInt32(pixels[start + channels - 1])
            if alpha == 255 { continue }
            for i in start..<start + channels - 1 {
                // x / 255, rounded.
                let product = UInt32(pixels[i]) * alpha + 128
                pixels[i] = UInt8(((product >> 8) + product) >> 8)
            }
        }
    }

    static func divide(_ pixels: inout MutableSpan<UInt8>, channels: Int) {
        for start in stride(from: 0, to: pixels.count, by: channels) {
            let alpha = UInt32(pixels[start + channels - 1])
            if alpha == 255 || alpha == 0 { continue }
            for i in start..<start + channels - 1 { pixels[i] = UInt8(min(255 * UInt32(pixels[i]) / alpha, 255)) }
        }
    }
}
