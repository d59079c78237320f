internal import GraphCore

/// Reading a picture row by row, whatever its storage, so that eight bits need not become floats as a whole.
extension Image {
    /// Rows of all images of the batch together.
    var rowCount: Int { batch * height }

    /// Elements of a row.
    var rowLength: Int { width * channels }

    /// Channels that are colour: all but the fourth, which is how opaque a pixel is.
    var colorCount: Int { min(channels, 3) }

    /// The floats of row `y`, counted over the whole batch, in place of what `line` held.
    func read(row y: Int, into line: inout [Float]) {
        let (start, count) = (y * rowLength, rowLength)
        if line.count != count { line = [Float](repeating: 0, count: count) }
        var target = line.mutableSpan
        switch storage {
        case .floats(let floats):
            let source = floats.span.extracting(start..<start + count)
            for i in source.indices { target[i] = source[i] }
        case .bytes(let bytes, let levels):
            let source = bytes.span.extracting(start..<start + count)
            let table = levels.span
            for i in source.indices { target[i] = table[Int(source[i])] }
        }
    }

    /// Luma of the pixels of a row as `read` gives it, nominally 0...1; a picture of one or two channels is its first.
    func luma(of line: [Float], into luma: inout [Float]) {
        if luma.count != width { luma = [Float](repeating: 0, count: width) }
        if channels < 3 {
            for x in 0..<width { luma[x] = line[x * channels] }
            return
        }
        for x in 0..<width { luma[x] = Luma.of(line[x * channels], line[x * channels + 1], line[x * channels + 2]) }
    }
}

/// ITU-R BT.601-7, section 2.5.1: luma of gamma-encoded colours.
enum Luma {
    static let (red, green, blue): (Float, Float, Float) = (0.299, 0.587, 0.114)

    @inline(__always)
    static func of(_ r: Float, _ g: Float, _ b: Float) -> Float { red * r + green * g + blue * b }
}
