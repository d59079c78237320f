internal import CEpoll
internal import Glibc

struct Readiness: OptionSet {
    let rawValue: UInt8
    static let readable = Readiness(rawValue: 1)
    static let writable = Readiness(rawValue: 2)
    static let failed = Readiness(rawValue: 4)
}

extension Readiness {
    fileprivate init(bits: Int32) { self.init(rawValue: UInt8(truncatingIfNeeded: bits & 7)) }
    fileprivate var bits: Int32 { Int32(rawValue) }
}

/// Why a loop cannot start.
struct PollError: Error, CustomStringConvertible {
    let code: Int32
    var description: String { "cannot start an event loop: \(unsafe String(cString: strerror(code)))" }
}

/// epoll (Linux), level-triggered; the one type that another system's call would replace.
final class Poller: Sendable {
    struct Event {
        let descriptor: Int32
        let readiness: Readiness
    }

    private let epoll: Int32
    private let signalling: Int32

    init() throws {
        epoll = cepoll_create()
        signalling = cepoll_signal()
        // Edge-triggered: every write wakes once, and nothing has to be read.
        guard epoll >= 0, signalling >= 0,
            cepoll_control(epoll, Int32(CEPOLL_ADD), signalling, Int32(CEPOLL_READABLE | CEPOLL_EDGE)) == 0
        else { throw PollError(code: errno) }
    }

    deinit {
        close(epoll)
        close(signalling)
    }

    func add(_ descriptor: Int32, _ interest: Readiness) -> Bool { control(CEPOLL_ADD, descriptor, interest) }
    func change(_ descriptor: Int32, _ interest: Readiness) { _ = control(CEPOLL_CHANGE, descriptor, interest) }
    func remove(_ descriptor: Int32) { _ = control(CEPOLL_DELETE, descriptor, []) }

    func signal() {
        var one: UInt64 = 1
        _ = unsafe write(signalling, &one, 8)
    }

    /// Nil waits for ever.
    func wait(_ timeout: Duration?, into ready: inout [Event]) {
        ready.removeAll(keepingCapacity: true)
        // Rounded up, so that a tick is not looked for too early again and again.
        let milliseconds =
            timeout.map { timeout in
                let (seconds, attoseconds) = timeout.components
                return Int(seconds) * 1000 + Int(attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
            } ?? -1
        unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * Self.capacity) { room in
            let descriptors = room.baseAddress
            let readiness = unsafe room.baseAddress?.advanced(by: Self.capacity)
            let count = unsafe cepoll_wait(
                epoll, descriptors, readiness, Int32(Self.capacity), Int32(clamping: milliseconds))
            for index in 0..<max(0, Int(count)) {
                let (descriptor, bits) = unsafe (room[index], room[Self.capacity + index])
                guard descriptor != signalling else { continue }
                ready.append(Event(descriptor: descriptor, readiness: Readiness(bits: bits)))
            }
        }
    }

    private static let capacity = 256

    private func control(_ operation: Int, _ descriptor: Int32, _ interest: Readiness) -> Bool {
        cepoll_control(epoll, Int32(operation), descriptor, interest.bits) == 0
    }

    /// Takes one waiting connection; -1 and errno when there is none. `storage` is filled with the peer's address.
    static func accept(_ listener: Int32, _ storage: inout sockaddr_storage, _ length: inout socklen_t) -> Int32 {
        unsafe withUnsafeMutableBytes(of: &storage) { unsafe cepoll_accept(listener, $0.baseAddress, &length) }
    }
}

enum System {
    static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
