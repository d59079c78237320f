internal import Digest
internal import Foundation
internal import Glibc
internal import Synchronization

/// What has come of a file so far, on the disk: the bytes, and beside them which version of the file they belong to.
/// Nobody else writes to it meanwhile, in this program or another.
final class DownloadPart: Sendable {
    /// What the server says the file is.
    struct Expected: Equatable {
        var byteCount: Int?
        /// 64 digits, lower case.
        var sha256: String?
    }

    private struct State {
        /// Of the version that the part is of; nil when there is none that a server could be asked to compare.
        var etag: String?
        var sha256: String?
        /// What redirects say of the file they lead to.
        var linked = Expected()
        var byteCount: Int?
        var base: Int?
    }

    let path: String
    let folder: String
    private let whole: String
    private let memory: String
    /// A fifth of a second in all.
    private static let lockAttempts = 10
    /// Held open for its lock.
    private let lock: FileHandle
    private let state = Mutex(State())

    /// - Parameter whole: where the file is to be.
    init(_ whole: String) throws(HTTPClientError) {
        self.whole = whole
        (path, memory) = (whole + ".part", whole + ".part.etag")
        folder = URL(fileURLWithPath: whole).deletingLastPathComponent().path
        if FileManager.default.fileExists(atPath: whole) {
            throw HTTPClientError(.file, "\(whole) is there already", suggestion: "Move it away to get it anew.")
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            if !FileManager.default.fileExists(atPath: path) {
                guard FileManager.default.createFile(atPath: path, contents: nil) else {
                    throw CocoaError(.fileNoSuchFile)
                }
            }
            lock = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        } catch {
            throw HTTPClientError(
                .file, "could not write \(whole)", suggestion: "Check that its folder may be written and has room.")
        }
        // Not for child processes; one that is just being started has it for a moment, and with it the lock.
        _ = fcntl(lock.fileDescriptor, F_SETFD, FD_CLOEXEC)
        var attempts = 1
        while flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) != 0 {
            guard attempts < Self.lockAttempts else {
                throw HTTPClientError(
                    .file, "another program is downloading \(whole)", suggestion: "Wait for it, or end it.")
            }
            attempts += 1
            usleep(20_000)
        }
        let lines = ((try? String(contentsOfFile: memory, encoding: .utf8)) ?? "").split(separator: "\n").map(
            String.init)
        state.withLock { state in
            for line in lines.prefix(8) {
                if line.hasPrefix("etag ") { state.etag = String(line.dropFirst(5)) }
                if line.hasPrefix("sha256 ") { state.sha256 = Self.hash(String(line.dropFirst(7))) }
            }
        }
    }

    /// How much there is.
    var byteCount: Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue ?? 0
    }

    var etag: String? { state.withLock { $0.etag } }
    /// How much of it can be gone on from.
    var offset: Int { etag == nil ? 0 : byteCount }
    /// Where the running transfer writes first; nil before it does.
    var base: Int? { state.withLock { $0.base } }

    var expected: Expected {
        state.withLock {
            Expected(byteCount: $0.linked.byteCount ?? $0.byteCount, sha256: $0.linked.sha256 ?? $0.sha256)
        }
    }

    /// Takes what a redirect says of the file behind it: public hubs name its size and SHA-256.
    func promise(_ headers: Headers) {
        let isOther = state.withLock { state in
            if let hash = headers["X-Linked-ETag"].flatMap(Self.hash) { state.linked.sha256 = hash }
            if let count = headers.byteCount("X-Linked-Size") { state.linked.byteCount = count }
            guard let linked = state.linked.sha256, let known = state.sha256, linked != known else { return false }
            // Another file by now: nothing is asked for from its middle.
            (state.etag, state.sha256) = (nil, nil)
            return true
        }
        if isOther { try? FileManager.default.removeItem(atPath: memory) }
    }

    /// Notes which version is about to be written from `base` on.
    func begin(_ headers: Headers, at base: Int, byteCount: Int?) throws(HTTPClientError) {
        let etag = headers["ETag"].map { trimmed($0) }
        let lines = state.withLock { state in
            (state.base, state.byteCount) = (base, byteCount)
            if let hash = headers["X-Linked-ETag"].flatMap(Self.hash) { state.linked.sha256 = hash }
            let named = state.linked.sha256 ?? etag.flatMap(Self.hash)
            if base == 0 {
                // A weak one compares equal for contents that are not.
                state.etag = etag.flatMap { $0.hasPrefix("W/") || $0.isEmpty || $0.utf8.count > 1_000 ? nil : $0 }
                state.sha256 = named
            } else if let named {
                state.sha256 = named
            }
            return [state.etag.map { "etag \($0)" }, state.sha256.map { "sha256 \($0)" }].compactMap(\.self)
        }
        do {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(
                to: URL(fileURLWithPath: memory), options: .atomic)
        } catch {
            throw HTTPClientError(
                .file, "could not write \(memory)", suggestion: "Check that its folder may be written and has room.")
        }
    }

    /// Of what there is, read in pieces.
    func sha256() throws(HTTPClientError) -> String {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            var hash = IncrementalSHA256()
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                if Task.isCancelled { throw HTTPClientError.cancelled }
                hash.update([UInt8](piece)[...])
            }
            return hash.hexadecimal()
        } catch {
            throw error as? HTTPClientError
                ?? HTTPClientError(.file, "could not read \(path)", suggestion: "Check the disk.")
        }
    }

    /// Forgets all that has come.
    func clear() {
        try? lock.truncate(atOffset: 0)
        try? FileManager.default.removeItem(atPath: memory)
        state.withLock { ($0.etag, $0.sha256, $0.base) = (nil, nil, nil) }
    }

    /// After a failure: keeps what is of use another time.
    func tidy() {
        if byteCount > 0 { return }
        for path in [path, memory] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Gives the file its name; refuses when there is one of that name by now.
    func finish() throws(HTTPClientError) {
        do { try FileManager.default.moveItem(atPath: path, toPath: whole) } catch {
            throw HTTPClientError(
                .file, "could not give \(path) the name \(whole)", suggestion: "Check whether there is such a file.")
        }
        try? FileManager.default.removeItem(atPath: memory)
    }

    /// The SHA-256 that an entity tag is, at servers that keep files by their hash.
    static func hash(_ etag: String) -> String? {
        let digits = etag.filter { $0 != "\"" }.lowercased()
        return digits.utf8.count == 64 && digits.allSatisfy { $0.isASCII && $0.isHexDigit } ? digits : nil
    }
}
