import Foundation
import GraphCore
import Media
import Testing

/// Workflows as people have them: saved in ComfyUI's editor, or inside what a workflow made.
@Suite("A workflow of the editor")
struct EditorFileTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("input/a.png", Samples.picture)
        try workplace.write("editor.json", Self.editor)
    }

    /// A picture through a reroute and a bypassed node, saved.
    private static let editor = """
        {"last_node_id": 5, "version": 0.4, "nodes": [
          {"id": 1, "type": "LoadImage", "inputs": [], "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}],
           "widgets_values": ["a.png", "image"]},
          {"id": 2, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 1}]},
          {"id": 3, "type": "ImageInvert", "mode": 4, "inputs": [{"name": "image", "type": "IMAGE", "link": 2}],
           "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [3]}]},
          {"id": 4, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 3}],
           "widgets_values": ["edited"]},
          {"id": 5, "type": "Note", "widgets_values": ["hello"]}],
         "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "IMAGE"], [3, 3, 0, 4, 0, "IMAGE"]]}
        """

    private static let prompt: JSON = [
        "1": ["inputs": ["image": "a.png"], "class_type": "LoadImage", "_meta": ["title": "Load Image"]],
        "4": [
            "inputs": ["filename_prefix": "edited", "images": ["1", 0]], "class_type": "SaveImage",
            "_meta": ["title": "Save Image"],
        ],
    ]

    @Test("runs as it is")
    func runs() async throws {
        let result = try await workplace.graphrun("editor.json", "--events", "none")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(workplace.outputs == ["edited_00001_.png"])
    }

    @Test("is converted as ComfyUI's frontend does")
    func convert() async throws {
        let result = try await workplace.graphrun("convert", "editor.json")
        #expect(result.errors.isEmpty)
        #expect(try JSONParser.parse(result.output) == Self.prompt)
    }

    @Test("stays as it is when the editor's format is asked for")
    func stays() async throws {
        let result = try await workplace.graphrun("convert", "editor.json", "--to", "ui")
        #expect(try JSONParser.parse(result.output) == JSONParser.parse(Self.editor))
    }

    @Test("is drawn from a prompt, and reads back as the same prompt")
    func drawn() async throws {
        try workplace.write("api.json", JSONWriter.text(Self.prompt))
        let drawn = try await workplace.graphrun("convert", "api.json", "--to", "ui")
        #expect(drawn.code == 0 && drawn.errors.isEmpty)
        try workplace.write("drawn.json", drawn.output)
        let back = try await workplace.graphrun("convert", "drawn.json")
        #expect(try JSONParser.parse(back.output) == Self.prompt)
    }

    @Test("comes out of the picture that it made, and runs again")
    func picture() async throws {
        #expect(try await workplace.graphrun("editor.json", "--events", "none").code == 0)
        let made = "output/edited_00001_.png"
        let again = try await workplace.graphrun(made, "--events", "none")
        #expect(again.code == 0 && again.errors.isEmpty)
        #expect(workplace.outputs == ["edited_00001_.png", "edited_00002_.png"])
        let file = try await workplace.graphrun("convert", made, "--to", "ui")
        #expect(try JSONParser.parse(file.output) == JSONParser.parse(Self.editor))
    }

    @Test("is missed in a picture that carries none")
    func bare() async throws {
        let result = try await workplace.graphrun("input/a.png")
        #expect(result.code == 2)
        #expect(
            result.errors == """
                error: a.png: the file carries no workflow
                  Choose one that ComfyUI or graphrun has saved and nobody has re-saved since, or a workflow's JSON.

                """)
    }

    @Test("comes out of a picture of ComfyUI's whose nodes always change, which it writes as NaN")
    func notANumber() async throws {
        let prompt = #"{"1": {"class_type": "PrimitiveString", "inputs": {"value": "NaN \"NaN"}, "is_changed": [NaN]}}"#
        let image = Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3])
        try workplace.write(
            "made.png", try PNGCodec.encode(image, at: 0, text: [TextChunk(keyword: "prompt", text: prompt)]))
        let result = try await workplace.graphrun("convert", "made.png")
        #expect(
            try JSONParser.parse(result.output) == [
                "1": ["inputs": ["value": "NaN \"NaN"], "class_type": "PrimitiveString"]
            ])
    }

    // MARK: Nodes of others

    /// A node that this program does not have.
    private static let foreign = """
        {"version": 0.4, "nodes": [{"id": 7, "type": "KSampler", "inputs": [], "widgets_values": [5, "fixed", 20]}],
         "links": []}
        """
    private static let description = """
        {"KSampler": {"input": {"required": {"model": ["MODEL"], "seed": ["INT", {"default": 0}],
         "steps": ["INT", {"default": 1}]}}, "output": ["LATENT"], "display_name": "KSampler"}}
        """
    private static let foreignPrompt: JSON = [
        "7": ["inputs": ["seed": 5, "steps": 20], "class_type": "KSampler", "_meta": ["title": "KSampler"]]
    ]

    @Test("with nodes of others is converted with a server's description, from a file or from the server")
    func described() async throws {
        try workplace.write("foreign.json", Self.foreign)
        try workplace.write("info.json", Self.description)
        let server = try FakeServer(.init(objectInfo: Self.description))
        for source in ["info.json", server.url, server.url + "/object_info"] {
            let result = try await workplace.graphrun("convert", "foreign.json", "--object-info", source)
            #expect(result.errors.isEmpty)
            #expect(try JSONParser.parse(result.output) == Self.foreignPrompt, "\(source)")
        }
    }

    @Test("with nodes of others is refused without one, by the names of the nodes")
    func undescribed() async throws {
        try workplace.write("foreign.json", Self.foreign)
        let result = try await workplace.graphrun("convert", "foreign.json")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 7: its type 'KSampler' is unknown, and the file does not name its widgets
                  Convert it with what a server that has it says: graphrun convert FILE --object-info http://127.0.0.1:8188 (or a file).

                """)
    }

    @Test("is not helped by a description that is none")
    func wrongDescription() async throws {
        try workplace.write("foreign.json", Self.foreign)
        let wrong = try await workplace.graphrun("convert", "foreign.json", "--object-info", "editor.json")
        #expect(wrong.code == 2)
        #expect(
            wrong.errors == """
                graphrun: editor.json: this does not describe nodes as ComfyUI's /object_info does
                  Save it with: curl http://127.0.0.1:8188/object_info > object_info.json

                """)
        let missing = try await workplace.graphrun("convert", "foreign.json", "--object-info", "nowhere.json")
        #expect(missing.code == 2)
        #expect(missing.errors.hasPrefix("graphrun: nowhere.json: there is no such file\n"))
    }
}
