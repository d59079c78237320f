internal import Files
internal import GraphCore
internal import HTTP

/// The workflows in `workflows/` under the base folder, as the templates that the editor offers.
///
/// The list is ours whenever that folder has a workflow in it; else, and for every file that is not there, the templates
/// count that pip puts beside the frontend, then the frontend's own `templates/`.
struct TemplateRoutes {
    let context: ServerContext
    private let own: StaticFiles
    private let packages: PipPackages
    private let frontEnd: StaticFiles?

    private static let maxCount = 200
    private static let maxByteCount = 1 << 20

    init(context: ServerContext) {
        self.context = context
        let base = context.options.baseDirectory
        own = StaticFiles(path: base.hasSuffix("/") ? base + "workflows" : base + "/workflows")
        packages = context.options.frontEndRoot.map { PipPackages(beside: $0) } ?? .none
        frontEnd = context.options.frontEndRoot.map { StaticFiles(path: $0) }
    }

    /// A file of another place than `workflows/`; nil when none has it.
    private func other(_ name: String, _ request: Request) throws -> Response? {
        for files in packages.templates where (try? files.locate(name)) != nil {
            return try PageRoutes.file(name, files, request)
        }
        guard let frontEnd, (try? frontEnd.locate("templates/" + name)) != nil else { return nil }
        return try PageRoutes.file("templates/" + name, frontEnd, request)
    }

    var routes: [Route] {
        [
            .get("/templates/index.json") { request in
                context.work(on: context.disk) {
                    let names = workflows()
                    if names.isEmpty, let other = try other("index.json", request) { return other }
                    return .json(names.isEmpty ? [] : [index(names)])
                }
            },
            .get("/templates/index_logo.json") { request in
                context.work(on: context.disk) {
                    try other("index_logo.json", request) ?? .json(.object(JSONObject()))
                }
            },
            .get("/templates/{file}") { request in
                let name = request.parameters["file"] ?? ""
                return context.work(on: context.disk) {
                    if (try? own.locate(name)) == nil, let other = try other(name, request) { return other }
                    return try shown(try own.locate(name), name, request)
                }
            },
        ]
    }

    /// Workflows and pictures only: nothing else that lies there is meant for others.
    private func shown(_ path: String, _ name: String, _ request: Request) throws -> Response {
        if name.hasSuffix(".json"), let workflow = forEditors(path) { return .json(workflow) }
        guard [".png", ".webp", ".jpg"].contains(where: { name.hasSuffix($0) }) else {
            throw Diagnostic(.fileNotFound, node: nil, "there is no template '\(name.prefix(100))'")
        }
        return try FileAnswer.response(path: path, name: name, request: request)
    }

    /// File names without `.json`.
    private func workflows() -> [String] {
        own.names(endingWith: ".json").prefix(Self.maxCount).filter { name in
            (try? own.locate(name)).flatMap(forEditors) != nil
        }.map { String($0.dropLast(5)) }
    }

    /// The workflow in a file in the format of ComfyUI's editor, which takes no other as a template. Nil for what is
    /// neither that nor the API format.
    private func forEditors(_ path: String) -> JSON? {
        guard let file = try? OpenedFile(path: path), file.byteCount <= Self.maxByteCount,
            let bytes = try? file.prefix(Self.maxByteCount), let json = try? JSONParser.parse(bytes)
        else { return nil }
        if let nodes = json["nodes"]?.array {
            guard nodes.allSatisfy({ $0["id"]?.number != nil }) else { return nil }
            return json
        }
        guard Self.isPrompt(json) || json["prompt"].map(Self.isPrompt) == true,
            let workflow = try? WorkflowReader(registry: context.registry).read(json).workflow
        else { return nil }
        return EditorDrawing.json(of: workflow, shapes: NodeShapes(context.registry)).file
    }

    private static func isPrompt(_ json: JSON) -> Bool {
        guard let members = json.object?.members, !members.isEmpty else { return false }
        return members.allSatisfy { $0.value["class_type"]?.string != nil }
    }

    private func index(_ names: [String]) -> JSON {
        [
            "moduleName": "default", "title": "graphrun", "type": "image", "category": "EXAMPLES",
            "templates": .array(
                names.map { name in
                    let hasWebP = (try? own.locate("\(name)-1.webp")) != nil
                    return [
                        "name": .string(name), "title": .string(Self.title(name)), "mediaType": "image",
                        "mediaSubtype": hasWebP ? "webp" : "png", "description": "",
                    ]
                }),
        ]
    }

    /// `photo-hybrid` is `Photo hybrid`.
    private static func title(_ name: String) -> String {
        let words = name.split { $0 == "-" || $0 == "_" }.joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
