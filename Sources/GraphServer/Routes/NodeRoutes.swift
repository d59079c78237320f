internal import Files
internal import GraphCore
internal import HTTP

/// What node types there are.
struct NodeRoutes {
    let context: ServerContext

    var routes: [Route] {
        [
            .get("/object_info") { _ in
                context.work(on: context.disk) {
                    Self.answer(ObjectInfo.json(of: context.registry, in: context.folders))
                }
            },
            .get("/object_info/{node}") { request in
                let name = request.parameters["node"] ?? ""
                guard let type = context.registry[name] else { return .json(.object(JSONObject())) }
                return context.work(on: context.disk) {
                    Self.answer(
                        .object(JSONObject([.init(name, ObjectInfo.json(of: type.schema, in: context.folders))])))
                }
            },
            .get("/extensions") { _ in .json(.array([])) },
        ]
    }

    private static func answer(_ json: JSON) -> Response {
        Response(
            200, headers: ["Content-Type": "application/json; charset=utf-8"], body: .bytes(JSONWriter.bytes(json)))
    }
}
