import HTTP

/// Forms: no crash on any bytes, the same parts or refusal however they are cut, and content that comes back as it was
/// sent. The first byte chooses the cuts and the limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    var limits = MultipartParser.Limits()
    if choice & 1 == 1 { (limits.partHeadByteCount, limits.partCount, limits.preambleByteCount) = (96, 3, 10) }
    compare(bytes, limits, choice)

    // The boundary is short, so that the content often comes near it.
    let boundary = Array("\r\n--XX".utf8)
    guard !contains("\r\n".utf8 + bytes, boundary) else { return 0 }
    let head = Array("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8)
    let outcome = compare(head + bytes + boundary + Array("--\r\n".utf8), MultipartParser.Limits(), choice)
    precondition(outcome.contents == [bytes] && outcome.isComplete, "the content changed")
    return 0
}

/// Everything that came out, pieces of a part's content put together.
private struct Outcome: Equatable {
    var parts: [MultipartParser.Event] = []
    var contents: [[UInt8]] = []
    var partEnds = 0
    var isComplete = false
    var problem: HTTPProblem?
}

@discardableResult
private func compare(_ bytes: [UInt8], _ limits: MultipartParser.Limits, _ choice: UInt8) -> Outcome {
    let whole = read(bytes, limits) { _ in bytes.count }
    precondition(whole == read(bytes, limits) { _ in 1 }, "byte by byte is something else")
    precondition(whole == read(bytes, limits) { ($0 &* 31 &+ Int(choice)) % 7 + 1 }, "cut up is something else")
    return whole
}

private func read(_ bytes: [UInt8], _ limits: MultipartParser.Limits, pieceLength: (Int) -> Int) -> Outcome {
    var outcome = Outcome()
    guard var parser = MultipartParser(contentType: "multipart/form-data; boundary=XX", limits: limits) else {
        preconditionFailure("no boundary")
    }
    var at = 0
    do {
        while at < bytes.count {
            let end = min(bytes.count, at + pieceLength(at))
            parser.append(bytes[at..<end])
            at = end
            while let event = try parser.next() {
                precondition(!outcome.isComplete, "something behind the end")
                switch event {
                case .part:
                    precondition(outcome.partEnds == outcome.parts.count, "a part inside a part")
                    outcome.parts.append(event)
                    outcome.contents.append([])
                case .data(let piece):
                    precondition(!piece.isEmpty && outcome.partEnds == outcome.parts.count - 1, "content of no part")
                    outcome.contents[outcome.contents.count - 1] += piece
                case .partEnd:
                    outcome.partEnds += 1
                    precondition(outcome.partEnds == outcome.parts.count, "an end without a part")
                case .end:
                    precondition(outcome.partEnds == outcome.parts.count, "the end inside a part")
                    outcome.isComplete = true
                }
            }
        }
        try parser.finish()
    } catch {
        outcome.problem = error
    }
    return outcome
}

private func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: wanted) }
}
