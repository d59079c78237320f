internal import GraphCore

/// A JSON Schema of the 2020-12 dialect, which OpenAPI 3.1 uses. Objects stay open: readers are to ignore fields they do
/// not know, because fields are added from time to time.
struct Schema: Sendable {
    typealias Fields = KeyValuePairs<String, Schema>

    private(set) var json: JSON

    private init(_ json: JSON) { self.json = json }

    private init(type: JSON) { json = ["type": type] }

    // MARK: Values

    /// Anything.
    static let any = Schema(true)
    static let string = Schema(type: "string")
    static let integer = Schema(type: "integer")
    static let number = Schema(type: "number")
    static let boolean = Schema(type: "boolean")
    static let null = Schema(type: "null")
    static let stringOrNull = Schema(type: ["string", "null"])

    static func oneOf(_ words: String...) -> Schema {
        Schema(["type": "string", "enum": .array(words.map { .string($0) })])
    }

    static func anyOf(_ schemas: Schema...) -> Schema { Schema(["anyOf": .array(schemas.map(\.json))]) }

    /// One of the document's named schemas.
    static func named(_ name: String) -> Schema { Schema(["$ref": .string("#/components/schemas/\(name)")]) }

    // MARK: Lists and objects

    static func list(_ element: Schema) -> Schema { Schema(["type": "array", "items": element.json]) }

    /// A list with a schema for each place.
    static func tuple(_ elements: Schema...) -> Schema {
        Schema([
            "type": "array", "prefixItems": .array(elements.map(\.json)), "items": false,
            "minItems": .number(JSONNumber(elements.count)),
        ])
    }

    /// - Parameters:
    ///   - required: always there.
    ///   - others: what may stand beside the fields named; nil when nothing does today.
    static func object(_ required: Fields = [:], optional: Fields = [:], others: Schema? = nil) -> Schema {
        .object(fields: Array(required), optional: Array(optional), others: others)
    }

    static func object(
        fields required: [Fields.Element], optional: [Fields.Element] = [], others: Schema? = nil
    ) -> Schema {
        var members: [JSONObject.Member] = [.init("type", "object")]
        if !required.isEmpty { members.append(.init("required", .array(required.map { .string($0.key) }))) }
        if !required.isEmpty || !optional.isEmpty {
            members.append(
                .init("properties", .object(JSONObject((required + optional).map { .init($0.key, $0.value.json) }))))
        }
        if let others { members.append(.init("additionalProperties", others.json)) }
        return Schema(.object(JSONObject(members)))
    }

    /// An empty object.
    static let nothing = Schema(["type": "object", "maxProperties": 0])

    /// An object whose keys are not known before.
    static func map(_ value: Schema) -> Schema { .object(others: value) }

    // MARK: Words

    func described(_ text: String) -> Schema {
        guard var object = json.object else { return Schema(["description": .string(text)]) }
        object["description"] = .string(text)
        return Schema(.object(object))
    }
}
