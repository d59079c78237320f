import GraphCore

/// Checks a value against a schema of an OpenAPI 3.1 document: the keywords that our document uses, and no others.
///
/// Stricter than JSON Schema in one point: an object that names its fields and says nothing of others has no others.
/// Readers are told to expect more; we are to describe all there is.
struct SchemaChecker {
    let document: JSON

    private static let annotations: Set<String> = ["description", "title"]

    /// What is wrong, each with the place in the value: `at jobs[0].status: ...`. Empty when all is right.
    func complaints(_ value: JSON, _ schema: JSON, at place: String = "") -> [String] {
        func wrong(_ text: String) -> [String] { ["at \(place.isEmpty ? "the top" : place): \(text)"] }
        if let all = schema.bool { return all ? [] : wrong("nothing may stand here") }
        guard let members = schema.object?.members else { return wrong("the schema is no schema") }
        var found: [String] = []
        for member in members {
            switch member.key {
            case "$ref":
                guard let target = member.value.string.flatMap(resolve) else {
                    found += wrong("no schema \(JSONWriter.text(member.value))")
                    continue
                }
                found += complaints(value, target, at: place)
            case "type":
                let types = member.value.array ?? [member.value]
                if !types.contains(where: { Self.isOf($0.string ?? "?", value) }) {
                    found += wrong("\(value.kindName) is not of type \(JSONWriter.text(member.value))")
                }
            case "const":
                if value != member.value { found += wrong("it is not \(JSONWriter.text(member.value))") }
            case "enum":
                if member.value.array?.contains(value) != true {
                    found += wrong("\(JSONWriter.text(value)) is not one of \(JSONWriter.text(member.value))")
                }
            case "anyOf", "oneOf":
                let failures = (member.value.array ?? []).map { complaints(value, $0, at: place) }
                let goodCount = failures.count { $0.isEmpty }
                if goodCount == 0 { found += wrong("it fits nothing of \(member.key)") + failures.joined() }
                if goodCount > 1, member.key == "oneOf" { found += wrong("it fits more than one of oneOf") }
            default: found += complaints(value, member, of: schema, at: place)
            }
        }
        return found
    }

    /// The keywords that speak of one kind of value only.
    private func complaints(_ value: JSON, _ keyword: JSONObject.Member, of schema: JSON, at place: String) -> [String]
    {
        func wrong(_ text: String) -> [String] { ["at \(place.isEmpty ? "the top" : place): \(text)"] }
        let fields = value.object?.members ?? []
        let elements = value.array ?? []
        switch keyword.key {
        case "required":
            let names = Set(fields.map(\.key))
            let missing =
                value.object == nil
                ? [] : (keyword.value.array ?? []).compactMap(\.string).filter { !names.contains($0) }
            return missing.flatMap { wrong("'\($0)' is missing") }
        case "properties":
            return fields.flatMap { field in
                if let schema = keyword.value[field.key] {
                    return complaints(field.value, schema, at: place.isEmpty ? field.key : "\(place).\(field.key)")
                }
                return schema["additionalProperties"] == nil ? wrong("'\(field.key)' is not described") : []
            }
        case "additionalProperties":
            return fields.filter { schema["properties"]?[$0.key] == nil }.flatMap { field in
                complaints(field.value, keyword.value, at: place.isEmpty ? field.key : "\(place).\(field.key)")
            }
        case "maxProperties":
            let limit = keyword.value.number?.int ?? 0
            return fields.count > limit ? wrong("\(fields.count) fields are more than \(limit)") : []
        case "prefixItems":
            return zip(elements, keyword.value.array ?? []).enumerated().flatMap { index, pair in
                complaints(pair.0, pair.1, at: "\(place)[\(index)]")
            }
        case "items":
            let first = schema["prefixItems"]?.array?.count ?? 0
            return elements.enumerated().dropFirst(first).flatMap { index, element in
                complaints(element, keyword.value, at: "\(place)[\(index)]")
            }
        case "minItems":
            let limit = keyword.value.number?.int ?? 0
            let isShort = value.array != nil && elements.count < limit
            return isShort ? wrong("\(elements.count) elements are fewer than \(limit)") : []
        case let name where Self.annotations.contains(name): return []
        default: return wrong("the schema's '\(keyword.key)' is not checked")
        }
    }

    /// `#/components/schemas/Job`.
    func resolve(_ reference: String) -> JSON? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(document as JSON?) { $0?[String($1)] }
    }

    private static func isOf(_ type: String, _ value: JSON) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number.isInteger
        default: false
        }
    }
}
