internal import Files
internal import GraphCore
internal import HTTP
internal import Synchronization

/// A form with one file, read as it comes: the file goes to the disk, the fields around it are kept.
final class UploadForm: BodySink {
    /// What a form says, once it is complete.
    struct Content: Sendable {
        let file: Upload
        let folder: FolderName
        let subfolder: String
        let overwrite: Bool
        /// The text of `original_ref`.
        let originalReference: [UInt8]?
    }

    private enum Place: Sendable {
        case outside
        case file
        case field(String)
    }

    private struct State: Sendable {
        var parser: MultipartParser
        var place = Place.outside
        var file: Upload?
        /// The folders that the file's name began with.
        var subfolder = ""
        var fields: [String: [UInt8]] = [:]
    }

    private static let maxFieldByteCount = 64 << 10
    private static let fieldNames: Set<String> = ["type", "subfolder", "overwrite", "original_ref"]

    private let folders: Folders
    private let maxByteCount: Int
    private let then: @Sendable (Content) throws -> Reply
    /// The connection calls one at a time.
    private let state: Mutex<State>

    /// - Parameter then: makes the answer of a complete form.
    /// - Throws: 400 when it is no form.
    init(
        _ request: Request, folders: Folders, maxByteCount: Int, then: @escaping @Sendable (Content) throws -> Reply
    ) throws(HTTPProblem) {
        guard let parser = MultipartParser(contentType: request.head.headers["Content-Type"] ?? "") else {
            throw HTTPProblem(
                400, "an upload is a form of the type multipart/form-data",
                suggestion: "Send the file as its field 'image': curl -F image=@photo.png URL.")
        }
        (self.folders, self.maxByteCount, self.then) = (folders, maxByteCount, then)
        state = Mutex(State(parser: parser))
    }

    var heldByteCount: Int { state.withLock { state in state.fields.values.reduce(0) { $0 + $1.count } } }

    func write(_ bytes: ArraySlice<UInt8>) throws {
        try state.withLock { state in
            state.parser.append(bytes)
            while let event = try state.parser.next() { try take(event, &state) }
        }
    }

    private func take(_ event: MultipartParser.Event, _ state: inout State) throws {
        switch event {
        case .part(let name, let filename, contentType: _):
            if name == "image" {
                guard state.file == nil else {
                    throw HTTPProblem(400, "the form has more than one 'image'", suggestion: "Upload one at a time.")
                }
                let named = Self.place(filename ?? "", in: "")
                state.subfolder = named.subfolder
                do throws(Diagnostic) {
                    state.file = try folders.beginUpload(filename: named.filename, maxByteCount: maxByteCount)
                } catch {
                    throw Self.problem(error)
                }
                state.place = .file
            } else {
                state.place = Self.fieldNames.contains(name) ? .field(name) : .outside
                if case .field = state.place { state.fields[name] = [] }
            }
        case .data(let bytes):
            switch state.place {
            case .outside: break
            case .file:
                do throws(Diagnostic) {
                    try state.file?.write(bytes[...])
                } catch {
                    throw Self.problem(error)
                }
            case .field(let name):
                state.fields[name]?.append(contentsOf: bytes)
                guard state.fields[name]?.count ?? 0 <= Self.maxFieldByteCount else {
                    throw HTTPProblem(
                        413, "the field '\(name)' is longer than \(Self.maxFieldByteCount) bytes",
                        suggestion: "Send the file as the field 'image'.")
                }
            }
        case .partEnd: state.place = .outside
        case .end: break
        }
    }

    func finish() throws -> Reply { try then(try state.withLock { try content(&$0) }) }

    private func content(_ state: inout State) throws -> Content {
        try state.parser.finish()
        guard let file = state.file else {
            throw HTTPProblem(
                400, "the form has no field 'image'", suggestion: "Send the file so: curl -F image=@photo.png URL.")
        }
        let type = try text("type", state) ?? ""
        guard let folder = Self.folder(type.isEmpty ? "input" : type) else {
            throw HTTPProblem(
                400, "there is no folder '\(type.prefix(60))'", suggestion: "Use the type input, output or temp.")
        }
        let overwrite = try text("overwrite", state)
        // From here on it is the answer's.
        state.file = nil
        return Content(
            file: file, folder: folder, subfolder: Self.joined(try text("subfolder", state) ?? "", state.subfolder),
            overwrite: overwrite == "true" || overwrite == "1", originalReference: state.fields["original_ref"])
    }

    private func text(_ name: String, _ state: State) throws(HTTPProblem) -> String? {
        guard let bytes = state.fields[name] else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw HTTPProblem(400, "the field '\(name)' is not UTF-8", suggestion: "Send it as UTF-8.")
        }
        return text
    }

    /// Takes the folders that a file's name begins with for a subfolder: ComfyUI, too, takes `sub/a.png`. A name that is
    /// absolute or has parts that lead elsewhere stays as it is, to be refused.
    static func place(_ filename: String, in subfolder: String) -> (filename: String, subfolder: String) {
        let parts = filename.split(separator: "/", omittingEmptySubsequences: false)
        guard let slash = filename.lastIndex(of: "/"), !parts.contains(where: { $0.isEmpty || $0 == ".." }) else {
            return (filename, subfolder)
        }
        return (String(filename[filename.index(after: slash)...]), joined(subfolder, String(filename[..<slash])))
    }

    private static func joined(_ folder: String, _ subfolder: String) -> String {
        folder.isEmpty || subfolder.isEmpty ? folder + subfolder : folder + "/" + subfolder
    }

    static func folder(_ type: String) -> FolderName? { [.input, .output, .temp].first { $0.rawValue == type } }

    func abandon() {
        let file = state.withLock { state in
            defer { state.file = nil }
            return state.file
        }
        file?.discard()
    }

    /// A name that leads out is a bad request here, as in ComfyUI.
    static func problem(_ diagnostic: Diagnostic) -> HTTPProblem {
        diagnostic.problem(diagnostic.code == .outsideFolder ? 400 : nil)
    }
}
