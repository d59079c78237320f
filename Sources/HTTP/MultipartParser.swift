/// Reads `multipart/form-data` (RFC 7578, RFC 2046 section 5.1) piece by piece. Sans-IO; the time is linear in the bytes
/// however they are cut, and it holds no more than a part's head or a delimiter.
public struct MultipartParser: Sendable {
    public struct Limits: Sendable {
        public var partHeadByteCount = 8 << 10
        public var partCount = 64
        /// What stands before the first part, which nobody sends, and the blanks behind a boundary.
        public var preambleByteCount = 8 << 10

        public init() {}
    }

    public enum Event: Sendable, Equatable {
        /// - Parameter filename: as sent; anything may stand in it, so it is no path.
        case part(name: String, filename: String?, contentType: String?)
        /// A piece of the part's content, never empty.
        case data([UInt8])
        case partEnd
        /// The form is complete; what follows is ignored.
        case end
    }

    private enum State: Sendable {
        case preamble(skipped: Int)
        case boundary(blanks: Int)
        case head
        /// Whether the line end of the head's empty line is still before the content.
        case data(skipsLineEnd: Bool)
        case end
        case failed(HTTPProblem)
    }

    private let limits: Limits
    /// CRLF, two dashes and the boundary.
    private let delimiter: [UInt8]
    private var queue = ByteQueue()
    /// How much of the delimiter the first bytes of the queue are.
    private var matched = 0
    private var state = State.preamble(skipped: 0)
    private var partCount = 0

    /// Nil unless the type is `multipart/form-data` with a valid boundary (RFC 2046 section 5.1.1).
    public init?(contentType: String, limits: Limits = Limits()) {
        guard let type = ParameterizedValue(contentType), type.value == "multipart/form-data",
            let boundary = type["boundary"], (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy(Self.isBoundary), !boundary.hasSuffix(" ")
        else { return nil }
        self.limits = limits
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first boundary may be the body's first line: as if a line had ended before it.
        queue.append([ByteQueue.Character.carriageReturn, ByteQueue.Character.lineFeed])
    }

    private static func isBoundary(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x20, 0x27...0x29, 0x2B...0x2F, 0x3A, 0x3D, 0x3F, 0x5F: true
        default: false
        }
    }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        if case .end = state { return }
        queue.append(bytes)
    }

    /// Nil when it needs more bytes, and after `.end`.
    /// - Throws: 400.
    public mutating func next() throws(HTTPProblem) -> Event? {
        do {
            return try step()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// The body is over.
    /// - Throws: 400 if the form is not.
    public func finish() throws(HTTPProblem) {
        switch state {
        case .end: return
        case .failed(let problem): throw problem
        case .preamble, .boundary, .head, .data:
            throw HTTPProblem(
                400, "the form ends before its last boundary", suggestion: "Send all of it again.")
        }
    }

    private mutating func step() throws(HTTPProblem) -> Event? {
        while true {
            switch state {
            case .preamble(let skipped): guard try preamble(skipped) else { return nil }
            case .boundary(let blanks):
                guard queue.count > 1 else { return nil }
                try boundary(blanks)
                if case .end = state { return .end }
            case .head: return try head()
            case .data(let skipsLineEnd): return data(skipsLineEnd: skipsLineEnd)
            case .end: return nil
            case .failed(let problem): throw problem
            }
        }
    }

    /// Whether the first boundary was found.
    private mutating func preamble(_ skipped: Int) throws(HTTPProblem) -> Bool {
        let found = queue.search(delimiter, matched: &matched)
        let before = found ?? queue.count - matched
        // Two bytes more for the line end put before it.
        guard skipped + before <= limits.preambleByteCount + 2 else {
            throw HTTPProblem(
                400, "the form does not begin with its boundary",
                suggestion: "Use the boundary that the Content-Type names.")
        }
        queue.drop(before)
        state = .preamble(skipped: skipped + before)
        if found != nil { passDelimiter() }
        return found != nil
    }

    private mutating func passDelimiter() {
        queue.drop(delimiter.count)
        matched = 0
        state = .boundary(blanks: 0)
    }

    /// Two dashes behind a boundary end the form; else only blanks may stand before the line end.
    private mutating func boundary(_ blanks: Int) throws(HTTPProblem) {
        switch (queue[0], queue[1]) {
        case (0x2D, 0x2D) where blanks == 0:
            queue.drop(queue.count)
            state = .end
        case (ByteQueue.Character.carriageReturn, ByteQueue.Character.lineFeed):
            partCount += 1
            guard partCount <= limits.partCount else {
                throw HTTPProblem(
                    400, "the form has more than \(limits.partCount) parts", suggestion: "Send fewer at once.")
            }
            queue.drop(2)
            state = .head
        case (let byte, _) where Syntax.isBlank(byte) && blanks < limits.preambleByteCount:
            queue.drop(1)
            state = .boundary(blanks: blanks + 1)
        default:
            throw HTTPProblem(
                400, "a boundary in the form is not followed by a line end",
                suggestion: "Choose a boundary that the content does not hold.")
        }
    }

    private mutating func head() throws(HTTPProblem) -> Event? {
        switch queue.section(limit: limits.partHeadByteCount) {
        case .incomplete: return nil
        case .bareLineFeed: throw RequestParser.bareLineFeed
        case .tooLong:
            throw HTTPProblem(
                400, "the head of a part of the form is longer than \(limits.partHeadByteCount) bytes",
                suggestion: "Use shorter names.")
        case .complete(let count):
            let part = try FormPart(queue.prefix(count))
            // The empty line's end stays, since a boundary may follow it at once (RFC 2046 section 5.1.1).
            queue.drop(count - 2)
            state = .data(skipsLineEnd: true)
            return .part(name: part.name, filename: part.filename, contentType: part.contentType)
        }
    }

    private mutating func data(skipsLineEnd: Bool) -> Event? {
        let found = queue.search(delimiter, matched: &matched)
        var count = found ?? queue.count - matched
        if skipsLineEnd, count >= 2 {
            queue.drop(2)
            count -= 2
            state = .data(skipsLineEnd: false)
        }
        if count > 0 { return .data(queue.take(upTo: count)) }
        guard found != nil else { return nil }
        passDelimiter()
        return .partEnd
    }
}
