internal import GraphCore

/// The samples of a WAV file as they are written: little-endian, interleaved.
struct WAVSamples: Sendable {
    private enum Form {
        case unsigned8, signed16, signed24, signed32, float32, float64
    }

    private let form: Form
    let bytesPerFrame: Int

    /// Nil for logarithmic and unknown ones.
    init?(_ header: WAVHeader) {
        switch (header.coding, header.bitsPerSample) {
        case (.pcm, 8): form = .unsigned8
        case (.pcm, 16): form = .signed16
        case (.pcm, 24): form = .signed24
        case (.pcm, 32): form = .signed32
        case (.float, 32): form = .float32
        case (.float, 64): form = .float64
        default: return nil
        }
        bytesPerFrame = header.bytesPerFrame
    }

    /// 1 is full scale; what is no number becomes 0.
    func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        func unsigned(_ start: Int, _ count: Int) -> UInt64 {
            (0..<count).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
        func map(_ size: Int, _ value: (Int) -> Float) -> [Float] {
            stride(from: bytes.startIndex, to: bytes.endIndex - size + 1, by: size).map(value)
        }
        // Each power of two is exact, and so is every quotient of up to 24 bits.
        switch form {
        case .unsigned8: return map(1) { (Float(bytes[$0]) - 128) / 128 }
        case .signed16:
            return map(2) { Float(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)) / 32_768 }
        case .signed24:
            return map(3) { Float(Int32(truncatingIfNeeded: unsigned($0, 3) << 8) >> 8) / 8_388_608 }
        case .signed32: return map(4) { Float(Int32(truncatingIfNeeded: unsigned($0, 4))) / 2_147_483_648 }
        case .float32: return map(4) { Float(bitPattern: UInt32(truncatingIfNeeded: unsigned($0, 4))).orSilence }
        case .float64: return map(8) { Float(Double(bitPattern: unsigned($0, 8))).orSilence }
        }
    }
}

extension Float {
    /// 0 when this is no finite number.
    var orSilence: Float { isFinite ? self : 0 }
}
