internal import GraphCore

extension Checkpoint.ElementType {
    /// In the file.
    var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// By the name of PyTorch's storage class.
    init?(storage name: String) {
        switch name {
        case "DoubleStorage": self = .float64
        case "FloatStorage": self = .float32
        case "HalfStorage": self = .float16
        case "BFloat16Storage": self = .bfloat16
        case "LongStorage": self = .int64
        case "IntStorage": self = .int32
        case "ShortStorage": self = .int16
        case "CharStorage": self = .int8
        case "ByteStorage": self = .uint8
        case "BoolStorage": self = .bool
        default: return nil
        }
    }

    /// By the name of PyTorch's dtype.
    init?(dtype name: String) {
        switch name {
        case "float64": self = .float64
        case "float32": self = .float32
        case "float16": self = .float16
        case "bfloat16": self = .bfloat16
        case "int64": self = .int64
        case "int32": self = .int32
        case "int16": self = .int16
        case "int8": self = .int8
        case "uint8": self = .uint8
        case "bool": self = .bool
        default: return nil
        }
    }

    /// By the name in a safetensors header.
    init?(safetensors name: String) {
        switch name {
        case "F64": self = .float64
        case "F32": self = .float32
        case "F16": self = .float16
        case "BF16": self = .bfloat16
        case "I64": self = .int64
        case "I32": self = .int32
        case "I16": self = .int16
        case "I8": self = .int8
        case "U8": self = .uint8
        case "BOOL": self = .bool
        default: return nil
        }
    }
}

/// Numbers of every stored kind as float32. No value traps: what is too large becomes infinite, as in PyTorch.
enum Widening {
    /// IEEE 754 binary16, without branches, since processors of the x86-64 baseline have no instruction for it.
    @inline(__always) static func float16(_ bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7FFF) << 13
        // The exponent's bias goes from 15 to 127; a subnormal half becomes a normal float by the same product.
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
        return Float(bitPattern: scaled | special | UInt32(bits & 0x8000) << 16)
    }

    /// The upper half of a float32.
    @inline(__always) static func bfloat16(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}

extension CheckpointFile {
    /// - Parameters:
    ///   - offset: in bytes.
    ///   - count: of numbers.
    func floats(at offset: Int, count: Int, of type: Checkpoint.ElementType) throws(Diagnostic) -> [Float] {
        switch type {
        case .float32: try values(at: offset, count: count, of: Float.self)
        case .float64: try floats(at: offset, count: count, of: Double.self) { Float($0) }
        case .float16: try floats(at: offset, count: count, of: UInt16.self, Widening.float16)
        case .bfloat16: try floats(at: offset, count: count, of: UInt16.self, Widening.bfloat16)
        case .int64: try floats(at: offset, count: count, of: Int64.self) { Float($0) }
        case .int32: try floats(at: offset, count: count, of: Int32.self) { Float($0) }
        case .int16: try floats(at: offset, count: count, of: Int16.self) { Float($0) }
        case .int8: try floats(at: offset, count: count, of: Int8.self) { Float($0) }
        case .uint8: try floats(at: offset, count: count, of: UInt8.self) { Float($0) }
        // Any bit pattern may stand in the file, and a Swift Bool has only two.
        case .bool: try floats(at: offset, count: count, of: UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }
}
