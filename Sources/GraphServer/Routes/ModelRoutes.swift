internal import Files
internal import GraphCore
internal import HTTP
internal import Media

/// Which models and other files there are to choose from. Folders are named below the base folder, and extra ones by the
/// section that names them: where they lie is nobody's business.
struct ModelRoutes {
    let context: ServerContext

    /// Kinds that hold no models.
    private static let otherKinds: Set<String> = ["configs", "custom_nodes"]

    var routes: [Route] {
        let disk = context.disk, folders = context.folders
        return [
            .get("/models") { _ in
                context.work(on: disk) { .json(.array(folders.modelKinds().map { .string($0) })) }
            },
            .get("/models/{folder}") { request in
                context.work(on: disk) {
                    .json(
                        .array(
                            try listed(request) { kind throws(Diagnostic) in try folders.modelFiles(kind) }.map {
                                .string($0)
                            }))
                }
            },
            .get("/experiment/models") { _ in
                context.work(on: disk) {
                    .json(
                        .array(
                            folders.modelKinds().filter { !Self.otherKinds.contains($0) }.map {
                                ["name": .string($0), "folders": names(of: $0)]
                            }))
                }
            },
            .get("/experiment/models/{folder}") { request in
                context.work(on: disk) {
                    let files = try listed(request) { kind throws(Diagnostic) in try folders.modelListing(kind) }
                    return .json(
                        .array(
                            files.map {
                                ["name": .string($0.name), "pathIndex": .number(JSONNumber(Int128($0.folder)))]
                            }))
                }
            },
            .get("/experiment/models/preview/{folder}/{index}/{name...}") { request in
                let kind = request.parameters["folder"] ?? "", name = request.parameters["name"] ?? ""
                guard let index = Int(request.parameters["index"] ?? ""),
                    let form = PicturePreview(preview: "webp", channel: nil)
                else { throw Self.noPreview }
                return context.later {
                    try await ViewRoutes(context: context).picture(form, request) {
                        guard let path = folders.modelPicture(name, kind: kind, folder: index) else {
                            throw Self.noPreview
                        }
                        return path
                    }
                }
            },
            .get("/embeddings") { _ in
                context.work(on: disk) {
                    .json(.array(try folders.modelFiles("embeddings").map { .string(Self.withoutExtension($0)) }))
                }
            },
            .get("/view_metadata/{folder}") { request in
                let kind = request.parameters["folder"] ?? "", name = request.query["filename"] ?? ""
                return context.work(on: disk) {
                    guard let metadata = try? folders.modelMetadata(name, kind: kind) else {
                        throw HTTPProblem(
                            404, "nothing is known of that model", suggestion: "GET /models lists the models.")
                    }
                    return .json(metadata)
                }
            },
            .get("/internal/files/{type}") { request in
                let type = request.parameters["type"] ?? ""
                guard let folder = UploadForm.folder(type) else {
                    throw HTTPProblem(
                        400, "there is no folder '\(type.prefix(60))'", suggestion: "Use input, output or temp.")
                }
                return context.work(on: disk) {
                    .json(.array(folders.annotatedFiles(in: folder).map { .string($0) }))
                }
            },
            .get("/internal/folder_paths") { _ in
                context.work(on: disk) {
                    .json(.object(JSONObject(folders.modelKinds().map { .init($0, names(of: $0)) })))
                }
            },
        ]
    }

    private static let noPreview = HTTPProblem(
        404, "there is no picture of that model",
        suggestion: "Put one beside it: model.png, .jpg or .webp for model.safetensors.")

    private func listed<Files>(
        _ request: Request, _ list: (String) throws(Diagnostic) -> Files
    ) throws(HTTPProblem) -> Files {
        let kind = request.parameters["folder"] ?? ""
        do {
            return try list(kind)
        } catch {
            // One answer for what is not there and for what is elsewhere.
            throw HTTPProblem(
                404, "there is no folder '\(kind.prefix(60))' of models", suggestion: "GET /models lists them.")
        }
    }

    private func names(of kind: String) -> JSON {
        .array(context.folders.modelFolders(kind).map { .string($0.name) })
    }

    private static func withoutExtension(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
        return String(name[..<dot])
    }
}
