internal import GraphCore

/// What a WAV file is made of, as far as it tells whether its sizes can be trusted.
struct WAVLayout {
    /// How the file has to be read in another way, as the end of "a.wav: ..."; nil for a WAV as it should be.
    let peculiarity: String?

    private static let maxChunkCount = 1000

    /// Nil for what is no WAV.
    init?(_ file: ByteFile) throws {
        let head = try file.read(12, at: 0)
        guard WAVStream.isStart(head) else { return nil }
        var position = 12
        for _ in 0..<Self.maxChunkCount {
            let head = try file.read(12, at: position)
            if WAVStream.isStart(head), position > 12 {
                peculiarity = "it holds several WAVs one after another, which were joined"
                return
            }
            guard head.count >= 8 else { break }
            let byteCount = head.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            let end = position + 8 + byteCount
            if byteCount == 0, head.starts(with: "data".utf8), end < file.byteCount {
                let next = try file.read(8, at: end)
                let nextCount = next.dropFirst(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                let isChunk = next.prefix(4).allSatisfy { (0x20..<0x7F).contains($0) }
                if !isChunk || next.count < 8 || end + 8 + nextCount > file.byteCount {
                    peculiarity = "it does not say how long it is; all that is there was read"
                    return
                }
            }
            position = end + byteCount % 2
        }
        peculiarity = nil
    }
}
