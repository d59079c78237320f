import Files
import ComfyProtocol
import GraphCore
import Nodes
import Synchronization
import TestData
import TestNodes
import Testing

@testable import GraphServer

/// What `POST /prompt` refuses, compared with what ComfyUI answered to the same requests.
@Suite("A prompt that cannot run")
struct PromptErrorTests {
    private static let registry = NodeRegistry(BuiltInNodes.all() + TestNodeTable.comfyUI())

    private static func answer(_ body: String) -> JSON {
        do throws(PromptReader.Refusal) {
            let read = try PromptReader(
                try ParsedPrompt(Array(body.utf8), limits: JSONParser.Limits()), registry: registry,
                environment: EmptyEnvironment())
            return ["node_errors": read.nodeErrors]
        } catch {
            return error.json
        }
    }

    /// ComfyUI's answer without what only Python can say.
    private static func recorded(_ name: String) throws -> JSON {
        var text = String(decoding: try Shared.bytes("wire/post_prompt.json"), as: UTF8.self)
        // The recording's paths were replaced with a word too few.
        text = text.replacing("HOMEDIR\", line", with: "HOMEDIR\\\", line")
        return try #require(try JSONParser.parse(text)[name]?["body"])
    }

    /// Without our own additions, so that the rest can be compared with ComfyUI's.
    private static func stripped(_ json: JSON) -> JSON {
        switch json {
        case .object(let object):
            .object(
                JSONObject(
                    object.members.filter { !["suggestion", "explanation", "exception_message"].contains($0.key) }
                        .map { .init($0.key, stripped($0.value)) }))
        case .array(let list): .array(list.map(stripped))
        default: json
        }
    }

    private static let empty =
        #""1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}"#

    private static func prompt(_ nodes: String...) -> String { "{\"prompt\": {\(nodes.joined(separator: ", "))}}" }

    private static func preview(_ images: String = #"["1", 0]"#) -> String {
        #""2": {"class_type": "PreviewImage", "inputs": {"images": \#(images)}}"#
    }

    private static func emptyImage(_ field: String, _ value: String) -> String {
        let fields = ["width": "8", "height": "8", "batch_size": "1", "color": "0"].merging([field: value]) { $1 }
        let inputs = ["width", "height", "batch_size", "color"].map { "\"\($0)\": \(fields[$0] ?? "")" }
        return "\"1\": {\"class_type\": \"EmptyImage\", \"inputs\": {\(inputs.joined(separator: ", "))}}"
    }

