internal import Foundation
internal import Glibc

/// Takes the body of one response to where it belongs, and no more of it than allowed.
struct Download {
    enum Refusal: Error {
        /// Over the limit, or over the 64 KiB that an error's body is cut to.
        case tooLarge
        case cut
        case failed(HTTPClientError)
    }

    static let maxErrorByteCount = 64 << 10

    private let destination: ClientRequest.Destination
    private let limit: Int
    private let accept: (@Sendable (Int, Headers) throws(HTTPClientError) -> Void)?
    private(set) var bytes: [UInt8] = []
    private var byteCount = 0
    private var isAccepted = false
    private var file: FileHandle?

    init(_ request: ClientRequest) {
        (destination, limit, accept) = (request.destination, request.maxByteCount, request.accept)
    }

    mutating func take(_ piece: ArraySlice<UInt8>, of head: ResponseHead) throws(Refusal) {
        try begin(head)
        byteCount += piece.count
        if isRemark(head) {
            bytes += piece.prefix(max(0, Self.maxErrorByteCount - bytes.count))
            guard byteCount <= Self.maxErrorByteCount else { throw .cut }
            return
        }
        // Announced lengths count compressed bytes, which are fewer: over the limit is over the limit.
        guard byteCount <= limit, head.headers.byteCount("Content-Length") ?? 0 <= limit else { throw .tooLarge }
        switch destination {
        case .memory: bytes += piece
        case .stream(let take):
            do { try take(piece) } catch {
                throw .failed(HTTPClientError(.cancelled, "the transfer was ended by its receiver: \(error)"))
            }
        case .file(let path):
            if file == nil { file = try Self.open(path + ".part", of: path, truncatingAt: 0) }
            try write(piece, path)
        case .part(let path):
            if file == nil { file = try Self.open(path, of: path, truncatingAt: try place(head)) }
            try write(piece, path)
        }
    }

    /// A redirect's body is dropped: only the last response counts.
    mutating func restart() {
        (bytes, byteCount, isAccepted) = ([], 0, false)
        if case .file = destination { try? file?.truncate(atOffset: 0) }
    }

    /// The response is complete; an empty body makes an empty file.
    mutating func finish(_ head: ResponseHead) throws(Refusal) {
        try begin(head)
        guard !isRemark(head) else { return discard() }
        switch destination {
        case .memory, .stream: break
        case .part(let path):
            if file == nil { file = try Self.open(path, of: path, truncatingAt: try place(head)) }
            try close(path)
        case .file(let path):
            if file == nil { file = try Self.open(path + ".part", of: path, truncatingAt: 0) }
            try close(path)
            // Foundation's own move refuses what is there, and its replacement is two steps.
            guard unsafe rename(path + ".part", path) == 0 else { throw .failed(Self.unwritable(path)) }
        }
    }

    /// Leaves nothing behind but a part that is to be kept.
    mutating func discard() {
        guard let open = file else { return }
        try? open.close()
        file = nil
        if case .file(let path) = destination { try? FileManager.default.removeItem(atPath: path + ".part") }
    }

    private mutating func begin(_ head: ResponseHead) throws(Refusal) {
        guard !isAccepted else { return }
        isAccepted = true
        do { try accept?(head.status, head.headers) } catch { throw .failed(error) }
    }

    /// Whether the body is no content but what the server says about having none.
    private func isRemark(_ head: ResponseHead) -> Bool {
        if case .part = destination { return head.status != 200 && head.status != 206 }
        return head.status >= 400
    }

    /// Where in a part the body begins.
    private func place(_ head: ResponseHead) throws(Refusal) -> Int {
        if head.status == 200 { return 0 }
        guard let range = ContentRange(head.headers), let start = range.start else {
            throw .failed(HTTPClientError(.interrupted, "the server sent a part without saying which"))
        }
        return start
    }

    private mutating func write(_ piece: ArraySlice<UInt8>, _ path: String) throws(Refusal) {
        do { try file?.write(contentsOf: Data(piece)) } catch { throw .failed(Self.unwritable(path)) }
    }

    private mutating func close(_ path: String) throws(Refusal) {
        do {
            try file?.close()
            file = nil
        } catch { throw .failed(Self.unwritable(path)) }
    }

    /// Opens for writing at an offset, behind which there is nothing then.
    private static func open(
        _ part: String, of path: String, truncatingAt offset: Int
    ) throws(Refusal) -> FileHandle {
        do {
            if !FileManager.default.fileExists(atPath: part) {
                guard FileManager.default.createFile(atPath: part, contents: nil) else {
                    throw Refusal.failed(unwritable(path))
                }
            }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: part))
            guard try file.seekToEnd() >= UInt64(offset) else {
                throw Refusal.failed(HTTPClientError(.interrupted, "the server sent another part than was asked for"))
            }
            try file.truncate(atOffset: UInt64(offset))
            return file
        } catch let refusal as Refusal { throw refusal } catch { throw .failed(unwritable(path)) }
    }

    /// Free room of the disk that a folder lies on; nil when the system does not say. Network and user file systems name
    /// any numbers.
    static func freeByteCount(of folder: String) -> Int? {
        var facts = statvfs()
        guard unsafe statvfs(folder, &facts) == 0 else { return nil }
        return freeByteCount(blocks: UInt64(facts.f_bavail), ofBytes: UInt64(facts.f_frsize))
    }

    static func freeByteCount(blocks: UInt64, ofBytes byteCount: UInt64) -> Int {
        let (product, isOverflowing) = blocks.multipliedReportingOverflow(by: byteCount)
        return isOverflowing ? .max : Int(clamping: product)
    }

    private static func unwritable(_ path: String) -> HTTPClientError {
        HTTPClientError(
            .file, "could not write \(path)", suggestion: "Check that its folder exists, may be written and has room.")
    }
}

/// `bytes 100-199/1000`, `bytes 100-199/*` or `bytes */1000` (RFC 9110 section 14.4).
struct ContentRange: Equatable {
    /// Nil when no part is sent.
    let start: Int?
    /// Of the whole; nil when the server does not know.
    let byteCount: Int?

    init?(_ headers: Headers) {
        guard let text = headers["Content-Range"], text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false).map { trimmed($0) }
        guard parts.count == 2 else { return nil }
        if parts[1] == "*" {
            byteCount = nil
        } else {
            guard let count = parsedByteCount(parts[1]) else { return nil }
            byteCount = count
        }
        if parts[0] == "*" {
            start = nil
        } else {
            let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { parsedByteCount($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], last >= first else {
                return nil
            }
            start = first
        }
    }
}
