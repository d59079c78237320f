internal import Files
internal import Foundation
internal import GraphCore
internal import HTTP
internal import Synchronization

/// Brings files to a server and fetches what it made.
final class RemoteFiles: Sendable {
    private let server: RemoteServer
    private let folders: Folders
    private let display: Display
    /// What the files that have been uploaded are called there.
    private let names = Mutex<[Named: String]>([:])

    /// Shorter transfers are over before anybody would read of them.
    private static let quietTime = Duration.milliseconds(700)

    init(_ server: RemoteServer, _ folders: Folders, _ display: Display) {
        (self.server, self.folders, self.display) = (server, folders, display)
    }

    // MARK: There

    /// A file of the input folder that an input names.
    struct Named: Hashable {
        /// As the workflow names it: `sub/a.png`.
        let name: String
        let path: String
    }

    /// The files here that a node's inputs name, by input; a file that is not here may be there.
    func named(by node: Workflow.Node, _ registry: NodeRegistry) -> [(input: String, file: Named)] {
        guard let schema = node.type.flatMap({ registry[$0]?.schema }) else { return [] }
        return schema.inputs.compactMap { spec in
            guard case .named(.files(.input, _))? = spec.choices, case .literal(.string(let name))? = node[spec.name],
                !FolderName.allCases.contains(where: { name.hasSuffix(" [\($0.rawValue)]") }),
                let path = try? folders.file(name, in: .input, maxByteCount: Folders.maxFileByteCount)
            else { return nil }
            return (spec.name, Named(name: name, path: path))
        }
    }

    /// Whether nothing has been uploaded yet.
    var isFirst: Bool { names.withLock { $0.isEmpty } }

    /// Each file once.
    /// - Returns: the name by which the server knows it.
    func upload(_ file: Named) async throws -> String {
        if let known = names.withLock({ $0[file] }) { return known }
        let name = try await send(file)
        names.withLock { $0[file] = name }
        return name
    }

    private func send(_ file: Named) async throws -> String {
        let parts = file.name.split(separator: "/").map(String.init)
        let name = parts.last ?? file.name
        let form: [ClientRequest.FormPart] = [
            .init("image", .file(path: file.path), fileName: name, contentType: "application/octet-stream"),
            .init("type", text: "input"), .init("subfolder", text: parts.dropLast().joined(separator: "/")),
            .init("overwrite", text: "false"),
        ]
        var request = server.request("POST", "/upload/image", body: .form(form))
        request.progress = progress("uploading \(file.name)") { ($0.sentByteCount, $0.toSendByteCount) }
        defer { display.note(nil) }
        let response = try await server.send(request)
        guard response.status == 200 else {
            throw server.failure(response, "'\(file.name)' could not be uploaded")
        }
        guard let reply = try? JSONParser.parse(response.body), let name = reply["name"]?.string else {
            throw server.failure(response, "'\(file.name)' was uploaded, but the answer does not say as what")
        }
        let subfolder = reply["subfolder"]?.string ?? ""
        return subfolder.isEmpty ? name : subfolder + "/" + name
    }

    // MARK: Back

    /// Takes the bytes as they come; what went wrong on this side is kept.
    private final class Sink: Sendable {
        let upload: Upload
        let problem = Mutex<Diagnostic?>(nil)

        init(_ upload: Upload) { self.upload = upload }

        func write(_ bytes: ArraySlice<UInt8>) throws {
            do { try upload.write(bytes) } catch {
                problem.withLock { $0 = error }
                throw error
            }
        }
    }

    /// Puts a file of the server into the same folder here, under its name unless another file has that.
    /// - Returns: where it is now.
    /// - Throws: `Diagnostic` when it cannot be had or kept; `HTTPClientError` when the connection fails.
    func fetch(_ file: SavedFile) async throws -> SavedFile {
        let upload = try folders.beginUpload(
            filename: file.filename, folder: file.folder, maxByteCount: Folders.maxFileByteCount)
        let sink = Sink(upload)
        defer { upload.discard() }
        let fields = [("filename", file.filename), ("subfolder", file.subfolder), ("type", file.folder.rawValue)]
        let query = fields.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
        var request = server.request("GET", "/view?" + query)
        request.maxByteCount = Folders.maxFileByteCount
        request.destination = .stream { try sink.write($0) }
        request.progress = progress("fetching \(file.filename)") { ($0.receivedByteCount, $0.toReceiveByteCount) }
        defer { display.note(nil) }
        let response: ClientResponse
        do {
            response = try await server.send(request)
        } catch {
            throw sink.problem.withLock { $0 } ?? error
        }
        guard response.status == 200 else {
            throw Diagnostic(
                .fileNotReadable, node: nil,
                "'\(file.filename)' could not be fetched: the server answered \(response.status)",
                suggestion: "It is on the server still, in its \(file.folder.rawValue) folder, if nobody removed it.")
        }
        return try upload.commit(subfolder: file.subfolder, folder: file.folder)
    }

    private func progress(
        _ text: String, _ counts: @escaping @Sendable (ClientRequest.Progress) -> (Int, Int?)
    ) -> @Sendable (ClientRequest.Progress) -> Void {
        let start = ContinuousClock.now
        return { [display] progress in
            let (count, total) = counts(progress)
            guard start.duration(to: .now) >= Self.quietTime, let total, count < total else { return }
            let size = Words.byteCount(total)
            display.note(Note(text: "\(text) (\(size))", fraction: Double(count) / Double(total)))
        }
    }
}
