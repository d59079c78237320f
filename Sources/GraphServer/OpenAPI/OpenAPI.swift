internal import Arguments
internal import GraphCore
internal import HTTP

/// The description of every route as an OpenAPI 3.1 document, `GET /openapi.json`.
///
/// What it says stands in `operations` and `schemas`, as data; the tests compare both with the router and with real
/// answers.
enum OpenAPI {
    static let route = Route.get("/openapi.json") { _ in .json(bytes: bytes) }

    /// Made when somebody first asks.
    static let bytes = JSONWriter.bytes(document)

    static let operations = runOperations + watchOperations + systemOperations + fileOperations + pageOperations

    /// One method on one path.
    struct Operation: Sendable {
        let method: String
        /// As the route spells it: `/history/{id}`.
        let path: String
        let summary: String
        var query: [Parameter] = []
        var body: Content?
        let answers: [Answer]

        init(
            _ method: String, _ path: String, _ summary: String, query: [Parameter] = [], body: Content? = nil,
            _ answers: Answer...
        ) {
            (self.method, self.path, self.summary) = (method, path, summary)
            (self.query, self.body, self.answers) = (query, body, answers)
        }
    }

    struct Parameter: Sendable {
        let name: String
        let schema: Schema

        init(_ name: String, _ schema: Schema, _ description: String) {
            (self.name, self.schema) = (name, schema.described(description))
        }
    }

    /// A body and its media type; a schema only where it is JSON.
    struct Content: Sendable {
        let mediaType: String
        var schema: Schema?
        var isRequired = true

        static func json(_ schema: Schema, isRequired: Bool = true) -> Content {
            Content(mediaType: "application/json", schema: schema, isRequired: isRequired)
        }

        static func json(_ name: String, isRequired: Bool = true) -> Content {
            .json(.named(name), isRequired: isRequired)
        }

        static func bytes(_ mediaType: String) -> Content { Content(mediaType: mediaType) }
    }

    struct Answer: Sendable {
        let status: Int
        let description: String
        let content: Content?

        init(_ status: Int, _ description: String, _ content: Content? = nil) {
            (self.status, self.description, self.content) = (status, description, content)
        }

        /// A refusal in the form that most have.
        static func problem(_ status: Int, _ description: String) -> Answer {
            Answer(status, description, .json("Problem"))
        }
    }

    // MARK: The document

    private static let about = """
        graphrun's server speaks ComfyUI's wire protocol. Every path but /, /user.css and /templates also exists under \
        /api, with the same answers. Bodies are read as JSON whatever their Content-Type, HEAD is answered wherever GET is, \
        and fields may be added to answers and messages: ignore those you do not know. What every route may refuse \
        stands under 'default': 400 a malformed request, 403 a foreign Host or Origin, 405 a method that the path does \
        not take, 408 a request that comes too slowly, 413 a body that is too large, 503 too many connections, \
        or too much at once (with Retry-After), 507 a full disk.
        """

    static var document: JSON {
        var paths: [JSONObject.Member] = []
        for operation in operations {
            let member = JSONObject.Member(operation.method.lowercased(), json(of: operation))
            if let index = paths.firstIndex(where: { $0.key == operation.path }) {
                guard let others = paths[index].value.object else { continue }
                paths[index].value = .object(JSONObject(others.members + [member]))
            } else {
                paths.append(.init(operation.path, .object(JSONObject([member]))))
            }
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "graphrun server", "version": .string(Program.version), "description": .string(about)],
            "servers": [["url": "/"]],
            "paths": .object(JSONObject(paths)),
            "components": [
                "schemas": .object(JSONObject(schemas.map { .init($0.key, $0.value.json) })),
                "responses": [
                    "Problem": json(of: .problem(0, "It was refused; the body says why, and what to try next."))
                ],
            ],
        ]
    }

    private static func json(of operation: Operation) -> JSON {
        var members: [JSONObject.Member] = [
            .init("operationId", .string(name(of: operation))), .init("summary", .string(operation.summary)),
        ]
        let parameters = pathParameters(operation.path) + operation.query.map { parameter($0.name, $0.schema, "query") }
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if let body = operation.body {
            members.append(.init("requestBody", ["required": .bool(body.isRequired), "content": json(of: body)]))
        }
        var answers = operation.answers.map { JSONObject.Member(String($0.status), json(of: $0)) }
        answers.append(.init("default", ["$ref": "#/components/responses/Problem"]))
        members.append(.init("responses", .object(JSONObject(answers))))
        if operation.path == "/ws" { members.append(.init("x-websocket-messages", messages)) }
        return .object(JSONObject(members))
    }

    /// `get_history_id` for `GET /history/{id}`.
    private static func name(of operation: Operation) -> String {
        let words = operation.path.split { !($0.isLetter || $0.isNumber) }
        return ([operation.method.lowercased()] + (words.isEmpty ? ["root"] : words.map(String.init)))
            .joined(separator: "_")
    }

    private static func pathParameters(_ path: String) -> [JSON] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
            parameter(String(segment.dropFirst().dropLast()), .string, "path")
        }
    }

    private static func parameter(_ name: String, _ schema: Schema, _ place: String) -> JSON {
        ["name": .string(name), "in": .string(place), "required": .bool(place == "path"), "schema": schema.json]
    }

    private static func json(of answer: Answer) -> JSON {
        var members = [JSONObject.Member("description", .string(answer.description))]
        if let content = answer.content { members.append(.init("content", json(of: content))) }
        return .object(JSONObject(members))
    }

    private static func json(of content: Content) -> JSON {
        let schema = content.schema.map { ["schema": $0.json] as JSON } ?? .object(JSONObject())
        return .object(JSONObject([.init(content.mediaType, schema)]))
    }
}