    private static let cases: [(name: String, body: String)] = [
        ("missing_node_type", prompt(empty, #""2": {"class_type": "NoSuchNode", "inputs": {}}"#)),
        ("missing_class_type", prompt(empty, #""2": {"inputs": {}}"#)),
        ("no_outputs", prompt(empty)),
        ("empty_prompt", "{\"prompt\": {}}"),
        ("no_prompt_key", "{\"client_id\": \"x\"}"),
        ("prompt_is_list", "{\"prompt\": []}"),
        ("required_input_missing", prompt(empty, #""2": {"class_type": "PreviewImage", "inputs": {}}"#)),
        ("return_type_mismatch", prompt(#""1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}"#, preview())),
        ("value_smaller_than_min", prompt(emptyImage("width", "0"), preview())),
        ("value_bigger_than_max", prompt(emptyImage("color", "16777216"), preview())),
        ("bad_linked_input_len3", prompt(empty, preview(#"["1", 0, 0]"#))),
        (
            "value_not_in_list",
            prompt(
                empty,
                #""3": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "nope", "width": 8, "height": 8, "crop": "disabled"}}"#,
                preview(#"["3", 0]"#))
        ),
        (
            "loadimage_missing_file",
            prompt(#""1": {"class_type": "LoadImage", "inputs": {"image": "nope.png"}}"#, preview())
        ),
    ]

    @Test("is answered as ComfyUI answers it", .enabled(if: Shared.has("wire/post_prompt.json")), arguments: cases)
    func recorded(name: String, body: String) throws {
        #expect(
            JSONWriter.text(Self.stripped(Self.answer(body)), style: .indented)
                == JSONWriter.text(Self.stripped(try Self.recorded(name)), style: .indented))
    }

    @Test("says what a value should have been")
    func wrongType() {
        let answer = Self.answer(Self.prompt(Self.emptyImage("width", "\"abc\""), Self.preview()))
        let error = answer["node_errors"]?["1"]?["errors"]?.array?.first
        #expect(error?["type"] == "invalid_input_type")
        #expect(error?["message"] == "Failed to convert an input value to a INT value")
        #expect(error?["details"] == "width, abc, input 'width': \"abc\" is not a whole number")
        #expect(error?["extra_info"]?["received_value"] == "abc")
        #expect(error?["suggestion"] == "Give 'width' a whole number.")
        #expect(answer["node_errors"]?["1"]?["dependent_outputs"] == ["2"])
        #expect(answer["node_errors"]?["1"]?["class_type"] == "EmptyImage")
    }

    @Test("names the consumer of a link to nothing, and the way out")
    func badLink() {
        let answer = Self.answer(Self.prompt(Self.empty, Self.preview(#"["99", 0]"#)))
        let error = answer["node_errors"]?["2"]?["errors"]?.array?.first
        #expect(error?["type"] == "bad_linked_input")
        #expect(error?["explanation"] == "input 'images' links to node '99', which does not exist")
        #expect(answer["error"]?["type"] == "prompt_outputs_failed_validation")
        #expect(
            answer["error"]?["details"]
                == "Bad linked input, must be a length-2 list of [node_id, slot_index]: images: input 'images' links to node '99', which does not exist"
        )
    }

    @Test("names the path of a cycle, which ComfyUI keeps to itself")
    func cycle() {
        let invert = { (id: String, from: String) in
            "\"\(id)\": {\"class_type\": \"ImageInvert\", \"inputs\": {\"image\": [\"\(from)\", 0]}}"
        }
        let answer = Self.answer(Self.prompt(invert("3", "7"), invert("7", "3"), Self.preview(#"["3", 0]"#)))
        let node = answer["node_errors"]?.object?.members.first?.value
        #expect(node?["errors"]?.array?.first?["type"] == "dependency_cycle")
        #expect(node?["errors"]?.array?.first?["details"] == "these nodes wait for each other: 3 -> 7 -> 3")
        #expect(node?["dependent_outputs"] == ["2"])
    }

    @Test("runs in part when one of its outputs is good")
    func partial() {
        let answer = Self.answer(
            Self.prompt(
                Self.empty, Self.preview(), #""4": {"class_type": "ImageInvert", "inputs": {}}"#,
                #""3": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}}"#))
        #expect(answer["error"] == nil)
        #expect(answer["node_errors"]?["4"]?["dependent_outputs"] == ["3"])
        #expect(answer["node_errors"]?["4"]?["errors"]?.array?.first?["type"] == "required_input_missing")
    }

    @Test(
        "is refused with a reason where ComfyUI fails with 500",
        arguments: [
            ("{", "invalid_json", "The request is not valid JSON"),
            ("", "invalid_json", "The request is not valid JSON"),
            ("[]", "invalid_json", "The request is no JSON object"),
            ("{\"prompt\": null}", "invalid_prompt", "The prompt is no object of nodes"),
            ("{\"prompt\": \"x\"}", "invalid_prompt", "The prompt is no object of nodes"),
            ("{\"prompt\": {}, \"prompt_id\": 5.5, \"number\": \"x\"}", "invalid_number", "The number is no number"),
            ("{\"prompt\": {}, \"prompt_id\": {}}", "invalid_prompt_id", "The prompt_id cannot be used"),
        ])
    func malformed(body: String, type: String, message: String) {
        let error = Self.answer(body)["error"]
        #expect(error?["type"] == .string(type))
        #expect(error?["message"] == .string(message))
        #expect(error?["suggestion"] != nil)
    }

    @Test(
        "is refused when its text is not UTF-8",
        arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF8, 0x88]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) async throws {
        // The column is where the string begins.
        let start = #"{"prompt": {"1": {"class_type": "TTS", "inputs": {"text": "Hello "#
        let body = Array(start.utf8) + bytes + Array(#""}}}}"#.utf8)
        let answer = await (try TestPlace()).post("/prompt", body)
        #expect(answer.status == 400)
        #expect(answer.json["error"]?["type"] == "invalid_json")
        #expect(
            answer.json["error"]?["details"]
                == .string("line 1, column \(start.count - 5): this string is not valid UTF-8"))
    }

    @Test("has no outputs when none of those named is one", arguments: ["[]", "[\"99\"]", "[\"1\"]", "[7]"])
    func targets(list: String) {
        let body = "{\"prompt\": {\(Self.empty), \(Self.preview())}, \"partial_execution_targets\": \(list)}"
        #expect(Self.answer(body)["error"]?["type"] == "prompt_no_outputs")
    }

    @Test("keeps no secret of a logged-in frontend")
    func secrets() throws {
        let body =
            "{\"prompt\": {\(Self.empty), \(Self.preview())}, \"client_id\": \"c\","
            + "\"extra_data\": {\"api_key_comfy_org\": \"secret\", \"auth_token_comfy_org\": \"secret\", \"other\": 1}}"
        let read = try PromptReader(
            try ParsedPrompt(Array(body.utf8), limits: JSONParser.Limits()), registry: Self.registry,
            environment: EmptyEnvironment())
        #expect(try JSONParser.parse(read.extraData) == ["other": 1, "client_id": "c"])
    }

    private static func editorFile(_ values: String, type: String = "SaveImage") -> String {
        """
        {"version": 0.4, "nodes": [
          {"id": 1, "type": "EmptyImage", "widgets_values": [8, 8, 1, 255]},
          {"id": 2, "type": "\(type)", "inputs": [{"name": "images", "type": "IMAGE"}], "widgets_values": [\(values)]}],
         "links": [[1, 1, 0, 2, 0, "IMAGE"]]}
        """
    }

    @Test("may be a file of the editor, which is converted and kept for the pictures it makes")
    func editor() throws {
        let file = Self.editorFile("\"x\", 1, 2, 3")
        for body in ["{\"workflow\": \(file)}", "{\"prompt\": \(file)}", file] {
            let read = try PromptReader(
                try ParsedPrompt(Array(body.utf8), limits: JSONParser.Limits()), registry: Self.registry,
                environment: EmptyEnvironment())
            #expect(
                try JSONParser.parse(read.graph) == [
                    "1": [
                        "inputs": ["width": 8, "height": 8, "batch_size": 1, "color": 255], "class_type": "EmptyImage",
                        "_meta": ["title": "EmptyImage"],
                    ],
                    "2": [
                        "inputs": ["filename_prefix": "x", "images": ["1", 0]], "class_type": "SaveImage",
                        "_meta": ["title": "Save Image"],
                    ],
                ])
            #expect(try read.workflow.extraPNGInfo["workflow"] == JSONParser.parse(file))
            // The history has it, too: there the frontend finds what it opens.
            #expect(try JSONParser.parse(read.extraData)["extra_pnginfo"]?["workflow"] == JSONParser.parse(file))
            #expect(
                read.notes == ["Node ID '#2': it has 4 widgets_values, and SaveImage has 1: the last are left out"])
        }
    }

    @Test("is refused when it is an editor's file with a node that nobody knows")
    func foreign() {
        let answer = Self.answer("{\"workflow\": \(Self.editorFile("1, 2", type: "SaveImages"))}")
        #expect(
            answer["error"] == [
                "type": "invalid_prompt", "message": "The prompt cannot be read",
                "details":
                    "Node ID '#2': its type 'SaveImages' is unknown, and the file does not name its widgets",
                "extra_info": [:], "suggestion": "Did you mean 'SaveImage'?",
            ])
    }

    // MARK: Many errors

    /// Counts how often a list of files is made.
    private struct CountedFiles: NodeEnvironment {
        let counter = Counter()

        func choices(_ source: ChoiceSource) -> [String] {
            counter.count.add(1, ordering: .relaxed)
            return (0..<1000).map { "file \($0)" }
        }
        func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic? {
            EmptyEnvironment().refusal(of: choice, from: source)
        }
        func read(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> [UInt8] { [] }
        func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String { name }
        func modelPath(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String { choice }
        func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String { choice }
        func save(
            _ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName
        ) throws(Diagnostic) -> SavedFile { SavedFile(filename: "", subfolder: "", folder: folder) }
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    @Test("has a folder read once, however many of its nodes are wrong, and is answered in a few megabytes")
    func folders() throws {
        let nodes = (0..<1000).map { index in
            JSONObject.Member(
                "\(index)",
                [
                    "class_type": "PreviewImage",
                    "inputs": ["images": [.string("l\(index)"), 0]],
                ])
        }
        let loaders = (0..<1000).map { index in
            JSONObject.Member("l\(index)", ["class_type": "LoadImage", "inputs": ["image": ["a", "b", "c"]]])
        }
        let files = CountedFiles()
        let body = JSONWriter.bytes(["prompt": .object(JSONObject(nodes + loaders))])
        #expect {
            _ = try PromptReader(
                try ParsedPrompt(body, limits: JSONParser.Limits()), registry: Self.registry, environment: files)
        } throws: { error in
            guard let refusal = error as? PromptReader.Refusal else { return false }
            let errors = ["l0", "l999"].map { refusal.nodeErrors[$0]?["errors"]?.array?.first }
            #expect(errors.map { $0?["type"] } == ["invalid_input_type", "invalid_input_type"])
            // 1,000 lists of 1,000 files would be 14 MB.
            let configs = errors.map { $0?["extra_info"]?["input_config"] }
            #expect(configs[0]?.array != nil && configs[1] == .null)
            return true
        }
        #expect(files.counter.count.load(ordering: .relaxed) < 20)
    }

    @Test("with many wrong inputs in one node is answered in linear time")
    func inputs() throws {
        // With the square of it, the test would take minutes.
        let inputs = (0..<30_000).map { JSONObject.Member("input \($0)", ["nowhere", 0]) }
        let node: JSON = [
            "class_type": "PreviewAny", "inputs": .object(JSONObject(inputs + [.init("source", 1)])),
        ]
        let answer = Self.answer(JSONWriter.text(["prompt": ["1": node]]))
        let errors = try #require(answer["node_errors"]?["1"]?["errors"]?.array)
        #expect(errors.count == 30_000)
        #expect(errors.last?["extra_info"]?["received_value"] == ["nowhere", 0])
    }
}
