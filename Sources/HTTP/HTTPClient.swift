internal import Foundation
internal import Synchronization

/// Sends requests to other servers by libcurl: http and https, proxies from the environment (never for this machine),
/// certificates checked, connections kept alive.
///
/// libcurl blocks, so each transfer has a thread of its own and Swift's pool is left alone. At most `maxTransferCount`
/// run at once; more wait in order.
public final class HTTPClient: Sendable {
    private struct State {
        var runningCount = 0
        var waiting: [Transfer] = []
        /// By the host they were last used for; the freshest last.
        var idle: [(authority: String, handle: CurlHandle)] = []
    }

    private let state = Mutex(State())
    private let maxTransferCount: Int

    public init(maxTransferCount: Int = 16) { self.maxTransferCount = max(1, maxTransferCount) }

    /// A response of any status is a response. Cancelling the task ends the transfer at once.
    public func send(_ request: ClientRequest) async throws(HTTPClientError) -> ClientResponse {
        let transfer = try Transfer(request)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if transfer.await(continuation) { enqueue(transfer) }
            }
        } onCancel: {
            transfer.cancel()
        }
        return try result.get()
    }

    private func enqueue(_ transfer: Transfer) {
        let startsThread = state.withLock { state in
            state.waiting.append(transfer)
            guard state.runningCount < maxTransferCount else { return false }
            state.runningCount += 1
            return true
        }
        if startsThread { Thread.detachNewThread { self.work() } }
    }

    /// One thread's life: transfers, until none waits.
    private func work() {
        while let (transfer, idle) = takeNext() {
            transfer.run(on: idle) { handle in
                state.withLock { state in
                    state.idle.append((transfer.url.authority, handle))
                    if state.idle.count > maxTransferCount { state.idle.removeFirst() }
                }
            }
        }
    }

    private func takeNext() -> (Transfer, CurlHandle?)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.runningCount -= 1
                return nil
            }
            let transfer = state.waiting.removeFirst()
            guard let index = state.idle.lastIndex(where: { $0.authority == transfer.url.authority }) else {
                return (transfer, nil)
            }
            return (transfer, state.idle.remove(at: index).handle)
        }
    }

    /// This machine is never asked for through a proxy; beyond that `no_proxy` decides as everywhere.
    static let noProxy: String = {
        let environment = ProcessInfo.processInfo.environment
        return noProxy(given: environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
    }()

    static func noProxy(given: String) -> String {
        let given = trimmed(given)
        let own = "localhost,127.0.0.1,127.0.0.0/8,::1"
        // libcurl takes a star only alone.
        return given.isEmpty ? own : given == "*" ? given : own + "," + given
    }
}
