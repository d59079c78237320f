import GraphCore
import Testing

/// A check that cannot fail proves nothing.
@Suite("The schema checker")
struct SchemaCheckerTests {
    private static let checker = SchemaChecker(
        document: [
            "components": [
                "schemas": [
                    "File": [
                        "type": "object", "required": ["name"],
                        "properties": ["name": ["type": "string"], "size": ["type": ["integer", "null"]]],
                    ]
                ]
            ]
        ])

    @Test(
        "takes what fits",
        arguments: [
            (#"{"name": "a", "size": null}"#, ##"{"$ref": "#/components/schemas/File"}"##),
            ("[1, 2.5]", #"{"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "number"}}"#),
            (#"{"x": 1}"#, #"{"type": "object", "additionalProperties": {"const": 1}}"#),
            (#""b""#, #"{"oneOf": [{"enum": ["a", "b"]}, {"type": "number"}]}"#), ("{}", #"{"maxProperties": 0}"#),
            ("7", "true"),
        ])
    func good(value: String, schema: String) throws {
        #expect(Self.checker.complaints(try JSONParser.parse(value), try JSONParser.parse(schema)) == [])
    }

    @Test(
        "refuses what does not, and says where",
        arguments: [
            ("{}", ##"{"$ref": "#/components/schemas/File"}"##, "at the top: 'name' is missing"),
            (
                #"{"name": 5}"#, ##"{"$ref": "#/components/schemas/File"}"##,
                #"at name: a number is not of type "string""#
            ),
            (
                #"{"name": "", "size": 0.5}"#, ##"{"$ref": "#/components/schemas/File"}"##,
                #"at size: a number is not of type ["integer","null"]"#
            ),
            (
                #"{"name": "", "more": 1}"#, ##"{"$ref": "#/components/schemas/File"}"##,
                "at the top: 'more' is not described"
            ),
            ("1", ##"{"$ref": "#/components/schemas/None"}"##, ##"at the top: no schema "#/components/schemas/None""##),
            ("[1, \"x\"]", #"{"items": {"type": "number"}}"#, #"at [1]: a string is not of type "number""#),
            ("[1, 2]", #"{"prefixItems": [{"type": "number"}], "items": false}"#, "at [1]: nothing may stand here"),
            ("[]", #"{"minItems": 1}"#, "at the top: 0 elements are fewer than 1"),
            ("3", #"{"const": 1}"#, "at the top: it is not 1"),
            ("3", #"{"enum": [1, 2]}"#, "at the top: 3 is not one of [1,2]"),
            ("3", #"{"oneOf": [{"type": "number"}, true]}"#, "at the top: it fits more than one of oneOf"),
            (#"{"a": 1}"#, #"{"maxProperties": 0}"#, "at the top: 1 fields are more than 0"),
            (#"{"a": {"b": 1}}"#, #"{"additionalProperties": {"properties": {}}}"#, "at a: 'b' is not described"),
            ("3", #"{"pattern": "x"}"#, "at the top: the schema's 'pattern' is not checked"),
        ])
    func bad(value: String, schema: String, complaint: String) throws {
        #expect(Self.checker.complaints(try JSONParser.parse(value), try JSONParser.parse(schema)) == [complaint])
    }

    @Test("says why nothing of anyOf fits")
    func anyOf() throws {
        let schema = try JSONParser.parse(#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#)
        #expect(
            Self.checker.complaints(1, schema) == [
                "at the top: it fits nothing of anyOf", #"at the top: a number is not of type "string""#,
                #"at the top: a number is not of type "null""#,
            ])
    }
}
