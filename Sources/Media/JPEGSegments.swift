internal import GraphCore

/// What stands in a JPEG before its first scan, told by the segments' lengths alone. ITU-T T.81 annex B: a marker is 0xFF
/// and a byte that says what follows; a segment's length counts its own two bytes.
struct JPEGSegments: Sequence, IteratorProtocol {
    struct Segment {
        /// The byte behind 0xFF.
        let marker: UInt8
        /// Cut off where the file ends.
        let body: ArraySlice<UInt8>
    }

    private let bytes: [UInt8]
    private var at = 2

    init(of bytes: [UInt8]) { self.bytes = bytes }

    /// Nil at the start of a scan and at the end. What is no marker is passed over, as Pillow and libjpeg do.
    mutating func next() -> Segment? {
        // Fill bytes, marks without a segment (0, 1, restarts, start and end), and bytes that do not belong there.
        while at + 1 < bytes.count, bytes[at] != 0xFF || isBare(bytes[at + 1]) {
            at += 1
        }
        guard at + 3 < bytes.count, bytes[at + 1] != 0xDA else { return nil }
        let size = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        guard size >= 2 else { return nil }
        let segment = Segment(
            marker: bytes[at + 1], body: bytes[Swift.min(at + 4, bytes.count)..<Swift.min(at + 2 + size, bytes.count)])
        at += 2 + size
        return segment
    }

    private func isBare(_ marker: UInt8) -> Bool { marker <= 1 || marker == 0xFF || (0xD0...0xD9).contains(marker) }
}

extension JPEGSegments {
    /// The bodies of the application segments that start with this name, behind it.
    static func application(_ number: UInt8, _ name: String, of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        JPEGSegments(of: bytes).compactMap { segment in
            guard segment.marker == 0xE0 + number, segment.body.starts(with: name.utf8) else { return nil }
            return segment.body.dropFirst(name.utf8.count)
        }
    }

    /// The embedded colour profile: ICC.1 annex B.4 cuts it into numbered segments, in any order. Nil when there is none
    /// or a piece is missing.
    static func profile(of bytes: [UInt8]) -> [UInt8]? {
        let pieces = application(2, "ICC_PROFILE\0", of: bytes).filter { $0.count >= 2 }
            .sorted { ($0.first ?? 0) < ($1.first ?? 0) }
        guard let announced = pieces.first?.dropFirst().first, Int(announced) == pieces.count else { return nil }
        return pieces.flatMap { $0.dropFirst(2) }
    }

    /// Throws for the kinds of JPEG that libjpeg does not read, or that are refused, by name. T.81 table B.1.
    static func checkProcess(of bytes: [UInt8]) throws(CodecError) {
        let frame = JPEGSegments(of: bytes).first {
            (0xC0...0xCF).contains($0.marker) && ![0xC4, 0xC8, 0xCC].contains($0.marker) || $0.marker == 0xF7
        }
        guard let frame else { return }
        func refuse(_ what: String, _ suggestion: String) throws(CodecError) {
            throw CodecError("\(what), which cannot be read", suggestion: suggestion)
        }
        switch frame.marker {
        case 0xC9...0xCF:
            try refuse(
                "the JPEG is arithmetic-coded", "Rewrite it without loss: 'jpegtran -copy all old.jpg > new.jpg'.")
        case 0xC3:
            try refuse("the file is a lossless JPEG", "Convert it with libjpeg-turbo 3: 'djpeg old.jpg > new.ppm'.")
        case 0xC5...0xC7:
            try refuse("the JPEG is hierarchical", "Open it in the program that wrote it and export a PNG.")
        case 0xF7: try refuse("the file is a JPEG-LS picture", "Convert it: 'ffmpeg -i old.jls new.png'.")
        default: break
        }
        guard let bitCount = frame.body.first, let channelCount = frame.body.dropFirst(5).first else { return }
        if bitCount != 8 {
            try refuse(
                "the JPEG has \(bitCount) bits a sample", "Convert it with libjpeg-turbo 3: 'djpeg old.jpg > new.ppm'.")
        }
        if ![1, 3, 4].contains(channelCount) {
            try refuse(
                "the JPEG has \(channelCount) colour channels", "Open it in an image editor and export it as RGB.")
        }
    }
}
