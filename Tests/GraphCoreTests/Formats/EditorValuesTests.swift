import Foundation
import TestData
import Testing

@testable import GraphCore

/// Values of editor files go to the inputs they belong to, or something is said.
@Suite("The values of a file of the editor")
struct EditorValuesTests {
    private static func fixture(_ name: String) throws -> JSON {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/editor-values/\(name).json")
        return try JSONParser.parse([UInt8](try Data(contentsOf: file)))
    }

    private static let emptyImage: JSON = [
        "input": [
            "required": [
                "width": ["INT", ["default": 512]], "height": ["INT", ["default": 512]],
                "batch_size": ["INT", ["default": 1]], "color": ["INT", ["default": 0]],
            ]
        ], "output": ["IMAGE"],
    ]

    private static func read(_ file: JSON, _ objectInfo: JSON = [:]) throws -> WorkflowReader.Reading {
        var described = objectInfo.object ?? JSONObject()
        described["EmptyImage"] = emptyImage
        return try WorkflowReader(
            registry: NodeRegistry(), shapes: NodeShapes(NodeRegistry(), objectInfo: described)
        ).read(file)
    }

    private static func inputs(_ id: NodeID, _ reading: WorkflowReader.Reading) -> JSON? {
        APIFormat.json(of: reading.workflow)[id.text]?["inputs"]
    }

