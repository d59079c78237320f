import Testing
import TestNodes

@testable import GraphCore

@Suite("A workflow in the tutorials' hybrid format")
struct HybridFormatTests {
    /// Small stand-ins for the nodes that tutorials name.
    private let registry = NodeRegistry(
        [
            Sketch(
                NodeSchema(
                    type: "LoadImage", category: "image",
                    inputs: [
                        Input<String>(
                            "image", choices: .named(.files(.input, .image)), options: [.init("image_upload", true)])
                    ],
                    outputs: [Output<Value>("IMAGE", type: "IMAGE"), Output<Value>("MASK", type: "MASK")])),
            Sketch(
                NodeSchema(
                    type: "DDColor", category: "image",
                    inputs: [
                        Input<Value>("image", type: "IMAGE"),
                        Input<String>("model", choices: .fixed(["model", "tiny"])),
                        Input<Int>("size", default: 512), Input<Bool>("half", default: false),
                        Input<Value>("mask", type: "MASK").optional,
                    ], outputs: [Output<Value>("image", type: "IMAGE")])),
            Sketch(
                NodeSchema(
                    type: "SaveImage", category: "image",
                    inputs: [
                        Input<Value>("images", type: "IMAGE"), Input<String>("filename_prefix", default: "ComfyUI"),
                    ], isOutput: true)),
            Sketch(
                NodeSchema(
                    type: "KSampler", category: "sampling",
                    inputs: [
                        Input<Int>("seed", default: 0, options: [.init("control_after_generate", true)]),
                        Input<Int>("steps", default: 20),
                    ], outputs: [Output<Value>("LATENT", type: "LATENT")])),
        ] + TestNodeTable.small())

    /// The workflow as one compact line of API format a node; what it says is wrong when it cannot be read.
    private func read(_ text: String) -> String {
        do {
            let reading = try WorkflowReader(registry: registry).read(Array(text.utf8))
            let (workflow, format) = (reading.workflow, reading.format)
            guard format == .hybrid else { return "read as \(format)" }
            return workflow.nodes.map { node in
                let members = APIFormat.json(of: Workflow(nodes: [node])).object?.members.first?.value
                return "\(node.id) \(node.type ?? "?") \(JSONWriter.text(members?["inputs"] ?? nil))"
            }.joined(separator: "\n")
        } catch { return told(error.diagnostics) }
    }

    private let tutorial = """
        load_image LoadImage {"image":"photo.jpg"}
        ddcolor_node DDColor {"image":["load_image",0],"model":"model","size":512,"half":false}
        save SaveImage {"images":["ddcolor_node",0],"filename_prefix":"grey.image"}
        """

