internal import Files
internal import GraphCore
internal import HTTP
internal import Media

/// `/view`: the files that prompts read and write, and other forms of the pictures among them.
struct ViewRoutes {
    let context: ServerContext

    /// A compressed picture is never larger; see LoadImage.
    private static let maxPictureByteCount = 512 << 20

    var routes: [Route] { [.get("/view") { try view($0) }] }

    private func view(_ request: Request) throws -> Reply {
        let query = request.query
        guard let filename = query["filename"] else {
            throw HTTPProblem(404, "no file is named", suggestion: "Use /view?filename=NAME&subfolder=&type=output.")
        }
        if let form = PicturePreview(preview: query["preview"], channel: query["channel"]) {
            return context.later {
                try await picture(form, request) { () throws(HTTPProblem) in try locate(filename, query) }
            }
        }
        return context.work(on: context.disk) {
            let path = try locate(filename, query)
            return try FileAnswer.response(path: path, name: Self.name(path), request: request)
        }
    }

    private func locate(_ filename: String, _ query: Query) throws(HTTPProblem) -> String {
        let named = UploadForm.place(filename, in: query["subfolder"] ?? "")
        do {
            return try context.folders.locate(
                filename: named.filename, subfolder: named.subfolder, type: query["type"])
        } catch {
            // ComfyUI's: a name that leads elsewhere is a bad request, a subfolder or link that does is forbidden.
            let isPath = filename.contains("/") || filename.contains("\\") || filename.contains("..")
            throw error.problem(error.code == .outsideFolder && error.input == "filename" && isPath ? 400 : nil)
        }
    }

    /// A picture that another form of is wanted.
    private struct Source: Sendable {
        let path: String
        let file: OpenedFile
        let key: PreviewCache.Key
        /// By its header.
        let pixelCount: Int
        let etag: String
    }

    /// A picture in another form.
    /// - Parameter locate: finds its file; called where waiting for the disk holds up no messages.
    func picture(
        _ form: PicturePreview, _ request: Request, locate: @escaping @Sendable () throws -> String
    ) async throws -> Response {
        let source = try await context.disk.run { try Self.source(try locate(), form) }
        let name = Self.name(source.path)
        var headers = FileAnswer.headers(name, isAttachment: false)
        headers["ETag"] = source.etag
        headers["Last-Modified"] = HTTPDate.text(secondsSince1970: source.file.modifiedSeconds)
        let isUnchanged = Conditional.isNotModified(
            request.head, etag: source.etag, lastModified: source.file.modifiedSeconds)
        if isUnchanged { return Response(304, headers: headers) }
        do {
            let made = try await context.previews.preview(source.key, pixelCount: source.pixelCount) {
                let made = try form.make(of: try Self.bytes(source.file))
                return PreviewCache.Preview(bytes: made.bytes, contentType: made.contentType)
            }
            headers["Content-Type"] = made.contentType
            return Response(200, headers: headers, body: .bytes(made.bytes))
        } catch let error as CodecError {
            // Editors ask for previews of whatever there is: a sound, or a GIF, is given as it is.
            if request.query["preview"] != nil {
                return try await context.disk.run {
                    try FileAnswer.response(path: source.path, name: name, request: request)
                }
            }
            throw HTTPProblem(400, "'\(name)': \(error.message)", suggestion: error.suggestion)
        }
    }

    private static func source(_ path: String, _ form: PicturePreview) throws -> Source {
        // Looked at before the file is opened: a file that comes between is kept under a key that no later request has.
        let identity = Folders.identity(ofFile: path)
        let file = try OpenedFile(path: path)
        guard let identity else { throw HTTPProblem(404, "there is no such file") }
        guard file.byteCount <= maxPictureByteCount else {
            throw HTTPProblem(
                413,
                "'\(name(path))' has \(file.byteCount) bytes, and pictures of up to "
                    + "\(maxPictureByteCount) are read",
                suggestion: "Ask for it without preview and channel.")
        }
        return Source(
            path: path, file: file, key: PreviewCache.Key(file: identity, form: form),
            pixelCount: try pixelCount(file), etag: "\(file.etag.dropLast())-\(form.name)\"")
    }

    /// What is no picture takes no time; one whose size stands far behind is counted by its bytes, of which a pixel takes
    /// one at least as a rule.
    private static func pixelCount(_ file: OpenedFile) throws(HTTPProblem) -> Int {
        let start = try file.prefix(64 << 10)
        if let size = PictureSize(of: start) { return size.pixelCount }
        return ImageFormat.sniff(start) == nil ? 0 : file.byteCount
    }

    private static func bytes(_ file: OpenedFile) throws(CodecError) -> [UInt8] {
        do {
            return try file.prefix(maxPictureByteCount)
        } catch {
            throw CodecError(error.message)
        }
    }

    /// Of the file itself: a link's name may claim another type than its target's.
    private static func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }
}