    @Test("by name of a node that nobody knows are all kept")
    func named() throws {
        let reading = try Self.read(try Self.fixture("w.ui"))
        #expect(
            Self.inputs("2", reading) == [
                "frame_rate": 24, "filename_prefix": "film", "format": "video/h264-mp4", "images": ["1", 0],
            ])
        #expect(reading.notes == [])
    }

    @Test("without names of a node that nobody knows are refused by its name")
    func unnamed() throws {
        #expect {
            _ = try Self.read(try Self.fixture("array.ui"))
        } throws: { error in
            (error as? UnreadableWorkflow)?.diagnostics.map(\.message)
                == ["its type 'FilmMaker' is unknown, and the file does not name its widgets"]
        }
    }

    @Test("behind a seed inside a dynamic combo stay in their places")
    func nestedSeed() throws {
        let info = try Self.fixture("object_info")
        #expect(
            Self.inputs("1", try Self.read(try Self.fixture("nested-seed.ui"), info)) == [
                "model": "m-2-5", "model.prompt": "a river", "model.seed": -1, "model.watermark": false,
                "model.audio": true, "model.tier": "flex", "model.priority": 7,
            ])
        let control = Self.inputs("1", try Self.read(try Self.fixture("nested-control.ui"), info))
        #expect(control?["model.seed"] == 4 && control?["model.watermark"] == true)
        #expect(
            Self.inputs("1", try Self.read(try Self.fixture("seed-before-combo.ui"), info))
                == ["seed": 5, "model": "b", "model.text": "hello", "model.n": 9])
    }

    // MARK: Another version of a node

    private static let scale: JSON = [
        "Scale": [
            "input": [
                "required": [
                    "width": ["INT", ["default": 512]], "mode": [["area", "lanczos"]],
                    "crop": ["BOOLEAN", ["default": false]], "note": ["STRING", ["default": ""]],
                ]
            ], "output": ["IMAGE"],
        ]
    ]

    private static func scaled(_ values: JSON, slots: [JSON] = []) throws -> WorkflowReader.Reading {
        try read(
            [
                "last_node_id": 1, "version": 0.4, "links": [],
                "nodes": [
                    [
                        "id": 1, "type": "Scale", "inputs": .array(slots), "outputs": [], "widgets_values": values,
                    ]
                ],
            ], scale)
    }

    private static func slot(_ name: String, _ type: String) -> JSON {
        ["name": .string(name), "type": .string(type), "link": .null, "widget": ["name": .string(name)]]
    }

    @Test("more than the type has are matched by name where the file names them, and what is left out is said")
    func matched() throws {
        let reading = try Self.scaled(
            [9, 640, "fixed", "lanczos", 4, 5, true, "x"],
            slots: [
                Self.slot("old", "INT"), Self.slot("width", "INT"), Self.slot("mode", "COMBO"),
                Self.slot("other", "INT"), Self.slot("third", "INT"), Self.slot("crop", "BOOLEAN"),
                Self.slot("note", "STRING"),
            ])
        #expect(
            Self.inputs("1", reading)
                == ["width": 640, "mode": "lanczos", "crop": true, "note": "x"])
        #expect(
            reading.notes.map(\.message) == [
                "it has 8 widgets_values, and Scale has 4: they are matched by name, and 'old', 'other', 'third' left out"
            ])
    }

    @Test("fewer than the type has are matched by name, the others have their defaults")
    func fewer() throws {
        let reading = try Self.scaled(["lanczos"], slots: [Self.slot("mode", "COMBO")])
        #expect(
            Self.inputs("1", reading) == ["width": 512, "mode": "lanczos", "crop": false, "note": ""])
        #expect(
            reading.notes.map(\.message) == [
                "it has 1 widgets_values, and Scale has 4: they are matched by name"
            ])
    }

    @Test(
        "that cannot belong to their input are said",
        arguments: [
            (["x", "area", false, ""], "the value of 'width' is \"x\", which is not a number"),
            ([1, 5, false, ""], "the value of 'mode' is 5, which is not a choice"),
            ([1, true, false, ""], "the value of 'mode' is true, which is not a choice"),
            ([1, "area", "lanczos", ""], "the value of 'crop' is \"lanczos\", which is not true or false"),
            ([true, "area", false, ""], "the value of 'width' is true, which is not a number"),
            ([1, "area", false, ["a": 1]], "the value of 'note' is {\"a\":1}, which is not a text"),
        ] as [(JSON, String)])
    func strange(values: JSON, message: String) throws {
        let reading = try Self.scaled(values)
        #expect(reading.notes.map(\.message) == [message])
        #expect(reading.notes.map(\.node) == ["1"])
        #expect(reading.notes.first?.suggestion == "Check its values: the file may be of another version of Scale.")
    }

    @Test(
        "that can belong are taken without a word",
        arguments: [["12", "area", "true", 5], [1.5, "no such mode", 1, ""], [.null, .null, .null, .null]] as [JSON])
    func possible(values: JSON) throws { #expect(try Self.scaled(values).notes == []) }

    // MARK: Other forms

    @Test("that a hybrid file leaves out are what the type declares")
    func article() throws {
        struct Saver: Node {
            let schema = NodeSchema(
                type: "SaveImage", category: "",
                inputs: [
                    Input<Value>("images", options: []), Input<String>("filename_prefix", default: "ComfyUI"),
                ], isOutput: true)
            func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
        }
        let reading = try WorkflowReader(registry: NodeRegistry([Saver()])).read(try Self.fixture("article"))
        #expect(reading.format == .hybrid)
        #expect(Self.inputs("save_output", reading)?["filename_prefix"] == "ComfyUI")
    }

    @Test(
        "are read out of what services are sent",
        arguments: [
            #"{"input": {"workflow": PROMPT}}"#, #"{"input": {"workflow": PROMPT, "images": []}}"#,
            #"{"input": {"prompt": PROMPT}}"#, #"{"workflow": PROMPT}"#, #"{"prompt": PROMPT}"#,
        ])
    func wrapped(text: String) throws {
        let prompt = #"{"7": {"class_type": "EmptyImage", "inputs": {"width": 3}}}"#
        let reading = try Self.read(try JSONParser.parse(Array(text.replacing("PROMPT", with: prompt).utf8)))
        #expect(Self.inputs("7", reading) == ["width": 3])
    }

    @Test("of a node that a server does not know either are refused with its pack")
    func packs() throws {
        func advice(_ properties: JSON, _ info: JSON) -> String? {
            let file: JSON = [
                "last_node_id": 1, "version": 0.4, "links": [],
                "nodes": [
                    [
                        "id": 1, "type": "FilmMaker", "inputs": [], "outputs": [], "properties": properties,
                        "widgets_values": [1],
                    ]
                ],
            ]
            do throws(UnreadableWorkflow) {
                _ = try WorkflowReader(
                    registry: NodeRegistry(),
                    shapes: NodeShapes(NodeRegistry(), objectInfo: info.object ?? JSONObject())
                ).read(file)
                return nil
            } catch { return error.diagnostics.first?.suggestion }
        }
        let usual =
            "Convert it with what a server that has it says: graphrun convert FILE --object-info http://127.0.0.1:8188 "
            + "(or a file)."
        #expect(advice([:], [:]) == usual)
        let prefix = "That server does not know it either: install the node pack"
        #expect(advice([:], Self.scale) == prefix + " that has it there.")
        #expect(advice(["cnr_id": "film-nodes"], Self.scale) == prefix + " 'film-nodes' there.")
        #expect(advice(["aux_id": "someone/film"], Self.scale) == prefix + " 'someone/film' there.")
    }

    @Test(
        "in what is no JSON are refused with what it is",
        arguments: [
            (
                "<!DOCTYPE html><html>",
                "Download the workflow again: this is a web page, which a download that failed often leaves."
            ),
            ("{\"1\": {} // a node\n}", "Remove the comment: JSON has none."),
            ("{'1': {}}", "Use double quotes: JSON has no single ones."),
        ])
    func noJSON(text: String, advice: String) {
        #expect {
            _ = try WorkflowReader.parse(Array(text.utf8))
        } throws: { error in
            (error as? UnreadableWorkflow)?.diagnostics.first?.suggestion == advice
        }
    }
}
