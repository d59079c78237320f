internal import GraphCore

/// Protocol Buffers' wire format, as far as ONNX files need it: https://protobuf.dev/programming-guides/encoding/.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// An integer field. Zero is written too: attributes without a value have another meaning.
    mutating func integer(_ field: Int, _ value: Int) {
        key(field, wireType: 0)
        variableLength(UInt64(bitPattern: Int64(value)))
    }

    mutating func float(_ field: Int, _ value: Float) {
        key(field, wireType: 5)
        let bits = value.bitPattern
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }

    mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    mutating func data(_ field: Int, _ value: [UInt8]) {
        key(field, wireType: 2)
        variableLength(UInt64(value.count))
        bytes += value
    }

    mutating func message(_ field: Int, _ fill: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        fill(&inner)
        data(field, inner.bytes)
    }

    private mutating func key(_ field: Int, wireType: Int) { variableLength(UInt64(field << 3 | wireType)) }

    /// Seven bits a byte, the lowest first; the high bit says that more follow.
    private mutating func variableLength(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
