import Foundation
import Synchronization

@testable import HTTP

/// A client that does exactly what a test says: a blocking socket to a port of this machine. Nothing waits longer than
/// forty seconds.
final class WireClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Answer: Equatable {
        var status: Int
        var headers: Headers
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let descriptor: Int32
    private let received = Mutex<ArraySlice<UInt8>>([])

    /// - Parameter receiveByteCount: how much the system takes for a client that reads nothing.
    init(_ port: Int, address: String = "127.0.0.1", receiveByteCount: Int32? = nil) throws {
        let isV6 = address.contains(":")
        descriptor = socket(isV6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 40, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if var receiveByteCount {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveByteCount, 4)
        }
        let status: Int32
        if isV6 {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = in_port_t(port).bigEndian
            unsafe inet_pton(AF_INET6, address, &name.sin6_addr)
            status = unsafe withUnsafePointer(to: &name) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = in_port_t(port).bigEndian
            unsafe inet_pton(AF_INET, address, &name.sin_addr)
            status = unsafe withUnsafePointer(to: &name) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        // It is closed by `deinit`, which runs when an initializer throws behind its last property, too.
        guard status == 0 else { throw Failure(description: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// False when the server has closed.
    @discardableResult func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
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

    @discardableResult func send(_ text: String) -> Bool { send(text.utf8) }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes so that the server sees a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// The next bytes, at most `count`; empty at the end. Throws when nothing came for forty seconds or after a reset.
    func read(_ count: Int = 64 << 10) throws -> [UInt8] {
        try received.withLock { received in
            if received.isEmpty {
                var buffer = [UInt8](repeating: 0, count: 64 << 10)
                var read = -1
                repeat {
                    read = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
                } while read < 0 && errno == EINTR
                guard read >= 0 else { throw Failure(description: errno == ECONNRESET ? "reset" : "error \(errno)") }
                received = buffer[..<read]
            }
            defer { received = received.dropFirst(count) }
            return Array(received.prefix(count))
        }
    }

    func read(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(min(count - bytes.count, 1 << 20))
            if more.isEmpty { throw Failure(description: "the end came after \(bytes.count) of \(count) bytes") }
            bytes += more
        }
        return bytes
    }

    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try read()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Up to and with `end`.
    func read(through end: String) throws -> String {
        var bytes: [UInt8] = []
        let end = Array(end.utf8)
        while !bytes.suffix(end.count).elementsEqual(end) { bytes += try read(exactly: 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    func head() throws -> Answer {
        let lines = try read(through: "\r\n\r\n").split(separator: "\r\n").map(String.init)
        var headers = Headers()
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            headers.add(String(line[..<colon]), trimmed(line[colon...].dropFirst()))
        }
        return Answer(status: Int(lines.first?.split(separator: " ")[1] ?? "") ?? 0, headers: headers, body: [])
    }

    /// A whole answer. - Parameter isHead: it answers a HEAD.
    func answer(isHead: Bool = false) throws -> Answer {
        var answer = try head()
        if isHead || answer.status == 204 || answer.status == 304 || answer.status < 200 { return answer }
        if let count = answer.headers["Content-Length"].flatMap(Int.init) {
            answer.body = try read(exactly: count)
        } else if answer.headers["Transfer-Encoding"] == "chunked" {
            while let count = Int(try read(through: "\r\n").dropLast(1), radix: 16), count > 0 {
                answer.body += try read(exactly: count)
                _ = try read(exactly: 2)
            }
            _ = try read(exactly: 2)
        } else {
            answer.body = try readToEnd()
        }
        return answer
    }

    func ask(_ request: String) throws -> Answer {
        send(request)
        return try answer()
    }

    func get(_ path: String) throws -> Answer { try ask("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
}

/// A server for one test; stopped at its end. The test's body runs on a thread of its own: it blocks, and the shared
/// pool's few threads must stay free for the server's tasks.
@discardableResult func withServer<Result: Sendable>(
    _ routes: [Route], limits: ServerLimits = ServerLimits(), tls: TLSContext? = nil, loopCount: Int? = nil,
    configure: (inout Router) -> Void = { _ in }, log: @escaping @Sendable (String) -> Void = { _ in },
    _ body: @escaping @Sendable (Server, Int) throws -> Result
) async throws -> Result {
    var router = Router(routes)
    configure(&router)
    let server = try Server(router: router, limits: limits, tls: tls, loopCount: loopCount, log: log)
    let port = try server.listen("127.0.0.1", port: 0)
    do {
        let result = try await onThread { try body(server, port) }
        await server.stop(grace: .zero)
        return result
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
}

func onThread<Success: Sendable>(_ body: @escaping @Sendable () throws -> Success) async throws -> Success {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// Looks until it is so; false after ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<10_000 {
        if condition() { return true }
        usleep(1000)
    }
    return false
}
