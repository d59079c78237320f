import Glibc

@testable import Media

/// Sounds: no crash and no outsized allocation on any bytes, whatever file they are; a WAV that comes through a pipe is the
/// same however it is cut; texts that are put into a file are found there.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = stream(bytes) { _ in bytes.count }
    precondition(whole == stream(bytes) { _ in 1 }, "byte by byte is something else")
    precondition(whole == stream(bytes) { ($0 &* 31) % 7 + 1 }, "cut up is something else")
    for name in ["wav", "flac", "mp3", "ogg"] { _ = InlineDisplay.contentType(of: bytes, claiming: name) }
    _ = EmbeddedTexts.read(from: bytes)
    write(bytes, to: source)
    decode()
    tag(bytes)
    return 0
}

// MARK: Streams

private struct Outcome: Equatable {
    var samples: [UInt32] = []
    var format: WAVStream.Format?
    var problem: CodecError?
}

private func stream(_ bytes: [UInt8], pieceLength: (Int) -> Int) -> Outcome {
    var stream = WAVStream(maxHeaderByteCount: 1000)
    var outcome = Outcome()
    var at = 0
    do {
        while at < bytes.count {
            let end = min(bytes.count, at + pieceLength(at))
            let samples = try stream.append(bytes[at..<end])
            precondition(samples.allSatisfy(\.isFinite), "a sample that is no number")
            outcome.samples += samples.map(\.bitPattern)
            at = end
        }
        try stream.finish()
    } catch {
        outcome.problem = error
    }
    outcome.format = stream.format
    return outcome
}

// MARK: Files

/// Regular files in memory, without names.
private let (source, target) = (file(), file())

private func file() -> CInt {
    var path = Array("/dev/shm/graphrun-fuzz-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    unlink(path)
    return file
}

private func write(_ bytes: [UInt8], to file: CInt) {
    guard file >= 0, ftruncate(file, 0) == 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else { fatalError() }
}

private struct Enough: Error {}

/// A few kilobytes of FLAC may be hours of silence.
private func decode() {
    var blockCount = 0
    guard
        let decoded = try? SoundDecoder.decode(
            path: "/proc/self/fd/\(source)", scratchFolder: nil,
            progress: { _, _ in
                blockCount += 1
                if blockCount > 8 { throw Enough() }
            })
    else { return }
    let samples = (try? decoded.audio.frames(0..<decoded.audio.frameCount)) ?? []
    precondition(samples.allSatisfy(\.isFinite), "a sample that is no number")
}

private func tag(_ bytes: [UInt8]) {
    guard let from = try? ByteFile(reading: "/proc/self/fd/\(source)"),
        let to = try? ByteFile(writing: "/proc/self/fd/\(target)")
    else { fatalError("no files") }
    let text = TextChunk(keyword: "workflow", text: #"{"a": 1}"#)
    guard (try? SoundTagWriter.copy(from, to: to, with: [text])) == [] else { return }
    let tagged = (try? to.read(to.byteCount, at: 0)) ?? []
    precondition(EmbeddedTexts.read(from: tagged)?.contains(text) == true, "the text is not found again")
}
