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
    private(set) var bytes: [UInt8] = []
    private var byteCount = 0
    private var file: FileHandle?

    init(_ request: ClientRequest) { (destination, limit) = (request.destination, request.maxByteCount) }

    mutating func take(_ piece: ArraySlice<UInt8>, of head: ResponseHead) throws(Refusal) {
        byteCount += piece.count
        if head.status >= 400 {
            bytes += piece.prefix(Self.maxErrorByteCount - bytes.count)
            guard byteCount <= Self.maxErrorByteCount else { throw .cut }
            return
        }
        // Announced lengths count compressed bytes, which are fewer: over the limit is over the limit.
        guard byteCount <= limit, Int(head.headers["Content-Length"] ?? "") ?? 0 <= limit else { throw .tooLarge }
        switch destination {
        case .memory: bytes += piece
        case .stream(let take):
            do { try take(piece) } catch {
                throw .failed(HTTPClientError(.cancelled, "the transfer was ended by its receiver: \(error)"))
            }
        case .file(let path): try write(piece, path)
        }
    }

    /// A redirect's body is dropped: only the last response counts.
    mutating func restart() {
        (bytes, byteCount) = ([], 0)
        try? file?.truncate(atOffset: 0)
    }

    /// The response is complete; an empty body makes an empty file.
    mutating func finish(_ head: ResponseHead) throws(Refusal) {
        guard case .file(let path) = destination else { return }
        guard head.status < 400 else { return discard() }
        if file == nil { try write([], path) }
        do {
            try file?.close()
            file = nil
        } catch { throw .failed(Self.unwritable(path)) }
        // Foundation's own move refuses what is there, and its replacement is two steps.
        guard unsafe rename(path + ".part", path) == 0 else { throw .failed(Self.unwritable(path)) }
    }

    /// Leaves nothing behind.
    mutating func discard() {
        guard case .file(let path) = destination, let open = file else { return }
        try? open.close()
        file = nil
        try? FileManager.default.removeItem(atPath: path + ".part")
    }

    private mutating func write(_ piece: ArraySlice<UInt8>, _ path: String) throws(Refusal) {
        do {
            if file == nil {
                let part = path + ".part"
                guard FileManager.default.createFile(atPath: part, contents: nil),
                    let new = FileHandle(forWritingAtPath: part)
                else { throw Refusal.failed(Self.unwritable(path)) }
                file = new
            }
            try file?.write(contentsOf: Data(piece))
        } catch { throw .failed(Self.unwritable(path)) }
    }

    private static func unwritable(_ path: String) -> HTTPClientError {
        HTTPClientError(
            .file, "could not write \(path)", suggestion: "Check that its folder exists, may be written and has room.")
    }
}
