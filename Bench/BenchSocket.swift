internal import CEpoll
internal import Glibc

/// A blocking TCP connection to the server under test, with as little as measuring it needs.
final class BenchSocket {
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    struct Failure: Error { let message: String }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(message: "cannot connect: \(errno)") }
        var one: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(message: "cannot send: \(errno)") }
            sent += count
        }
    }

    /// Reads more into the buffer.
    private func receive() throws {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        let old = buffer.count
        let count = unsafe withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { room in
            let count = unsafe recv(descriptor, room.baseAddress, 65536, 0)
            if count > 0 { unsafe buffer.append(contentsOf: room[0..<count]) }
            return count
        }
        guard count > 0, buffer.count > old else { throw Failure(message: "closed by the server") }
    }

    private func take(_ count: Int) throws -> ArraySlice<UInt8> {
        while buffer.count - start < count { try receive() }
        defer { start += count }
        return buffer[start..<(start + count)]
    }

    // MARK: HTTP

    static func post(_ path: String, _ body: String) -> [UInt8] {
        Array(
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                .utf8)
    }

    static func get(_ path: String) -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8) }

    /// The next answer's status and body.
    func answer() throws -> (status: Int, body: ArraySlice<UInt8>) {
        let head = try head()
        let status = Int(head.split(separator: " ", maxSplits: 2)[1]) ?? 0
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let count = length.flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) } ?? 0
        return (status, try take(count))
    }

    private func head() throws -> String {
        var searched = start
        while true {
            if buffer.count >= 4 {
                var index = max(start, searched - 3)
                while index + 3 < buffer.count {
                    if buffer[index] == 13, buffer[index + 1] == 10, buffer[index + 2] == 13, buffer[index + 3] == 10 {
                        defer { start = index + 4 }
                        return String(decoding: buffer[start..<index], as: UTF8.self)
                    }
                    index += 1
                }
            }
            searched = buffer.count - start
            try receive()
        }
    }

    // MARK: WebSocket

    func openWebSocket(_ clientID: String) throws {
        try send(
            Array(
                "GET /ws?clientId=\(clientID) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                    .utf8))
        let head = try head()
        guard head.contains(" 101 ") else { throw Failure(message: head) }
    }

    /// The payload of the next text or binary frame; pings are answered.
    func message() throws -> ArraySlice<UInt8> {
        while true {
            let first = try take(2)
            let (opcode, short) = (first[first.startIndex] & 15, Int(first[first.startIndex + 1] & 127))
            var length = short
            if short == 126 { length = try take(2).reduce(0) { $0 << 8 | Int($1) } }
            if short == 127 { length = try take(8).reduce(0) { $0 << 8 | Int($1) } }
            let payload = try take(length)
            if opcode == 9 { try send([0x8A, 0x80, 0, 0, 0, 0]) }
            if opcode == 1 || opcode == 2 { return payload }
        }
    }
}

/// Counts the frames that many sockets receive, on a thread of its own, as fast as they come.
final class Crowd {
    private let sockets: [BenchSocket]
    private let epoll = cepoll_create()
    /// Left of the frame in hand, and header bytes seen so far, by socket.
    private var remaining: [Int]
    private var header: [[UInt8]]
    private(set) var counts: [Int]
    private var byDescriptor: [Int32: Int] = [:]
    private var room = [UInt8](repeating: 0, count: 1 << 18)

    init(count: Int, port: Int) throws {
        sockets = try (0..<count).map { number in
            let socket = try BenchSocket(port: port)
            try socket.openWebSocket("crowd\(number)")
            // The greeting; counting begins behind it.
            _ = try socket.message()
            return socket
        }
        (remaining, header, counts) = (
            Array(repeating: 0, count: count), Array(repeating: [], count: count), Array(repeating: 0, count: count)
        )
        for (index, socket) in sockets.enumerated() {
            byDescriptor[socket.descriptor] = index
            _ = cepoll_control(epoll, Int32(CEPOLL_ADD), socket.descriptor, Int32(CEPOLL_READABLE))
        }
    }

    deinit { close(epoll) }

    var total: Int { counts.reduce(0, +) }

    /// Reads until every socket has `target` frames.
    /// - Returns: whether they all came before `seconds` were over.
    func read(until target: Int, seconds: Double, _ arrived: (Int) -> Void = { _ in }) -> Bool {
        let deadline = SuspendingClock.now + .seconds(seconds)
        var short = counts.count { $0 < target }
        var descriptors = [Int32](repeating: 0, count: 256), readiness = descriptors
        while short > 0 && SuspendingClock.now < deadline {
            let ready = unsafe cepoll_wait(epoll, &descriptors, &readiness, 256, 100)
            for position in 0..<max(0, Int(ready)) {
                guard let index = byDescriptor[descriptors[position]] else { continue }
                let before = counts[index]
                drain(index)
                if before < target && counts[index] >= target {
                    short -= 1
                    arrived(index)
                }
            }
        }
        return short == 0
    }

    private func drain(_ index: Int) {
        let count = unsafe recv(sockets[index].descriptor, &room, room.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return }
        var position = 0
        while position < count {
            if remaining[index] > 0 {
                let step = min(remaining[index], count - position)
                remaining[index] -= step
                position += step
                if remaining[index] == 0 { counts[index] += 1 }
                continue
            }
            // The common case: the whole header is here.
            if header[index].isEmpty, position + 4 <= count, room[position + 1] & 127 < 127 {
                let short = Int(room[position + 1] & 127)
                remaining[index] = short == 126 ? Int(room[position + 2]) << 8 | Int(room[position + 3]) : short
                position += short == 126 ? 4 : 2
                continue
            }
            header[index].append(room[position])
            position += 1
            let bytes = header[index]
            guard bytes.count >= 2 else { continue }
            let short = Int(bytes[1] & 127)
            let need = short == 126 ? 4 : short == 127 ? 10 : 2
            guard bytes.count == need else { continue }
            remaining[index] = need == 2 ? short : bytes[2...].reduce(0) { $0 << 8 | Int($1) }
            header[index] = []
        }
    }
}
