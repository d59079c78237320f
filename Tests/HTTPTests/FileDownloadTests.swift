import Digest
import Foundation
import Synchronization
import Testing

@testable import HTTP

@Suite("The download of a file", .timeLimit(.minutes(1)))
struct FileDownloadTests {
    private let folder: ScratchFolder
    private let hub: DownloadHub
    private let notes = Notes()

    private final class Notes: Sendable {
        private let state = Mutex(([FileDownload.Note](), [FileDownload.Progress]()))
        func add(_ note: FileDownload.Note) { state.withLock { $0.0.append(note) } }
        func add(_ progress: FileDownload.Progress) { state.withLock { $0.1.append(progress) } }
        var all: [FileDownload.Note] { state.withLock { $0.0 } }
        var progress: [FileDownload.Progress] { state.withLock { $0.1 } }
    }

    init() throws {
        folder = try ScratchFolder()
        hub = try DownloadHub()
    }

    private func run(
        url: String? = nil, _ change: (inout FileDownload) -> Void = { _ in }
    ) async throws(HTTPClientError) -> FileDownload.Outcome {
        var download = FileDownload(url ?? hub.url, to: folder.path("models/a.pth"))
        download.note = { [notes] in notes.add($0) }
        download.progress = { [notes] in notes.add($0) }
        change(&download)
        return try await download.run(HTTPClient())
    }

    private func failure(
        url: String? = nil, _ change: (inout FileDownload) -> Void = { _ in }
    ) async -> HTTPClientError? {
        do { _ = try await run(url: url, change) } catch { return error }
        return nil
    }

