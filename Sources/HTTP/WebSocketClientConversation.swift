internal import Synchronization

/// A WebSocket client's thread: it connects, shakes hands, and then reads, writes and pings until the end.
final class WebSocketClientConversation: Sendable {
    private let request: ClientRequest
    private let url: ClientURL
    private let mailbox: WebSocketMailbox
    private let options: WebSocketClient.Options

    init(
        _ request: ClientRequest, mailbox: WebSocketMailbox, options: WebSocketClient.Options
    ) throws(HTTPClientError) {
        // Checks all that a transfer checks.
        url = try Transfer(request).url
        (self.request, self.mailbox, self.options) = (request, mailbox, options)
    }

    func run() {
        do throws(HTTPClientError) {
            let rest = try open()
            mailbox.opened(.success(()))
            converse(rest)
        } catch {
            mailbox.opened(.failure(error))
        }
    }

    // MARK: Opening

    private final class Listener: CurlListener {
        let mailbox: WebSocketMailbox

        init(_ mailbox: WebSocketMailbox) { self.mailbox = mailbox }

        func received(line: String) -> Bool { true }
        func received(_ bytes: ArraySlice<UInt8>) -> Bool { true }
        func progressed(_ progress: ClientRequest.Progress) {}
        var isStopped: Bool { mailbox.isCancelled }
    }

    /// - Returns: what the server sent behind its answer.
    private func open() throws(HTTPClientError) -> [UInt8] {
        let deadline = ContinuousClock.now + options.connectTimeout
        let outcome = mailbox.handle.connect(
            request, noProxy: HTTPClient.noProxy, listener: Listener(mailbox))
        if let failure = outcome.failure {
            throw HTTPClientError(outcome, failure: failure, request: request, authority: url.authority)
        }
        let key = WebSocketHandshake.newKey()
        var unsent = handshake(key)[...]
        var received: [UInt8] = []
        while true {
            if !unsent.isEmpty { unsent = unsent.dropFirst(try write(unsent)) }
            let (count, isOpen) = try read(&received)
            if let (head, end) = try Self.head(received) {
                let answer = received[end...]
                guard let complaint = WebSocketHandshake.complaint(status: head.status, headers: head.headers, key: key)
                else { return Array(answer) }
                throw refusal(complaint, head, Array(answer), deadline)
            }
            guard isOpen else { throw broken("the server closed it during the handshake") }
            try wait(moved: count > 0, writing: !unsent.isEmpty, deadline)
        }
    }

    private func handshake(_ key: String) -> [UInt8] {
        var fields: [Headers.Field] = [Headers.Field("Host", request.headers["Host"] ?? url.authority)]
        fields += WebSocketHandshake.requestHeaders(key: key).fields
        var given = request.headers
        for field in fields { given[field.name] = nil }
        if let token = request.bearerToken { given["Authorization"] = "Bearer \(token)" }
        let lines = (fields + given.fields).map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("GET \(url.target) HTTP/1.1\r\n\(lines)\r\n".utf8)
    }

    /// Nil until the empty line; otherwise the head and where it ends.
    private static func head(_ bytes: [UInt8]) throws(HTTPClientError) -> (ResponseHead, Int)? {
        let end = [0x0D, 0x0A, 0x0D, 0x0A] as [UInt8]
        guard let range = bytes.firstRange(of: end) else {
            guard bytes.count < 64 << 10 else {
                throw HTTPClientError(.interrupted, "the server's answer to the handshake is too long")
            }
            return nil
        }
        var head = ResponseHead()
        for line in String(decoding: bytes[..<range.lowerBound], as: UTF8.self).split(separator: "\r\n") {
            _ = head.take(String(line))
        }
        return (head, range.upperBound)
    }

    /// With the server's own words: the body, as far as it comes before the deadline.
    private func refusal(
        _ complaint: String, _ head: ResponseHead, _ start: [UInt8], _ deadline: ContinuousClock.Instant
    ) -> HTTPClientError {
        let limit = Download.maxErrorByteCount
        let announced = head.status == 101 ? 0 : head.headers.byteCount("Content-Length") ?? limit + 1
        var body = start
        do throws(HTTPClientError) {
            while body.count < min(announced, limit + 1) {
                let (count, isOpen) = try read(&body)
                guard isOpen else { break }
                try wait(moved: count > 0, writing: false, deadline)
            }
        } catch {}  // What came is enough to tell.
        return HTTPClientError(
            .refused, complaint, suggestion: "Is this the address of a WebSocket?",
            response: ClientResponse(
                status: head.status, headers: head.headers, body: Array(body.prefix(limit)),
                isBodyCut: body.count > limit, url: request.url))
    }

    private func wait(moved: Bool, writing: Bool, _ deadline: ContinuousClock.Instant) throws(HTTPClientError) {
        guard !mailbox.isCancelled else { throw .cancelled }
        let left = deadline - .now
        guard left > .zero else {
            throw HTTPClientError(
                .timedOut, "\(url.authority) did not answer the handshake within \(options.connectTimeout.words)",
                suggestion: "Is this the address of a WebSocket?")
        }
        if !moved { mailbox.handle.wait(reading: true, writing: writing, timeout: left) }
    }

    // MARK: Conversing