    @Test("is read with named references and a table of links that agree")
    func both() {
        #expect(
            read(
                """
                {"nodes": [
                  {"id": "load_image", "type": "LoadImage", "widgets_values": ["photo.jpg"]},
                  {"id": "ddcolor_node", "type": "DDColor", "inputs": {"image": "load_image.image"},
                   "widgets_values": ["model", 512, false]},
                  {"id": "save", "type": "SaveImage", "inputs": {"images": "ddcolor_node.output"},
                   "widgets_values": ["grey.image"]}],
                 "links": [[1, "load_image", 0, "ddcolor_node", 0], [2, "ddcolor_node", 0, "save", 0]]}
                """) == tutorial)
    }

    @Test("is read with references alone")
    func references() {
        #expect(
            read(
                """
                {"nodes": [
                  {"id": "load_image", "type": "LoadImage", "inputs": {"image": "photo.jpg"}},
                  {"id": "ddcolor_node", "type": "DDColor",
                   "inputs": {"image": "load_image.IMAGE", "model": "model", "size": 512, "half": false}},
                  {"id": "save", "type": "SaveImage",
                   "inputs": {"images": ["ddcolor_node", 0], "filename_prefix": "grey.image"}}]}
                """) == tutorial)
    }

    @Test("is read with links alone, of five members or more")
    func links() {
        #expect(
            read(
                """
                {"nodes": [{"id": "a", "type": "LoadImage"}, {"id": "b", "type": "DDColor"}],
                 "links": [[1, "a", 0, "b", 0, "IMAGE"], [2, "a", 1, "b", 1, "MASK"]]}
                """) == """
                    a LoadImage {}
                    b DDColor {"image":["a",0],"mask":["a",1],"size":512,"half":false}
                    """)
    }

    @Test("may come before its sources, and have numbers for ids")
    func numberIDs() {
        #expect(
            read(
                """
                {"nodes": [{"id": 2, "type": "DDColor", "inputs": {"image": "1.image", "mask": "1.1"}},
                           {"id": 1, "class_type": "LoadImage", "title": "Photo"}],
                 "links": [[7, 1, 0, 2, 0]]}
                """) == """
                    2 DDColor {"image":["1",0],"mask":["1",1],"size":512,"half":false}
                    1 LoadImage {}
                    """)
    }

    @Test("ignores case in output names, and takes dots in ids")
    func names() {
        #expect(
            read(
                """
                {"nodes": [{"id": "v1.load", "type": "LoadImage"},
                           {"id": "b", "type": "DDColor", "inputs": {"image": "v1.load.Image", "mask": "v1.load.mask"}}]}
                """) == """
                    v1.load LoadImage {}
                    b DDColor {"image":["v1.load",0],"mask":["v1.load",1],"size":512,"half":false}
                    """)
    }

    @Test("keeps the dots of STRING and COMBO inputs")
    func texts() {
        #expect(
            read(
                """
                {"nodes": [{"id": "photo", "type": "LoadImage", "inputs": {"image": "photo.image"}},
                           {"id": "s", "type": "SaveImage", "inputs": {"filename_prefix": "photo.image", "images": "photo.image"}}]}
                """) == """
                    photo LoadImage {"image":"photo.image"}
                    s SaveImage {"filename_prefix":"photo.image","images":["photo",0]}
                    """)
    }

    @Test("takes text with a dot for a value where the input takes one and no node has the name")
    func values() {
        #expect(
            read(#"{"nodes": [{"id": "b", "type": "DDColor", "inputs": {"size": "1.5", "note": "see a.b"}}]}"#)
                == #"b DDColor {"size":"1.5","note":"see a.b","half":false}"#)
    }

    @Test("is refused where a reference names nothing, with the nearest name")
    func unknownReferences() {
        #expect(
            read(
                """
                {"nodes": [{"id": "load_image", "type": "LoadImage"},
                           {"id": "b", "type": "DDColor", "inputs": {"image": "load_imag.image", "mask": "load_image.mak"}},
                           {"id": "c", "type": "DDColor", "inputs": {"image": "elsewhere.image", "mask": "load_image.depth_map"}},
                           {"id": "d", "type": "SaveImage"},
                           {"id": "e", "type": "DDColor", "inputs": {"image": "d.image"}}]}
                """) == """
                    b badLink: input 'image' names node 'load_imag', which does not exist
                      Did you mean 'load_image'?
                    b badSlot: 'load_image.mak': node load_image (LoadImage) has no output 'mak'
                      Did you mean 'MASK'?
                    c badLink: input 'image' names node 'elsewhere', which does not exist
                    c badSlot: 'load_image.depth_map': node load_image (LoadImage) has no output 'depth_map'
                      Use one of: IMAGE, MASK.
                    e badSlot: 'd.image': node d (SaveImage) has no output 'image'
                      It has no outputs.
                    """)
    }

    @Test("leaves references to nodes of an unknown type for the validator to tell")
    func unknownType() {
        #expect(
            read(
                """
                {"nodes": [{"id": "x", "type": "DDColour", "widgets_values": [1, 2, 3]},
                           {"id": "s", "type": "SaveImage", "inputs": {"images": "x.whatever"}}],
                 "links": [[1, "s", 0, "x", 5]]}
                """) == """
                    x DDColour {}
                    s SaveImage {"images":["x",0],"filename_prefix":"ComfyUI"}
                    """)
    }

    @Test("is refused where it contradicts itself")
    func contradiction() {
        #expect(
            read(
                """
                {"nodes": [{"id": "a", "type": "LoadImage"}, {"id": "b", "type": "LoadImage"},
                           {"id": "c", "type": "DDColor", "inputs": {"image": "a.image", "size": 256},
                            "widgets_values": ["model", 512]}],
                 "links": [[1, "b", 0, "c", 0]]}
                """) == """
                    c contradiction: input 'size' is said to be 256 and 512
                      Keep one of them.
                    c contradiction: input 'image' is said to be output 0 of node a and output 0 of node b
                      Keep one of them.
                    """)
    }

    @Test("takes the word that editors store behind a seed, and the one behind a picture, for their own")
    func editorsWords() {
        #expect(
            read(
                """
                {"nodes": [{"id": "a", "type": "KSampler", "widgets_values": [7, "randomize", 30]},
                           {"id": "b", "type": "KSampler", "widgets_values": [7, 30]},
                           {"id": "c", "type": "LoadImage", "widgets_values": ["photo.jpg", "image"]}]}
                """) == """
                    a KSampler {"seed":7,"steps":30}
                    b KSampler {"seed":7,"steps":30}
                    c LoadImage {"image":"photo.jpg"}
                    """)
    }

    @Test("may leave out the last widgets, which then have their defaults, and may not have too many")
    func widgetCount() {
        #expect(
            read(#"{"nodes": [{"id": "b", "type": "DDColor", "widgets_values": ["model"]}]}"#)
                == #"b DDColor {"model":"model","size":512,"half":false}"#)
        #expect(
            read(
                """
                {"nodes": [{"id": "b", "type": "DDColor", "widgets_values": ["model", 512, false, 1]},
                           {"id": "f", "type": "Fail", "widgets_values": [1]},
                           {"id": "g", "type": "DDColor", "widgets_values": {"model": "tiny"}}]}
                """) == """
                    b malformedWorkflow: it has 4 widgets_values, but DDColor has only 3 widgets
                      They are: model, size, half.
                    f malformedWorkflow: it has 1 widgets_values, but Fail has only 0 widgets
                      Remove them.
                    g malformedWorkflow: its "widgets_values" must be a list, but they are an object
                    """)
    }

    @Test("is refused where a link leads nowhere")
    func badLinks() {
        #expect(
            read(
                """
                {"nodes": [{"id": "load", "type": "LoadImage"}, {"id": "b", "type": "DDColor"}],
                 "links": [[1, "load", 0, "b"], [2, "load", -1, "b", 0], [3, "laod", 0, "b", 0],
                           [4, "load", 0, "gone", 0], [5, "load", 0, "b", 2], [6, "b", 0, "load", 0], "x"]}
                """) == """
                    - badLink: the link [1,"load",0,"b"] is malformed
                      Write [ID, "FROM NODE", FROM SLOT, "TO NODE", TO SLOT].
                    - badLink: the link [2,"load",-1,"b",0] is malformed
                      Write [ID, "FROM NODE", FROM SLOT, "TO NODE", TO SLOT].
                    - badLink: the link 3 goes from node 'laod', which does not exist
                      Did you mean 'load'?
                    - badLink: the link 4 goes to node 'gone', which does not exist
                    b badSlot: a link goes to its input 2, but DDColor has 2 to link to
                      They are: 0 (image), 1 (mask).
                    load badSlot: a link goes to its input 0, but LoadImage has 0 to link to
                    - badLink: the link "x" is malformed
                      Write [ID, "FROM NODE", FROM SLOT, "TO NODE", TO SLOT].
                    """)
    }

    @Test("is refused where ids or inputs repeat or are missing")
    func malformedNodes() {
        #expect(
            read(
                """
                {"nodes": [{"id": "a", "type": "Fail"}, {"id": "a", "type": "Fail"}, {"type": "Fail"}, 5,
                           {"id": 1.5, "type": "Fail"},
                           {"id": "b", "type": "Add", "inputs": {"a": 1, "a": 2}},
                           {"id": "c", "type": "Add", "inputs": 7}],
                 "links": {}}
                """) == """
                    a repeatedID: the node id 'a' is used more than once
                      Give each node an id of its own.
                    - malformedWorkflow: node number 3 of the list has no "id"
                      Add "id": "...".
                    - malformedWorkflow: node number 4 of the list has no "id"
                      Add "id": "...".
                    - malformedWorkflow: node number 5 of the list has no "id"
                      Add "id": "...".
                    b repeatedInput: the input 'a' is given more than once
                      Keep one of them.
                    c malformedWorkflow: its "inputs" must be an object, but they are a number
                      Write "inputs": {"NAME": VALUE}.
                    - malformedWorkflow: "links" must be a list, but it is an object
                    """)
    }

    @Test("becomes the same workflow in API format")
    func conversion() throws {
        let text = """
            {"nodes": [{"id": 1, "type": "LoadImage", "title": "Photo", "widgets_values": ["p.jpg"]},
                       {"id": 2, "type": "SaveImage", "inputs": {"images": "1.image"}}]}
            """
        let workflow = try WorkflowReader(registry: registry).read(Array(text.utf8)).workflow
        #expect(
            JSONWriter.text(APIFormat.json(of: workflow))
                == #"{"1":{"inputs":{"image":"p.jpg"},"class_type":"LoadImage","_meta":{"title":"Photo"}},"#
                + #""2":{"inputs":{"images":["1",0],"filename_prefix":"ComfyUI"},"class_type":"SaveImage"}}"#)
    }

    @Test("full of 100,000 mistakes is refused all the same")
    func manyMistakes() throws {
        let nodes = (0..<100_000).map { #"{"id": "n\#($0)", "type": "DDColor", "inputs": {"image": "m\#($0).image"}}"# }
        let links = (0..<1000).map { #"[\#($0), "x\#($0)", 0, "n\#($0)", 0]"# }
        let text = #"{"nodes": [\#(nodes.joined(separator: ","))], "links": [\#(links.joined(separator: ","))]}"#
        let error = #expect(throws: UnreadableWorkflow.self) {
            try WorkflowReader(registry: registry).read(Array(text.utf8))
        }
        #expect(error?.diagnostics.count == 101_000)
    }
}
