/// Reads requests from a byte stream (RFC 9112). Sans-IO: bytes in, events out; after `.end` the next pipelined request
/// begins. The time it takes is linear in the bytes, however they are cut.
public struct RequestParser: Sendable {
    public struct Limits: Sendable {
        /// Request line and fields with their line ends; trailers likewise.
        public var headByteCount = 16 << 10
        public var fieldCount = 128

        public init() {}
    }

    public enum Body: Sendable, Equatable {
        /// Also for a length of 0.
        case none
        case length(Int)
        case chunked
    }

    public enum Event: Sendable, Equatable {
        case head(RequestHead, Body)
        /// A piece of the body, never empty.
        case body([UInt8])
        /// The request is complete.
        case end
    }

    private enum State: Sendable {
        /// Before a request line; whether the one empty line of section 2.2 was skipped.
        case head(skippedLine: Bool)
        case length(Int)
        case chunked(ChunkedDecoder)
        case end
        case failed(HTTPProblem)
    }

    private let limits: Limits
    private var queue = ByteQueue()
    private var state = State.head(skippedLine: false)

    public init(limits: Limits = Limits()) { self.limits = limits }

    public mutating func append(_ bytes: some Collection<UInt8>) { queue.append(bytes) }

    /// Nil when it needs more bytes.
    /// - Throws: the answer, after which the connection is beyond saving: 400, 405, 414, 417, 431, 501 or 505.
    public mutating func next() throws(HTTPProblem) -> Event? {
        do {
            return try step()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// Whether bytes of an unfinished head are waiting.
    public var isInHead: Bool {
        if case .head = state { return !queue.isEmpty }
        return false
    }

    /// Whether nothing of a request has come since the last one was complete.
    public var isIdle: Bool {
        if case .head = state { return queue.isEmpty }
        return false
    }

    /// Appended and not yet handed out.
    public var bufferedByteCount: Int { queue.count }

    /// Takes what came behind a request that switches protocols.
    public mutating func takeRemainder() -> [UInt8] { queue.take(upTo: queue.count) }

    private mutating func step() throws(HTTPProblem) -> Event? {
        switch state {
        case .head(let skippedLine): return try head(skippedLine: skippedLine)
        case .length(let left):
            guard !queue.isEmpty else { return nil }
            let bytes = queue.take(upTo: left)
            state = bytes.count == left ? .end : .length(left - bytes.count)
            return .body(bytes)
        case .chunked(var decoder):
            let step = try decoder.next(&queue, limits: limits)
            state = .chunked(decoder)
            switch step {
            case .needsMore: return nil
            case .data(let bytes): return .body(bytes)
            case .end: return end()
            }
        case .end: return end()
        case .failed(let problem): throw problem
        }
    }

    private mutating func end() -> Event {
        state = .head(skippedLine: false)
        return .end
    }

    private mutating func head(skippedLine: Bool) throws(HTTPProblem) -> Event? {
        guard !queue.isEmpty else { return nil }
        if queue[0] == ByteQueue.Character.carriageReturn, !skippedLine {
            guard queue.count > 1 else { return nil }
            guard queue[1] == ByteQueue.Character.lineFeed else { throw Self.noMethod }
            queue.drop(2)
            state = .head(skippedLine: true)
            return try head(skippedLine: true)
        }
        // At once, so that a client that speaks TLS or another protocol is not left waiting for the head's timeout.
        guard Syntax.isToken(queue[0]) else { throw Self.noMethod }
        switch queue.section(limit: limits.headByteCount) {
        case .incomplete: return nil
        case .bareLineFeed: throw Self.bareLineFeed
        case .tooLong(let hasLine):
            throw hasLine
                ? HTTPProblem(
                    431, "the request head is longer than \(limits.headByteCount) bytes",
                    suggestion: "Send fewer or shorter header fields.")
                : HTTPProblem(
                    414, "the request line is longer than \(limits.headByteCount) bytes",
                    suggestion: "Send the data in the body.")
        case .complete(let count):
            let head = try HeadParser.parse(queue.prefix(count), maxFieldCount: limits.fieldCount)
            let body = try BodyFraming.body(of: head)
            queue.drop(count)
            switch body {
            case .none: state = .end
            case .length(let count): state = .length(count)
            case .chunked: state = .chunked(ChunkedDecoder())
            }
            return .head(head, body)
        }
    }

    private static let noMethod = HeadParser.malformed("the request does not begin with a method")
    static let bareLineFeed = HeadParser.malformed(
        "a line ends with a line feed alone", suggestion: "End lines with a carriage return and a line feed.")
}
