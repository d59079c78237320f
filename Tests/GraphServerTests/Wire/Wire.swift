import Foundation
import GraphCore
import HTTP

/// A connection to a port of this machine that does exactly what a test says. It blocks, and never longer than half a
/// minute: run the test on a thread of its own (`onThread`).
final class Wire {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let port: Int
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var readCount = 0

    /// - Parameter receiveByteCount: how much the system takes in for a client that reads nothing.
    init(_ port: Int, receiveByteCount: Int32? = nil) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(
                descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        if var receiveByteCount { unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveByteCount, 4) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // It is closed by `deinit`, which runs when an initializer throws behind its last property, too.
        guard status == 0 else { throw Failure(description: "cannot connect to port \(port): error \(errno)") }
    }

    deinit { close(descriptor) }

    /// False when the server has closed.
    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start, Int32(MSG_NOSIGNAL))
            }
            // A child process that ends interrupts calls.
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    /// Has more bytes in `received`. False at the end.
    private func receive() throws -> Bool {
        if readCount == received.count { (received, readCount) = ([], 0) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var count = -1
        repeat {
            count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            // A child process that ends interrupts calls.
        } while count < 0 && errno == EINTR
        guard count >= 0 else {
            throw Failure(
                description: errno == ECONNRESET ? "the connection was reset" : "nothing came: error \(errno)")
        }
        received += buffer.prefix(count)
        return count > 0
    }

    /// The next byte; nil at the end.
    private func byte() throws -> UInt8? {
        if readCount == received.count, try !receive() { return nil }
        readCount += 1
        return received[readCount - 1]
    }

    func read(exactly count: Int) throws -> [UInt8] {
        while received.count - readCount < count {
            guard try receive() else {
                throw Failure(description: "the end came \(count - received.count + readCount) bytes too early")
            }
        }
        defer { readCount += count }
        return Array(received[readCount..<readCount + count])
    }

    func readToEnd() throws -> [UInt8] {
        while try receive() {}
        defer { readCount = received.count }
        return Array(received[readCount...])
    }

    /// Up to the line feed, without it and the carriage return before it; nil at the end.
    func line() throws -> String? {
        var bytes: [UInt8] = []
        while let byte = try byte() {
            if byte == UInt8(ascii: "\n") {
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes.append(byte)
        }
        return nil
    }

    // MARK: HTTP

    /// - Parameter headers: replace `Host` and `Content-Length` where they name them.
    func ask(
        _ method: String, _ target: String, _ body: [UInt8]? = nil, headers: Headers = Headers()
    ) throws -> WireAnswer {
        guard send(Self.request(method, target, body, headers: headers, port: port)) else {
            throw Failure(description: "the server closed before it had all of \(method) \(target)")
        }
        return try answer()
    }

    static func request(
        _ method: String, _ target: String, _ body: [UInt8]?, headers: Headers, port: Int
    ) -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if headers["Host"] == nil { head += "Host: 127.0.0.1:\(port)\r\n" }
        if let body, headers["Content-Length"] == nil { head += "Content-Length: \(body.count)\r\n" }
        for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }

    func head() throws -> WireAnswer {
        guard let status = try line() else { throw Failure(description: "the server closed without an answer") }
        var headers = Headers()
        while let line = try line(), !line.isEmpty {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            headers.add(String(line[..<colon]), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
        }
        return WireAnswer(
            status: Int(status.split(separator: " ").dropFirst().first ?? "") ?? 0, headers: headers, body: [])
    }

    /// A whole answer.
    func answer() throws -> WireAnswer {
        var answer = try head()
        if let count = answer.headers["Content-Length"].flatMap({ Int($0) }) {
            answer.body = try read(exactly: count)
        } else if answer.headers["Transfer-Encoding"] == "chunked" {
            while let count = Int(try line() ?? "", radix: 16), count > 0 {
                answer.body += try read(exactly: count)
                _ = try line()
            }
            _ = try line()
        } else if answer.status >= 200, answer.status != 204, answer.status != 304 {
            answer.body = try readToEnd()
        }
        return answer
    }
}

struct WireAnswer: Sendable {
    var status: Int
    var headers: Headers
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    /// Null when the body is no JSON.
    var json: JSON { (try? JSONParser.parse(body)) ?? .null }

    /// What a refusal says: status, message and suggestion.
    var problem: String {
        let error = json["error"]
        let message = error?["message"]?.string ?? "(\(text))"
        return "\(status) \(message)" + (error?["suggestion"]?.string.map { "\n\($0)" } ?? "")
    }
}

/// Looks until it is so; false after 100 seconds, which only a machine in trouble needs.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(100) {
        if try condition() { return true }
        usleep(2000)
    }
    return false
}
