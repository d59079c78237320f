/// Workflows and pictures small enough to run in a millisecond.
enum Samples {
    /// An 8x8 picture, saved.
    static let small = workflow()

    /// `small` with other inputs: of EmptyImage, of SaveImage, and more nodes behind them.
    static func workflow(
        _ empty: String = #""width": 8, "height": 8, "batch_size": 1, "color": 0"#,
        save: String = #""images": ["1", 0], "filename_prefix": "x""#, more: String = ""
    ) -> String {
        """
        {"1": {"class_type": "EmptyImage", "inputs": {\(empty)}},
         "2": {"class_type": "SaveImage", "inputs": {\(save)}}\(more)}
        """
    }

    /// Loads a picture, inverts and saves it.
    static func load(_ name: String) -> String {
        """
        {"1": {"class_type": "LoadImage", "inputs": {"image": "\(name)"}, "_meta": {"title": "the photo"}},
         "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
         "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}
        """
    }

    /// Texts and numbers shown; nothing written.
    static let values = """
        {"a": {"class_type": "PrimitiveInt", "inputs": {"value": 7}, "_meta": {"title": "how many"}},
         "b": {"class_type": "PrimitiveString", "inputs": {"value": "seven"}},
         "c": {"class_type": "PreviewAny", "inputs": {"source": ["a", 0]}},
         "d": {"class_type": "PreviewAny", "inputs": {"source": ["b", 0]}}}
        """

    /// Half a minute of work that can be cancelled at any row: more than a busy machine takes to notice its beginning.
    static var long: String {
        let scales = (2...1200).map { id in
            """
            "\(id)": {"class_type": "ImageScale", "inputs": {"image": ["\(id - 1)", 0], "upscale_method": "lanczos",
             "width": \(1500 + id), "height": 1500, "crop": "disabled"}}
            """
        }
        return """
            {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
             \(scales.joined(separator: ",\n ")),
             "1201": {"class_type": "SaveImage", "inputs": {"images": ["1200", 0], "filename_prefix": "x"}}}
            """
    }

    /// A gray PNG of 1x1 pixels.
    static let picture = png(width: 1, height: 1, rows: [0, 128])

    /// A gray PNG of 200x200 pixels that does not pack.
    static var noise: [UInt8] {
        var state: UInt64 = 1
        let rows = (0..<200 * 201).map { i -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return i % 201 == 0 ? 0 : UInt8(state >> 56)
        }
        return png(width: 200, height: 200, rows: rows)
    }

    /// - Parameter rows: each with its filter byte in front, at most 65,535 bytes in all.
    static func png(width: Int, height: Int, rows: [UInt8]) -> [UInt8] {
        [0x89] + "PNG\r\n\u{1A}\n".utf8
            + chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 0, 0, 0, 0])
            + chunk("IDAT", zlib(rows)) + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
        bigEndian(body.count) + type.utf8 + body + bigEndian(Int(crc(Array(type.utf8) + body)))
    }

    /// One stored block, RFC 1950 and 1951.
    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        let (low, high) = (UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8))
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return [0x78, 0x01, 1, low, high, ~low, ~high] + bytes + bigEndian(b << 16 | a)
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// PNG 1.2 appendix 15.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~crc
    }
}
