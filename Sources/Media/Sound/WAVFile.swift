internal import GraphCore

/// Small WAV files in memory: reference sounds for model servers, and previews.
public enum WAVFile {
    /// 16-bit PCM of some frames, clipped at full scale.
    /// - Parameter maxByteCount: of the file.
    /// - Throws: `CodecError` when it would be larger; `Diagnostic` when the sound's own file fails.
    public static func bytes(
        of audio: Audio, item: Int = 0, frames: Range<Int>? = nil, maxByteCount: Int = 64 << 20
    ) throws -> [UInt8] {
        let frames = frames ?? 0..<audio.frameCount
        let dataByteCount = frames.count * audio.channelCount * 2
        let header = header(audio, dataByteCount: dataByteCount)
        guard header.count + dataByteCount <= maxByteCount else {
            throw CodecError(
                "the sound takes \((header.count + dataByteCount).grouped) bytes, more than \(maxByteCount.grouped)",
                suggestion: "Trim it first.")
        }
        var bytes = header
        bytes.reserveCapacity(header.count + dataByteCount)
        for block in Audio.blocks(of: frames) {
            try CodecError.checkStopped()
            for sample in try audio.frames(block, of: item) {
                let value = sample.integer(bits: 16)
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
        return bytes
    }

    /// Multimedia Programming Interface and Data Specifications 1.0, chapter 3. More than two channels need the
    /// extensible form by the letter, but every reader takes this one.
    private static func header(_ audio: Audio, dataByteCount: Int) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let bytesPerFrame = audio.channelCount * 2
        let (pcm, bits) = (1, 16)
        return Array("RIFF".utf8) + little(36 + dataByteCount, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
            + little(pcm, 2) + little(audio.channelCount, 2) + little(audio.sampleRate, 4)
            + little(audio.sampleRate * bytesPerFrame, 4) + little(bytesPerFrame, 2) + little(bits, 2)
            + Array("data".utf8) + little(dataByteCount, 4)
    }
}
