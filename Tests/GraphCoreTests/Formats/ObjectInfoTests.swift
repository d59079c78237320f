import TestData
import Testing
import TestNodes

@testable import GraphCore

@Suite("The /object_info of ComfyUI's test nodes", .enabled(if: Shared.has("wire/object_info_samples.json")))
struct ObjectInfoTests {
    @Test(
        "is what ComfyUI itself answered",
        arguments: ["StubImage", "TestLazyMixImages", "TestVariadicAverage", "TestForLoopOpen"])
    func samples(type: String) throws {
        let samples = try JSONParser.parse(try Shared.bytes("wire/object_info_samples.json"))
        let schema = try #require(NodeRegistry(TestNodeTable.comfyUI())[type]?.schema)
        let ours = ObjectInfo.json(of: schema, in: EmptyEnvironment())
        #expect(Self.sorted(ours) == Self.sorted(try #require(samples[type])))
    }

    @Test("has a member for each type, in the registry's order")
    func table() {
        let json = ObjectInfo.json(of: NodeRegistry(TestNodeTable.small()), in: EmptyEnvironment())
        #expect(json.object?.members.map(\.key) == TestNodeTable.small().map(\.schema.type))
    }

    @Test("lists what is found at the time of asking")
    func choices() {
        let schema = NodeSchema(
            type: "Load", category: "", inputs: [Input<String>("file", choices: .named(.files(.input, .image)))])
        let json = ObjectInfo.json(of: schema, in: Pictures(names: ["new.png"]))
        #expect(json["input"]?["required"]?["file"] == [["new.png"]])
    }

    @Test("shows defaults, ranges and options in the order of the declaration")
    func options() {
        let schema = NodeSchema(
            type: "T", category: "",
            inputs: [
                Input<Double>("x", default: 8, in: 0...100, options: [.init("step", 0.1), .init("round", 0.01)]),
                Input<Int>("seed", default: 0, in: 0...Int128(UInt64.max)),
                Input<String>("method", choices: .fixed(["a", "b"]), default: "b").optional,
                Input<Value>("any", options: []).lazy,
            ], hidden: [.prompt, .dynamicPrompt, .extraPNGInfo, .uniqueID])
        #expect(
            JSONWriter.text(ObjectInfo.json(of: schema, in: EmptyEnvironment())["input"] ?? nil)
                == #"{"required":{"x":["FLOAT",{"default":8.0,"min":0.0,"max":100.0,"step":0.1,"round":0.01}],"#
                + #""seed":["INT",{"default":0,"min":0,"max":18446744073709551615}],"any":["*",{"lazy":true}]},"#
                + #""optional":{"method":[["a","b"],{"default":"b"}]},"#
                + #""hidden":{"prompt":"PROMPT","dynprompt":"DYNPROMPT","extra_pnginfo":"EXTRA_PNGINFO","#
                + #""unique_id":"UNIQUE_ID"}}"#)
    }

    /// Key order aside.
    static func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let object):
            .object(JSONObject(object.members.map { .init($0.key, sorted($0.value)) }.sorted { $0.key < $1.key }))
        case .array(let elements): .array(elements.map(sorted))
        default: json
        }
    }
}
