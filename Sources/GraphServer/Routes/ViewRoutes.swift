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
            return context.work(on: context.pictures) {
                let path = try locate(filename, query)
                return try picture(path, form, request)
            }
        }
        return context.work(on: context.disk) {
            let path = try locate(filename, query)
            return try FileAnswer.response(path: path, name: Self.name(path), request: request)
        }
    }

    private func locate(_ filename: String, _ query: Query) throws(HTTPProblem) -> String {
        do {
            return try context.folders.locate(
                filename: filename, subfolder: query["subfolder"] ?? "", type: query["type"])
        } catch {
            // ComfyUI's: a name that is a path is a bad request, a subfolder or link that leads out is forbidden.
            let isPath = filename.contains("/") || filename.contains("\\") || filename.contains("..")
            throw error.problem(error.code == .outsideFolder && error.input == "filename" && isPath ? 400 : nil)
        }
    }

    private func picture(_ path: String, _ form: PicturePreview, _ request: Request) throws -> Response {
        let name = Self.name(path)
        let file = try OpenedFile(path: path)
        guard file.byteCount <= Self.maxPictureByteCount else {
            throw HTTPProblem(
                413,
                "'\(name)' has \(file.byteCount) bytes, and pictures of up to \(Self.maxPictureByteCount) are read",
                suggestion: "Ask for it without preview and channel.")
        }
        do throws(CodecError) {
            let made = try form.make(of: try Self.bytes(file))
            var headers = FileAnswer.headers(name, isAttachment: false)
            headers["Content-Type"] = made.contentType
            return Response(200, headers: headers, body: .bytes(made.bytes))
        } catch {
            // Editors ask for previews of whatever there is: a sound, or a GIF, is given as it is.
            if request.query["preview"] != nil {
                return try FileAnswer.response(path: path, name: name, request: request)
            }
            throw HTTPProblem(400, "'\(name)': \(error.message)", suggestion: error.suggestion)
        }
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
