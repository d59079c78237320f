internal import GraphCore

/// The frames of an animated PNG, cut out so that each can be read as a PNG of its own. PNG 3rd edition section 11.3.6;
/// where Pillow reads files that break the rules, its way.
struct AnimatedPNG {
    struct Frame: Equatable {
        enum Disposal: UInt8 { case none, background, previous }

        let x: Int, y: Int, width: Int, height: Int
        /// What becomes of the frame's region before the next one is drawn.
        let disposal: Disposal
        /// Whether the frame is laid over what is there, instead of replacing it.
        let isOver: Bool
        /// The compressed pixels, in pieces; empty for the picture that readers without animation show.
        fileprivate(set) var data: [ArraySlice<UInt8>] = []
    }

    /// The first is the picture that readers without animation show, whether it belongs to the animation or not, as in
    /// Pillow. At least two.
    private(set) var frames: [Frame] = []
    /// Size, colours and transparency, as a file starts.
    private let width: Int, height: Int
    private var header: ArraySlice<UInt8> = []
    private var colors: [ArraySlice<UInt8>] = []

    /// Nil when the file is not animated, and when what it says about its animation makes no sense, as in Pillow.
    /// - Throws: one sentence when the frames are out of order or do not fit the picture.
    init?(_ bytes: [UInt8], width: Int, height: Int) throws(CodecError) {
        (self.width, self.height) = (width, height)
        guard let announced = Self.announcedCount(bytes) else { return nil }
        let hasEnd = try read(bytes, upTo: announced)
        // The picture itself is one more when it stands before the first frame.
        guard frames.count > 1 else { return nil }
        if !hasEnd && frames.count < announced {
            throw CodecError("the PNG ends early", suggestion: CodecError.copyAgain)
        }
    }

    /// Of the acTL chunk before the pixels. Two of them are as good as none.
    private static func announcedCount(_ bytes: [UInt8]) -> Int? {
        var counts: [Int] = []
        for chunk in PNGChunks(of: bytes) {
            if chunk.type.elementsEqual("IDAT".utf8) { break }
            if chunk.type.elementsEqual("acTL".utf8), chunk.body.count >= 8 {
                counts.append(chunk.body.bigEndian(at: 0))
            }
        }
        guard counts.count == 1, let count = counts.first, count > 0, count <= 0x8000_0000 else { return nil }
        return count
    }

    /// - Returns: whether the file has its end mark.
    private mutating func read(_ bytes: [UInt8], upTo announced: Int) throws(CodecError) -> Bool {
        var sequence = 0
        var pending: Frame?
        var limit = announced
        func checkOrder(_ body: ArraySlice<UInt8>) throws(CodecError) {
            guard body.count >= 4, body.bigEndian(at: 0) == sequence else {
                throw .damaged("PNG", "its frames are out of order")
            }
            sequence += 1
        }
        for chunk in PNGChunks(of: bytes) {
            switch String(decoding: chunk.type, as: UTF8.self) {
            case "IHDR": header = chunk.body
            case "PLTE", "tRNS": colors.append(chunk.whole)
            case "fcTL":
                try checkOrder(chunk.body)
                if frames.count == limit { return true }
                if pending != nil { throw .damaged("PNG", "a frame has no pixels") }
                pending = try frame(chunk.body)
            case "IDAT" where frames.isEmpty:
                if let first = pending {
                    guard (first.x, first.y, first.width, first.height) == (0, 0, width, height) else {
                        throw .damaged("PNG", "its first frame is smaller than the picture")
                    }
                } else {
                    limit += 1
                }
                frames.append(
                    pending ?? Frame(x: 0, y: 0, width: width, height: height, disposal: .none, isOver: false))
                pending = nil
            case "fdAT":
                try checkOrder(chunk.body)
                if let new = pending, !frames.isEmpty {
                    frames.append(new)
                    pending = nil
                }
                if frames.count > 1 { frames[frames.count - 1].data.append(chunk.body.dropFirst(4)) }
            case "IEND": return true
            default: break
            }
        }
        return false
    }

    /// The body of an fcTL chunk.
    private func frame(_ body: ArraySlice<UInt8>) throws(CodecError) -> Frame {
        guard body.count >= 26 else { throw .damaged("PNG", "a frame's header is too short") }
        let (frameWidth, frameHeight) = (body.bigEndian(at: 4), body.bigEndian(at: 8))
        let (x, y) = (body.bigEndian(at: 12), body.bigEndian(at: 16))
        guard frameWidth > 0, frameHeight > 0, x + frameWidth <= width, y + frameHeight <= height else {
            throw .damaged("PNG", "a frame lies outside the picture")
        }
        let last = body.dropFirst(24)
        return Frame(
            x: x, y: y, width: frameWidth, height: frameHeight,
            disposal: last.first.flatMap { Frame.Disposal(rawValue: $0) } ?? .none, isOver: last.dropFirst().first == 1)
    }

    /// One of the further frames as a file of its own.
    /// - Parameter checksum: CRC-32.
    func file(of frame: Frame, checksum: (ArraySlice<UInt8>) -> UInt32) -> [UInt8] {
        var file = PNGChunks.signature
        func add(_ type: String, _ body: [ArraySlice<UInt8>]) {
            file += (body.reduce(0) { $0 + $1.count }).bigEndianBytes
            let start = file.count
            file += type.utf8
            for piece in body { file += piece }
            file += Int(checksum(file[start...])).bigEndianBytes
        }
        let size = frame.width.bigEndianBytes + frame.height.bigEndianBytes
        add("IHDR", [size[...], header.dropFirst(8)])
        for chunk in colors { file += chunk }
        add("IDAT", frame.data)
        add("IEND", [])
        return file
    }
}

extension ArraySlice<UInt8> {
    /// Four bytes at an offset that lies inside.
    fileprivate func bigEndian(at offset: Int) -> Int {
        dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
}

extension Int {
    fileprivate var bigEndianBytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) } }
}
