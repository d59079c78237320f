internal import HTTP
internal import Media
internal import Synchronization

/// Previews of pictures: each is made once for all requests that want it at the same time, and kept while there is room.
///
/// A preview of 100 megapixels takes seconds and hundreds of megabytes, and its file may be 12 KiB small. So what waits
/// is bounded by its pixels: a request beyond that gets 429 and may come again.
final class PreviewCache: Sendable {
    struct Key: Hashable, Sendable {
        /// Changes when the file does.
        let file: String
        let form: PicturePreview
    }

    struct Preview: Sendable, Equatable {
        let bytes: [UInt8]
        let contentType: String
    }

    /// Of all previews that are kept.
    static let maxByteCount = 32 << 20
    /// Of all pictures that are being read or wait for it: ten seconds or so of work.
    static let maxPixelCount = 400_000_000
    /// Previews that are being made or wait for it.
    static let maxJobCount = 256

    private typealias Waiter = CheckedContinuation<Preview, any Error>

    private struct Job {
        let number: Int
        let pixelCount: Int
        var waiters: [Int: Waiter]
    }

    private struct State {
        var kept: [Key: Preview] = [:]
        /// The oldest first.
        var order = Ring<Key>()
        var byteCount = 0
        var jobs: [Key: Job] = [:]
        var pixelCount = 0
        /// Of waiters and jobs.
        var lastNumber = 0

        mutating func newNumber() -> Int {
            lastNumber += 1
            return lastNumber
        }

        /// - Returns: the job, if it is still that one.
        mutating func remove(_ key: Key, _ number: Int) -> Job? {
            guard let job = jobs[key], job.number == number else { return nil }
            jobs[key] = nil
            pixelCount -= job.pixelCount
            return job
        }

        mutating func keep(_ preview: Preview, _ key: Key) {
            // One preview does not push out many.
            guard kept[key] == nil, preview.bytes.count <= maxByteCount / 4 else { return }
            kept[key] = preview
            order.append(key)
            byteCount += preview.bytes.count
            while byteCount > maxByteCount, let oldest = order.removeFirst() {
                byteCount -= kept.removeValue(forKey: oldest)?.bytes.count ?? 0
            }
        }
    }

    private enum Verdict {
        case kept(Preview)
        case joined
        case started(job: Int)
        case full
    }

    private let lane: BlockingPool
    private let state = Mutex(State())

    /// - Parameter lane: where previews are made.
    init(lane: BlockingPool) { self.lane = lane }

    /// Bytes of the previews that are kept.
    var byteCount: Int { state.withLock { $0.byteCount } }
    /// Requests that wait for a preview.
    var waiterCount: Int { state.withLock { $0.jobs.values.reduce(0) { $0 + $1.waiters.count } } }

    /// Forgets all that is kept; what is being made goes on.
    func clear() {
        state.withLock { state in
            (state.kept, state.order, state.byteCount) = ([:], Ring(), 0)
        }
    }

    /// - Parameters:
    ///   - pixelCount: of the picture, by its header.
    ///   - make: runs on the lane, unless the preview is there or on its way.
    /// - Throws: what `make` throws, `HTTPProblem` 429 when too much waits, `CancellationError`.
    func preview(
        _ key: Key, pixelCount: Int, make: @escaping @Sendable () throws -> Preview
    ) async throws -> Preview {
        let waiter = state.withLock { $0.newNumber() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                switch join(key, pixelCount: min(max(pixelCount, 0), Self.maxPixelCount), waiter, continuation) {
                case .kept(let preview): continuation.resume(returning: preview)
                case .joined: break
                case .started(let job): start(job, key, make)
                case .full: continuation.resume(throwing: Self.isFull)
                }
            }
        } onCancel: {
            let gone = state.withLock { $0.jobs[key]?.waiters.removeValue(forKey: waiter) }
            gone?.resume(throwing: CancellationError())
        }
    }

    private func join(_ key: Key, pixelCount: Int, _ waiter: Int, _ continuation: Waiter) -> Verdict {
        state.withLock { state in
            if let preview = state.kept[key] { return .kept(preview) }
            if state.jobs[key] != nil {
                state.jobs[key]?.waiters[waiter] = continuation
                return .joined
            }
            // One picture alone may be as large as pictures may be.
            let isFull =
                !state.jobs.isEmpty
                && (state.jobs.count >= Self.maxJobCount || state.pixelCount + pixelCount > Self.maxPixelCount)
            if isFull { return .full }
            let job = state.newNumber()
            state.jobs[key] = Job(number: job, pixelCount: pixelCount, waiters: [waiter: continuation])
            state.pixelCount += pixelCount
            return .started(job: job)
        }
    }

    private func start(_ job: Int, _ key: Key, _ make: @escaping @Sendable () throws -> Preview) {
        lane.add { [self] in
            guard isWanted(key, job) else { return }
            let result = Result { try make() }
            let waiters = state.withLock { state in
                let waiters = state.remove(key, job)?.waiters
                if case .success(let preview) = result { state.keep(preview, key) }
                return waiters
            }
            for waiter in waiters?.values.map({ $0 }) ?? [] { waiter.resume(with: result) }
        }
    }

    /// Whether a request still waits when the job's turn comes; the job is dropped otherwise.
    private func isWanted(_ key: Key, _ job: Int) -> Bool {
        state.withLock { state in
            guard let waiting = state.jobs[key], waiting.number == job else { return false }
            if waiting.waiters.isEmpty { _ = state.remove(key, job) }
            return !waiting.waiters.isEmpty
        }
    }

    private static let isFull = HTTPProblem(
        429, "too many previews are being made", suggestion: "Ask again in a few seconds.",
        headers: ["Retry-After": "3"])
}