    private func converse(_ rest: [UInt8]) {
        var decoder = WebSocketDecoder(role: .client, maxMessageByteCount: options.maxMessageByteCount)
        decoder.append(rest)
        var pulse = WebSocketPulse(interval: options.pingInterval, now: .now)
        var unsent: ArraySlice<UInt8> = []
        // How it ends, once that is known and our close frame is out.
        var end: WebSocketMailbox.Outcome?
        do throws(HTTPClientError) {
            while true {
                if unsent.isEmpty { unsent = mailbox.takeOutgoing()[...] }
                if !unsent.isEmpty {
                    let count = try write(unsent)
                    unsent = unsent.dropFirst(count)
                    mailbox.wrote(count)
                }
                if let end, mailbox.isDrained {
                    mailbox.finish(end)
                    return linger()
                }

                var moved = false
                if end == nil {
                    end = handleEvents(&decoder, &moved)
                    if !mailbox.hasRoom {
                        pulse.excuse()
                    } else if !moved {
                        var received: [UInt8] = []
                        let (count, isOpen) = try read(&received)
                        guard isOpen else { return ended() }
                        decoder.append(received)
                        moved = count > 0
                        if moved { pulse.excuse() }
                    }
                }
                try beat(&pulse)
                var until = pulse.nextBeat
                if case .closing(let deadline) = mailbox.phase {
                    guard deadline > .now else { return mailbox.finish(end ?? .success(.none)) }
                    until = min(until, deadline)
                }
                if moved || end != nil && unsent.isEmpty { continue }
                if unsent.isEmpty, !mailbox.isDrained { continue }
                mailbox.handle.wait(
                    reading: end == nil && mailbox.hasRoom, writing: !unsent.isEmpty, timeout: until - .now)
            }
        } catch {
            // Broken while it was being closed is closed.
            if case .closing = mailbox.phase {
                mailbox.finish(end ?? .success(.none))
            } else {
                mailbox.finish(.failure(error))
            }
        }
    }

    /// - Returns: how it ends, when the peer closes or breaks the protocol; our own close frame is then under way.
    private func handleEvents(_ decoder: inout WebSocketDecoder, _ moved: inout Bool) -> WebSocketMailbox.Outcome? {
        do throws(WebSocketDecoder.Violation) {
            while mailbox.hasRoom, let event = try decoder.next() {
                moved = true
                switch event {
                case .message(let message): mailbox.deliver(message)
                case .ping(let payload): mailbox.sendControl(.pong, payload)
                case .pong: break
                case .close(let code, let reason):
                    mailbox.answerClose(code)
                    return .success(WebSocketClient.Closure(code: code, reason: reason))
                }
            }
            return nil
        } catch {
            mailbox.close(code: error.code, reason: error.reason)
            return .failure(
                HTTPClientError(.interrupted, "\(url.authority) broke the WebSocket protocol: \(error.reason)"))
        }
    }

    private func beat(_ pulse: inout WebSocketPulse) throws(HTTPClientError) {
        switch pulse.beat(.now) {
        case .nothing: break
        case .ping: mailbox.sendControl(.ping, [])
        case .giveUp:
            throw HTTPClientError(
                .timedOut, "\(url.authority) did not answer two pings, \(options.pingInterval.words) apart",
                suggestion: "Connect again.")
        }
    }

    /// The server closed TCP: well when our close frame was out, badly otherwise.
    private func ended() {
        if case .closing = mailbox.phase {
            mailbox.finish(.success(.none))
        } else {
            mailbox.finish(.failure(broken("the server closed it without a close frame")))
        }
    }

    /// The server closes TCP first (RFC 6455 section 7.1.1); not waited for longer than a second.
    private func linger() {
        let deadline = ContinuousClock.now + .seconds(1)
        var ignored: [UInt8] = []
        while .now < deadline, let (count, isOpen) = try? read(&ignored), isOpen {
            ignored.removeAll(keepingCapacity: true)
            if count == 0 { mailbox.handle.wait(reading: true, writing: false, timeout: deadline - .now) }
        }
    }

    // MARK: Octets

    /// Appends what is there, 64 KiB at most.
    private func read(_ received: inout [UInt8]) throws(HTTPClientError) -> (count: Int, isOpen: Bool) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        switch mailbox.handle.receive(into: &buffer) {
        case .bytes(let count):
            received += buffer[..<count]
            return (count, true)
        case .blocked: return (0, true)
        case .closed: return (0, false)
        case .failed(let words): throw broken(words)
        }
    }

    /// - Returns: how many octets went.
    private func write(_ bytes: ArraySlice<UInt8>) throws(HTTPClientError) -> Int {
        guard !bytes.isEmpty else { return 0 }
        switch mailbox.handle.send(bytes) {
        case .bytes(let count): return count
        case .blocked: return 0
        case .closed: throw broken("the server closed it")
        case .failed(let words): throw broken(words)
        }
    }

    private func broken(_ detail: String) -> HTTPClientError {
        HTTPClientError(
            .interrupted, "the connection to \(url.authority) broke: \(detail)", suggestion: "Connect again.")
    }
}

extension WebSocketClient.Closure {
    /// The peer sent no close frame.
    fileprivate static let none = Self(code: nil, reason: "")
}
