internal import Glibc

/// The socket system calls. All sockets are non-blocking, closed on exec, and never raise SIGPIPE.
struct Socket: Sendable, Equatable {
    let descriptor: Int32

    enum Received: Equatable {
        case bytes(Int)
        /// Nothing has come yet.
        case nothing
        /// The peer sends no more.
        case end
        /// The connection is gone.
        case failed
    }

    /// Reads once, into the beginning of `buffer`.
    func receive(into buffer: inout [UInt8]) -> Received {
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
        }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        return Self.isTransient(errno) ? .nothing : .failed
    }

    /// How many of the bytes from `start` on the system took; nil when the connection is gone.
    func send(_ bytes: [UInt8], from start: Int) -> Int? {
        guard start < bytes.count else { return 0 }
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Glibc.send(
                descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return count }
        return Self.isTransient(errno) ? 0 : nil
    }

    /// The peer reads the end; it may still send.
    func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func close() { _ = Glibc.close(descriptor) }

    private static func isTransient(_ code: Int32) -> Bool { code == EAGAIN || code == EWOULDBLOCK || code == EINTR }

    // MARK: Listening

    /// Listens on a numeric address or a name that resolves to one.
    static func listening(on address: String, port: Int) throws(ListenError) -> Socket {
        guard let service = UInt16(exactly: port) else {
            throw ListenError(address, port, "a port is a number from 0 to 65535")
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = Int32(AI_PASSIVE)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(address, String(service), &hints, &list)
        guard status == 0 else { throw ListenError(address, port, unsafe String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        guard let first = unsafe list?.pointee else { throw ListenError(address, port, "no such address") }

        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Socket(descriptor: unsafe Glibc.socket(first.ai_family, kind, 0))
        guard socket.descriptor >= 0 else { throw ListenError(address, port, reason(errno)) }
        // The port answers at once after a crash.
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        // `::` and `0.0.0.0` can both be listened on.
        if unsafe first.ai_family == AF_INET6 { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard unsafe bind(socket.descriptor, first.ai_addr, first.ai_addrlen) == 0,
            Glibc.listen(socket.descriptor, SOMAXCONN) == 0
        else {
            let reason = reason(errno)
            socket.close()
            throw ListenError(address, port, reason)
        }
        return socket
    }

    /// The port it is bound to.
    var port: Int? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes -> Int? in
            guard let base = bytes.baseAddress,
                unsafe getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return nil }
            // sin_port and sin6_port stand at the same place, in network order.
            return unsafe Int(bytes[2]) << 8 | Int(bytes[3])
        }
    }

    enum Accepted {
        case connection(Socket, address: String)
        case nothing
        /// No more descriptors or memory: try again later.
        case exhausted(String)
    }

    func accept() -> Accepted {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let accepted = Poller.accept(descriptor, &storage, &length)
        guard accepted >= 0 else {
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(Self.reason(errno))
            // A peer that went away meanwhile, and network errors of its connection (accept(2)).
            default: return .nothing
            }
        }
        let socket = Socket(descriptor: accepted)
        socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        // What a slow peer has not taken stays ours, where it is counted, instead of in megabytes of the kernel's.
        socket.set(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, 128 << 10)
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe withUnsafeBytes(of: &storage) { bytes -> Int32 in
            guard let address = unsafe bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return unsafe getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        }
        return .connection(socket, address: status == 0 ? Self.text(name) : "")
    }

    private static func text(_ name: [CChar]) -> String {
        String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

    /// Raises the number of files and sockets this process may have open to what the system allows it.
    /// - Returns: the new limit.
    static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }
}

/// Why a server cannot listen.
public struct ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ address: String, _ port: Int, _ reason: String) {
        description = "cannot listen on \(address) port \(port): \(reason)"
    }
}
