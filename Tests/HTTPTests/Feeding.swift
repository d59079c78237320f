import TestData
/// How a parser gets its input.
enum Cut: CaseIterable, Sendable {
    case whole, byteByByte, random

    func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        switch self {
        case .whole: return [bytes[...]]
        case .byteByByte: return bytes.indices.map { bytes[$0...$0] }
        case .random:
            var generator = SplitMix(seed: UInt64(bytes.count))
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                pieces.append(rest.prefix(Int.random(in: 1...7, using: &generator)))
                rest = rest.dropFirst(pieces.last?.count ?? 0)
            }
            return pieces
        }
    }
}