    private var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("models"))) ?? []).sorted()
    }

    private func bytes(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: folder.path("models/\(name)")))).map { [UInt8]($0) }
    }

    /// Leaves a part of 100,000 bytes.
    private func cut() async {
        hub.set { $0.cut = 100_000 }
        #expect(await failure()?.kind == .interrupted)
        #expect(files == ["a.pth.part", "a.pth.part.etag"])
        #expect(bytes("a.pth.part") == Array(hub.file.prefix(100_000)))
        hub.set { $0.cut = nil }
    }

    private static let hash = String(repeating: "ab", count: 32)

    private var trueHash: String { SHA256.hexadecimal(hub.file) }

    // MARK: Whole

    @Test("ends with the file under its name, and nothing else")
    func whole() async throws {
        let outcome = try await run()
        #expect(outcome == .init(byteCount: 300_000, sha256: trueHash, isVerified: false))
        #expect(files == ["a.pth"] && bytes("a.pth") == hub.file)
        #expect(notes.all == [.verifies])
        #expect(notes.progress.last == .init(receivedByteCount: 300_000, byteCount: 300_000))
        #expect(hub.asked == ["/file - -"])
        await hub.stop()
    }

    @Test("works without a length and of an empty file")
    func lengthless() async throws {
        hub.set { $0.isChunked = true }
        #expect(try await run().byteCount == 300_000)
        try FileManager.default.removeItem(atPath: folder.path("models/a.pth"))
        hub.set { ($0.isChunked, $0.file) = (false, []) }
        #expect(try await run().byteCount == 0)
        #expect(files == ["a.pth"] && bytes("a.pth") == [])
        await hub.stop()
    }

    @Test("replaces no file that is there")
    func existing() async throws {
        try FileManager.default.createDirectory(atPath: folder.path("models"), withIntermediateDirectories: true)
        _ = try folder.write("models/a.pth", [1])
        let error = await failure()
        #expect(error?.kind == .file && error?.message == "\(folder.path("models/a.pth")) is there already")
        #expect(bytes("a.pth") == [1] && hub.asked.isEmpty)
        await hub.stop()
    }

    // MARK: Resumed

    @Test("goes on where it was cut, after however many attempts")
    func resumed() async throws {
        await cut()
        hub.set { $0.cut = 50_000 }
        #expect(await failure()?.kind == .interrupted)
        #expect(bytes("a.pth.part")?.count == 150_000)
        hub.set { $0.cut = nil }
        #expect(try await run().byteCount == 300_000)
        #expect(bytes("a.pth") == hub.file && files == ["a.pth"])
        #expect(hub.asked == ["/file - -", "/file bytes=100000- \"one\"", "/file bytes=150000- \"one\""])
        #expect(notes.all == [.goesOn(byteCount: 100_000), .goesOn(byteCount: 150_000), .verifies])
        #expect(notes.progress.allSatisfy { $0.byteCount == 300_000 })
        #expect(notes.progress.last?.receivedByteCount == 300_000)
        await hub.stop()
    }

    @Test("begins anew at a server that sends files only whole")
    func ignoringRange() async throws {
        await cut()
        hub.set { $0.sendsParts = false }
        #expect(try await run().byteCount == 300_000)
        #expect(bytes("a.pth") == hub.file)
        #expect(hub.asked.last == "/file bytes=100000- \"one\"" && notes.all == [.startsAnew, .verifies])
        await hub.stop()
    }

    @Test("begins anew when the file is another one by now, shorter or longer", arguments: [40_000, 300_000])
    func changed(byteCount: Int) async throws {
        await cut()
        hub.set { script in
            script.file = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            script.etag = "\"two\""
        }
        #expect(try await run().byteCount == byteCount)
        #expect(bytes("a.pth") == hub.file && notes.all == [.startsAnew, .verifies])
        await hub.stop()
    }

    @Test("begins anew without asking for a part when a redirect names another hash than before")
    func linkedChanged() async throws {
        hub.set { script in
            script.redirect = "/real"
            script.redirectFields["X-Linked-ETag"] = "\"\(Self.hash)\""
        }
        await cut()
        hub.set { script in
            script.file[5] ^= 1
            script.redirectFields["X-Linked-ETag"] = "\"\(SHA256.hexadecimal(script.file))\""
        }
        #expect(try await run().isVerified)
        #expect(hub.asked.last == "/real - -" && notes.all == [.startsAnew, .verifies])
        await hub.stop()
    }

    @Test("begins anew when the server names no version, or only a weak one", arguments: [nil, "W/\"one\""])
    func weak(etag: String?) async throws {
        hub.set { $0.etag = etag }
        await cut()
        #expect(try await run().byteCount == 300_000)
        #expect(hub.asked == ["/file - -", "/file - -"] && bytes("a.pth") == hub.file)
        await hub.stop()
    }

    @Test("of which everything is there already only has to be checked")
    func complete() async throws {
        await cut()
        try Data(hub.file).write(to: URL(filePath: folder.path("models/a.pth.part")))
        #expect(try await run().sha256 == trueHash)
        #expect(hub.asked.last == "/file bytes=300000- \"one\"" && files == ["a.pth"])
        await hub.stop()
    }

    @Test("begins anew when there is more than the file has")
    func tooMuch() async throws {
        await cut()
        try Data(hub.file + [1]).write(to: URL(filePath: folder.path("models/a.pth.part")))
        #expect(try await run().sha256 == trueHash)
        #expect(notes.all == [.startsAnew, .verifies])
        await hub.stop()
    }

    @Test(
        "takes no other part than it asked for",
        arguments: ["bytes 99999-299999/300000", "bytes 100001-299999/300000", "bytes 0-1", "lines 1-2/3", ""])
    func otherPart(contentRange: String) async throws {
        await cut()
        hub.set { $0.contentRange = contentRange }
        let error = await failure()
        #expect(error?.message == "127.0.0.1:\(hub.port) sent another part than was asked for")
        #expect(bytes("a.pth.part") == Array(hub.file.prefix(100_000)))
        await hub.stop()
    }

    @Test("that is cancelled keeps what came")
    func cancelled() async throws {
        await cut()
        let download = Task { () async -> HTTPClientError? in
            while !Task.isCancelled { await Task.yield() }
            return await failure()
        }
        download.cancel()
        #expect(await download.value?.kind == .cancelled)
        #expect(files == ["a.pth.part", "a.pth.part.etag"])
        #expect(try await run().byteCount == 300_000)
        await hub.stop()
    }

    // MARK: Checked

    @Test("is checked against the hash and size that the hub's redirect names, or a hash as entity tag")
    func verified() async throws {
        let hash = trueHash
        hub.set { script in
            script.redirect = "/real"
            script.redirectFields = ["X-Linked-ETag": "\"\(hash)\"", "X-Linked-Size": "300000"]
        }
        #expect(try await run() == .init(byteCount: 300_000, sha256: hash, isVerified: true))
        try FileManager.default.removeItem(atPath: folder.path("models/a.pth"))
        hub.set { ($0.redirect, $0.etag) = (nil, "\"\(hash.uppercased())\"") }
        #expect(try await run().isVerified)
        await hub.stop()
    }

    @Test("with a wrong hash is deleted, and says so")
    func damaged() async throws {
        hub.set { $0.etag = "\"\(Self.hash)\"" }
        let error = await failure()
        #expect(
            error
                == HTTPClientError(
                    .damaged,
                    "what came is damaged, and was deleted: its SHA-256 is \(trueHash), not \(Self.hash)",
                    suggestion: "Try again."))
        #expect(files.isEmpty)
        await hub.stop()
    }

    @Test("that was damaged in an earlier attempt is deleted, too")
    func damagedPart() async throws {
        let hash = trueHash
        hub.set { $0.etag = "\"\(hash)\"" }
        await cut()
        var part = Array(hub.file.prefix(100_000))
        part[7] ^= 1
        try Data(part).write(to: URL(filePath: folder.path("models/a.pth.part")))
        #expect(await failure()?.kind == .damaged)
        #expect(files.isEmpty)
        #expect(try await run().isVerified)
        await hub.stop()
    }

    @Test("with another size than was promised is not taken: less is kept, more is deleted")
    func size() async throws {
        hub.set { script in
            script.redirect = "/real"
            script.redirectFields["X-Linked-Size"] = "300001"
        }
        #expect(await failure()?.message == "only 300000 of 300001 bytes came")
        #expect(files == ["a.pth.part", "a.pth.part.etag"])
        hub.set { $0.redirectFields["X-Linked-Size"] = "299999" }
        #expect(await failure()?.message == "300000 bytes came instead of 299999, and were deleted")
        #expect(files.isEmpty)
        await hub.stop()
    }

    // MARK: Refused

    @Test("that the server refuses leaves nothing", arguments: [403, 404, 500, 304])
    func refused(status: Int) async throws {
        hub.set { $0.status = status }
        let error = await failure()
        #expect(error?.kind == .refused && error?.message == "127.0.0.1:\(hub.port) answered \(status)")
        #expect(error?.response?.status == status && files.isEmpty)
        await hub.stop()
    }

    @Test("refuses a file that is too large, before it comes or while it does")
    func tooLarge() async throws {
        hub.set { $0.announced = 5_000_000_000 }
        let kinds = [
            await failure { $0.maxByteCount = 1 << 30 }?.kind,
            await {
                hub.set { ($0.announced, $0.isChunked) = (nil, true) }
                return await failure { $0.maxByteCount = 299_999 }?.kind
            }(),
            await {
                hub.set { script in
                    (script.isChunked, script.redirect) = (false, "/real")
                    script.redirectFields["X-Linked-Size"] = "300000"
                }
                return await failure { $0.maxByteCount = 299_999 }?.kind
            }(),
        ]
        #expect(kinds == [.tooLarge, .tooLarge, .tooLarge])
        #expect(!files.contains("a.pth"))
        await hub.stop()
    }

    @Test("refuses a file that the disk has no room for, counting what is there already")
    func room() async throws {
        let error = await failure { $0.freeByteCount = { _ in 299_999 } }
        #expect(
            error?.message
                == "the disk has no room for \(folder.path("models/a.pth")): 300000 bytes are needed, 299999 are free")
        #expect(files.isEmpty)
        await cut()
        #expect(await failure { $0.freeByteCount = { _ in 199_999 } }?.kind == .file)
        #expect(try await run { $0.freeByteCount = { _ in 200_000 } }.byteCount == 300_000)
        await hub.stop()
    }

    @Test(
        "follows redirects on this host and to https, and no others",
        arguments: [
            "http://localhost:1/x", "http://example.org/x", "ftp://127.0.0.1/x", "file://127.0.0.1/etc/passwd",
            "//example.org/x",
        ])
    func insecureRedirect(target: String) async throws {
        hub.set { $0.redirect = target }
        let error = await failure()
        #expect(
            error?.kind == .insecure && error?.message.hasSuffix(", not to https") == true,
            "\(String(describing: error))")
        #expect(files.isEmpty && hub.asked == ["/file - -"])
        await hub.stop()
    }

    @Test("follows a redirect to a path, and to another port of this host", arguments: ["/real", "real", nil])
    func redirect(target: String?) async throws {
        let other = try DownloadHub()
        hub.set { $0.redirect = target ?? "http://127.0.0.1:\(other.port)/real" }
        #expect(try await run().byteCount == 300_000)
        #expect((target == nil ? other : hub).asked.last == "/real - -")
        await hub.stop()
        await other.stop()
    }

    @Test("ends when redirects do not")
    func circle() async throws {
        hub.set { $0.redirect = "/file" }
        #expect(await failure()?.message == "127.0.0.1:\(hub.port) redirected more than 8 times")
        #expect(hub.asked.count == 9 && files.isEmpty)
        await hub.stop()
    }

    @Test("takes no packed file, since its parts would not fit")
    func packed() async throws {
        hub.set { $0.fields["Content-Encoding"] = "gzip" }
        #expect(await failure()?.kind == .interrupted)
        #expect(files.isEmpty)
        await hub.stop()
    }

    @Test("says that nobody is there, and leaves nothing")
    func unreachable() async throws {
        await hub.stop()
        #expect(await failure()?.kind == .unreachable)
        #expect(files.isEmpty)
    }

    @Test("is done by one program at a time")
    func locked() async throws {
        let part = try DownloadPart(folder.path("models/a.pth"))
        #expect(await failure()?.message == "another program is downloading \(folder.path("models/a.pth"))")
        withExtendedLifetime(part) {}
        await hub.stop()
    }
}
