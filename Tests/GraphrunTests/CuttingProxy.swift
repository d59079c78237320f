import Foundation
import Synchronization

/// Stands between a client and a server of this machine, and cuts the first WebSockets after so many bytes.
final class CuttingProxy: Sendable {
    private struct State {
        var cutCount = 0
        var openCount = 0
        var isOver = false
    }

    let port: Int
    private let listener: Int32
    private let serverPort: Int
    private let cutsAfter: [Int]
    private let state = Mutex(State())

    var url: String { "http://127.0.0.1:\(port)" }
    var cutCount: Int { state.withLock { $0.cutCount } }

    /// - Parameter cutsAfter: bytes that the first, second... WebSocket brings before it is cut; later ones live.
    init(to serverPort: Int, cutsAfter: [Int]) throws {
        (self.serverPort, self.cutsAfter) = (serverPort, cutsAfter)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) + listen(descriptor, 64) + getsockname(descriptor, $0, &size)
            }
        }
        listener = descriptor
        port = Int(in_port_t(bigEndian: name.sin_port))
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [weak self] in
            // Ends when the listener is shut down.
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                if let proxy = self { proxy.serve(client) } else { close(client) }
            }
            close(descriptor)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func address(_ port: Int) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        unsafe inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        return name
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = Self.address(serverPort)
        let status = unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(server)
            close(client)
            return
        }
        let pair = Pair(client, server)
        Thread.detachNewThread { [weak self] in
            var isFirst = true
            Self.pump(from: client, to: server, of: pair) { bytes in
                if isFirst && bytes.starts(with: Array("GET /ws".utf8)) { self?.limit(pair) }
                isFirst = false
                return bytes.count
            }
        }
        Thread.detachNewThread {
            Self.pump(from: server, to: client, of: pair) { pair.allow($0.count) }
        }
    }

    private func limit(_ pair: Pair) {
        let limit = state.withLock { state -> Int? in
            guard state.cutCount < cutsAfter.count else { return nil }
            defer { state.cutCount += 1 }
            return cutsAfter[state.cutCount]
        }
        pair.limit(limit)
    }

    /// - Parameter allowed: how many of the bytes may go on; fewer than there are cuts the connection.
    private static func pump(from: Int32, to: Int32, of pair: Pair, allowed: ([UInt8]) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(from, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            let bytes = Array(buffer[..<count])
            let passed = allowed(bytes)
            var start = 0
            while start < passed {
                let sent = unsafe bytes.withUnsafeBytes { bytes in
                    unsafe send(
                        to, bytes.baseAddress.map { unsafe $0 + start }, passed - start, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { break }
                start += sent
            }
            guard start == count else { break }
        }
        pair.end()
    }

    /// Both ends of a connection; closed when both directions have ended.
    private final class Pair: Sendable {
        private let descriptors: [Int32]
        private let state = Mutex<(endedCount: Int, limit: Int?)>((0, nil))

        init(_ client: Int32, _ server: Int32) { descriptors = [client, server] }

        func limit(_ limit: Int?) { state.withLock { $0.limit = limit } }

        func allow(_ count: Int) -> Int {
            state.withLock { state in
                guard let limit = state.limit else { return count }
                state.limit = max(0, limit - count)
                return min(limit, count)
            }
        }

        func end() {
            for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
            let isLast = state.withLock { state in
                state.endedCount += 1
                return state.endedCount == 2
            }
            if isLast { for descriptor in descriptors { close(descriptor) } }
        }
    }
}
