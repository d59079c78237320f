internal import Files
internal import GraphCore
internal import HTTP

/// What the editor keeps on the server: settings, workflows, anything else of its own. There is one user, whatever the
/// `Comfy-User` field says.
struct UserRoutes {
    let context: ServerContext
    private let settings: Settings

    init(context: ServerContext) {
        self.context = context
        settings = Settings(folders: context.folders, serverLog: context.serverLog)
    }

    var routes: [Route] { settingRoutes + fileRoutes }

    // MARK: Settings

    private var settingRoutes: [Route] {
        [
            .get("/settings") { _ in context.work(on: context.disk) { .json(.object(try settings.all())) } },
            .get("/settings/{id}") { request in
                let id = request.parameters["id"] ?? ""
                return context.work(on: context.disk) { .json(try settings.value(id)) }
            },
            .post("/settings", maxByteCount: Settings.maxByteCount) { request in
                guard let changes = try context.json(request).object else {
                    throw HTTPProblem(
                        400, "settings are an object", suggestion: #"Send {"Comfy.ColorPalette": "dark"}."#)
                }
                return set(changes)
            },
            .post("/settings/{id}", maxByteCount: Settings.maxByteCount) { request in
                set(JSONObject([.init(request.parameters["id"] ?? "", try context.json(request))]))
            },
        ]
    }

    private func set(_ changes: JSONObject) -> Reply {
        context.work(on: context.disk) {
            try settings.set(changes)
            return Response(200)
        }
    }

    // MARK: Files

    private var fileRoutes: [Route] {
        [
            .get("/userdata") { try list($0) },
            .get("/v2/userdata") { request in
                let path = request.query["path"] ?? ""
                return context.work(on: context.disk) {
                    .json(.array(try context.folders.userEntries(path).map(Self.entry)))
                }
            },
            .get("/userdata/{file}") { request in
                let name = request.parameters["file"] ?? ""
                return context.work(on: context.disk) {
                    try FileAnswer.response(
                        path: try context.folders.userFilePath(name), name: Self.lastPart(name), request: request,
                        // The editor's page links to user.css.
                        contentType: name.hasSuffix(".css") ? MIMETypes.type(ofExtension: "css") : nil)
                }
            },
            context.post("/userdata/{file}") { request in
                let name = request.parameters["file"] ?? ""
                // Replacing is the default, as in ComfyUI.
                let overwrite = request.query["overwrite"]?.lowercased() != "false"
                return context.work(on: context.disk) {
                    Self.told(
                        try context.folders.writeUserFile(name, request.body, overwrite: overwrite), request)
                }
            },
            Route(
                "DELETE", "/userdata/{file}",
                handler: .whole(maxByteCount: 64 << 10) { request in
                    let name = request.parameters["file"] ?? ""
                    return context.work(on: context.disk) {
                        try context.folders.deleteUserFile(name)
                        return Response(204)
                    }
                }),
            .post("/userdata/{file}/move/{destination}", maxByteCount: 64 << 10) { request in
                let name = request.parameters["file"] ?? "", other = request.parameters["destination"] ?? ""
                let overwrite = request.query["overwrite"]?.lowercased() != "false"
                return context.work(on: context.disk) {
                    Self.told(try context.folders.moveUserFile(name, to: other, overwrite: overwrite), request)
                }
            },
        ]
    }

    private static func entry(_ entry: UserEntry) -> JSON {
        let name = JSON.string(lastPart(entry.path)), path = JSON.string(entry.path)
        guard let file = entry.file else { return ["name": name, "path": path, "type": "directory"] }
        return [
            "name": name, "path": path, "type": "file", "size": .number(JSONNumber(file.byteCount)),
            "modified": .number(JSONNumber(file.modifiedMilliseconds)),
            "created": .number(JSONNumber(file.createdMilliseconds)),
        ]
    }

    private func list(_ request: Request) throws -> Reply {
        let query = request.query
        guard let directory = query["dir"], !directory.isEmpty else {
            throw HTTPProblem(400, "no folder is named", suggestion: "Use /userdata?dir=workflows.")
        }
        let isRecursive = query.isTrue("recurse"), isSplit = query.isTrue("split"), isFull = query.isTrue("full_info")
        return context.work(on: context.disk) {
            let files: [UserFile]
            do throws(Diagnostic) {
                files = try context.folders.userFiles(directory, isRecursive: isRecursive)
            } catch {
                // In ComfyUI's words, which its frontend shows.
                if error.code == .fileNotFound { return Response(404, text: "Directory not found") }
                throw error
            }
            return .json(
                .array(
                    files.map { file in
                        if isFull { return file.json }
                        let path = JSON.string(file.path)
                        return isSplit
                            ? .array([path] + file.path.split(separator: "/").map { .string(String($0)) }) : path
                    }))
        }
    }

    /// Where a file is now, or all about it.
    private static func told(_ file: UserFile, _ request: Request) -> Response {
        .json(request.query.isTrue("full_info") ? file.json : .string(file.path))
    }

    private static func lastPart(_ name: String) -> String { String(name.split(separator: "/").last ?? "") }
}

extension UserFile {
    /// Times in milliseconds since 1970.
    fileprivate var json: JSON {
        [
            "path": .string(path), "size": .number(JSONNumber(byteCount)),
            "modified": .number(JSONNumber(modifiedMilliseconds)), "created": .number(JSONNumber(createdMilliseconds)),
        ]
    }
}

extension Query {
    /// Python's word for it, in any case.
    func isTrue(_ name: String) -> Bool { self[name]?.lowercased() == "true" }
}
