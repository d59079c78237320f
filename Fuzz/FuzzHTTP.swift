import HTTP

/// HTTP/1.1: no crash on any bytes, and the same requests or refusal however they are cut; what a head's fields say is
/// read, and written into a response, without harm. The first byte chooses the cuts and the limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    var limits = RequestParser.Limits()
    if choice & 1 == 1 { (limits.headByteCount, limits.fieldCount) = (96, 4) }
    let whole = read(bytes, limits) { _ in bytes.count }
    precondition(whole == read(bytes, limits) { _ in 1 }, "byte by byte is something else")
    precondition(whole == read(bytes, limits) { ($0 &* 31 &+ Int(choice)) % 7 + 1 }, "cut up is something else")
    for head in whole.heads { checkFields(head) }
    return 0
}

/// Everything that came out, pieces of a body put together.
private struct Outcome: Equatable {
    var heads: [RequestHead] = []
    var framings: [RequestParser.Body] = []
    var bodies: [[UInt8]] = []
    var ends = 0
    var problem: HTTPProblem?
    var isIdle = false
    var isInHead = false
}

private func read(_ bytes: [UInt8], _ limits: RequestParser.Limits, pieceLength: (Int) -> Int) -> Outcome {
    var parser = RequestParser(limits: limits)
    var outcome = Outcome()
    var at = 0
    do {
        while at < bytes.count {
            let end = min(bytes.count, at + pieceLength(at))
            parser.append(bytes[at..<end])
            at = end
            while let event = try parser.next() {
                switch event {
                case .head(let head, let framing):
                    precondition(outcome.ends == outcome.heads.count, "a head inside a request")
                    precondition(head.target.utf8.first == 0x2F, "a target that is no path")
                    outcome.heads.append(head)
                    outcome.framings.append(framing)
                    outcome.bodies.append([])
                case .body(let piece):
                    precondition(!piece.isEmpty && outcome.ends == outcome.heads.count - 1, "a body outside a request")
                    outcome.bodies[outcome.bodies.count - 1] += piece
                case .end:
                    outcome.ends += 1
                    precondition(outcome.ends == outcome.heads.count, "an end without a head")
                    if case .length(let count)? = outcome.framings.last {
                        precondition(outcome.bodies.last?.count == count, "a body of another length")
                    }
                }
            }
            precondition(parser.bufferedByteCount <= limits.headByteCount, "more is kept than a head may have")
        }
    } catch {
        outcome.problem = error
    }
    (outcome.isIdle, outcome.isInHead) = (parser.isIdle, parser.isInHead)
    return outcome
}

private func checkFields(_ head: RequestHead) {
    _ = (head.keepsAlive, head.expectsContinue, AcceptEncoding.allowsGzip(head.headers), try? Request(head))
    _ = Conditional.isNotModified(head, etag: "\"a\"", lastModified: 784_111_777)
    for field in head.headers.fields {
        if case .part(let range) = ByteRange(field.value, byteCount: 100) {
            precondition(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= 100, "a range outside")
        }
        if let time = HTTPDate.parse(field.value) {
            precondition(HTTPDate.parse(HTTPDate.text(secondsSince1970: time)) == time, "a date that changes")
        }
        _ = MultipartParser(contentType: field.value)
    }
    // Fields as a handler might echo them, decoded and all.
    var headers = head.headers
    headers.add(head.target, PercentCoding.decode(head.target) ?? "")
    let response = ResponseWriter.head(200, headers, framing: .length(0), keepsAlive: true, date: "")
    let lines = response.split(separator: 0x0A, omittingEmptySubsequences: false)
    precondition(lines.count <= headers.fields.count + 4, "a field became several")
    precondition(lines.dropLast(2).allSatisfy { $0.count > 1 && $0.last == 0x0D }, "an empty line inside the head")
    precondition(lines.allSatisfy { !$0.dropLast().contains(0x0D) && !$0.contains(0) }, "a control character")
}
