import Testing
import TestNodes

@testable import GraphCore

@Suite("The validator")
struct ValidatorTests {
    static let registry = NodeRegistry(
        TestNodeTable.comfyUI() + TestNodeTable.small() + [
            Sketch(
                NodeSchema(
                    type: "Load", category: "image",
                    inputs: [Input<String>("file", choices: .named(.files(.input, .image)))],
                    outputs: [Output<Value>("IMAGE", type: "IMAGE"), Output<Value>("MASK", type: "MASK")])),
            Sketch(
                NodeSchema(
                    type: "Scale", category: "image",
                    inputs: [
                        Input<Value>("image", type: "IMAGE"), Input<Int>("width", default: 512, in: 1...16384),
                        Input<Int>("height"), Input<String>("method", choices: .fixed(["area", "bilinear"])),
                        Input<Double>("strength", default: 1, in: 0...1).optional,
                        Input<Int>("seed", default: 0, in: 0...Int128(UInt64.max)).optional,
                    ], outputs: [Output<Value>("IMAGE", type: "IMAGE")])),
            Sketch(
                NodeSchema(
                    type: "Save", category: "image", inputs: [Input<Value>("images", type: "IMAGE")], isOutput: true)),
            Sketch(
                NodeSchema(
                    type: "Either", category: "image", inputs: [Input<Value>("value", type: "IMAGE,INT")],
                    outputs: [Output<Value>("out", type: "INT,FLOAT")], isOutput: true)),
        ])

    /// What the validator says of a graph written as text.
    private func check(
        _ text: String, targets: [NodeID]? = nil, environment: any NodeEnvironment = Pictures()
    ) throws -> CheckedWorkflow {
        Validator.check(
            try TextGraph(text).workflow, registry: Self.registry, environment: environment, targets: targets)
    }

    /// The same for nodes as the API format has them.
    private func checkJSON(_ text: String) throws -> CheckedWorkflow {
        let workflow = try WorkflowReader(registry: Self.registry).read(Array(text.utf8)).workflow
        return Validator.check(workflow, registry: Self.registry, environment: Pictures())
    }

    @Test("says nothing about a sound graph, and plans it sources first")
    func sound() throws {
        let checked = try check(
            """
            save = Save images: scale
            scale = Scale image: load width: 64 height: 64 method: "area"
            load = Load file: "a.png"
            """)
        #expect(told(checked.diagnostics) == "")
        #expect(checked.goodTargets == ["save"])
        #expect(checked.plan?.nodes.map(\.id) == ["load", "scale", "save"])
    }

    @Test("tells everything that is wrong at once, in file order")
    func everything() throws {
        let checked = try check(
            """
            load = Lood file: "a.png"
            scale = Scale image: "nowhere.0" widht: 64 method: "bilineer"
            save = Save images: scale
            sum = Add a: "abc" b: 2000000
            loop = Add a: loop
            stray = Blah
            """)
        #expect(
            told(checked.diagnostics) == """
                load unknownNodeType: unknown node type 'Lood'
                  Did you mean 'Load'?
                scale requiredInputMissing: required input 'width' is missing
                  Did you mean 'width' where it says 'widht'?
                scale requiredInputMissing: required input 'height' is missing
                  Add "height": ... (INT).
                scale badInput: input 'image' needs a link to IMAGE, but has the value "nowhere.0"
                  Write "image": ["NODE", SLOT].
                scale notInList: input 'method': 'bilineer' is none of its choices
                  Did you mean 'bilinear'?
                sum badInput: input 'a': "abc" is not a whole number
                  Give 'a' a whole number.
                sum outOfRange: input 'b': 2000000 is above 1000000
                  Use a value from -1000000 to 1000000.
                loop cycle: these nodes wait for each other: loop -> loop
                  Remove one of the links of the circle.
                stray unknownNodeType: unknown node type 'Blah'
                  'graphrun nodes' lists the types; --server URL runs it on a server that has this one.
                """)
        #expect(checked.goodTargets == [])
        #expect(checked.plan == nil)
        #expect(checked.errors.count == 9)
    }

    @Test("tells of missing inputs how to give them")
    func missing() throws {
        #expect(
            told(
                try check("scale = Scale\nsave = Save images: scale\nload = Load\nlook = Show value: load").diagnostics)
                    == """
                    scale requiredInputMissing: required input 'image' is missing
                      Link 'image' to an output of type IMAGE.
                    scale requiredInputMissing: required input 'width' is missing
                      Add "width": 512 (its default).
                    scale requiredInputMissing: required input 'height' is missing
                      Add "height": ... (INT).
                    scale requiredInputMissing: required input 'method' is missing
                      Add "method": "area", or another of its choices.
                    load requiredInputMissing: required input 'file' is missing
                      Add "file": ... (COMBO).
                    """)
    }

    @Test("tells a node without a type, an unknown one, and one that nothing needs")
    func types() throws {
        #expect(
            told(
                try checkJSON(
                    """
                    {"1": {"class_type": "Fail"}, "2": {"inputs": {}}, "3": {"class_type": "TestSlep"},
                     "4": {"class_type": "Load"}}
                    """
                ).diagnostics) == """
                    2 nodeTypeMissing: the node does not say its type
                      Add "class_type": "..."; 'graphrun nodes' lists the types.
                    3 unknownNodeType: unknown node type 'TestSlep'
                      Did you mean 'TestSleep'?
                    """)
    }

    @Test("does not look into nodes that no output needs")
    func unneeded() throws {
        let checked = try check("spare = Scale width: \"abc\"\nend = Fail")
        #expect(told(checked.diagnostics) == "")
        #expect(checked.plan?.nodes.map(\.id) == ["end"])
    }

    // MARK: Links

    @Test("tells links that lead nowhere")
    func badLinks() throws {
        #expect(
            told(
                try checkJSON(
                    """
                    {"load": {"class_type": "Load", "inputs": {"file": "a.png"}},
                     "1": {"class_type": "Save", "inputs": {"images": ["laod", 0]}},
                     "2": {"class_type": "Save", "inputs": {"images": ["somewhere else", 0]}},
                     "3": {"class_type": "Save", "inputs": {"images": ["load", 99]}},
                     "4": {"class_type": "Save", "inputs": {"images": ["1", 0]}},
                     "5": {"class_type": "Save", "inputs": {"images": ["load", -1]}},
                     "6": {"class_type": "Save", "inputs": {"images": [1, 0]}},
                     "7": {"class_type": "Save", "inputs": {"images": ["load"]}},
                     "8": {"class_type": "Save", "inputs": {"images": "load"}},
                     "9": {"class_type": "Save", "inputs": {"images": null}}}
                    """
                ).diagnostics) == """
                    1 badLink: input 'images' links to node 'laod', which does not exist
                      Did you mean 'load'?
                    2 badLink: input 'images' links to node 'somewhere else', which does not exist
                      Link it to one of the nodes of the workflow.
                    3 badSlot: input 'images' links to output 99 of node load (Load), which has 2
                      Use one of: 0 (IMAGE), 1 (MASK).
                    4 badSlot: input 'images' links to output 0 of node 1 (Save), which has 0
                      Link it to another node: node 1 (Save) has no outputs.
                    5 badLink: input 'images' has ["load",-1], which is no link: node ids are strings, slots whole numbers from 0
                      Write ["NODE", SLOT], such as ["1", 0].
                    6 badLink: input 'images' has [1,0], which is no link: node ids are strings, slots whole numbers from 0
                      Put the node's id in quotes: ["1", 0].
                    7 badLink: input 'images' has ["load"], which is no link: node ids are strings, slots whole numbers from 0
                      Write ["NODE", SLOT], such as ["1", 0].
                    8 badInput: input 'images' needs a link to IMAGE, but has the value "load"
                      Write "images": ["NODE", SLOT].
                    9 badInput: input 'images' needs a link to IMAGE, but has the value null
                      Write "images": ["NODE", SLOT].
                    """)
    }

    @Test("tells an output of the wrong type, and one beside it that fits")
    func wrongType() throws {
        #expect(
            told(
                try check(
                    """
                    load = Load file: "a.png"
                    one = Save images: load.1
                    sum = Add a: 1
                    two = Save images: sum
                    """
                ).diagnostics) == """
                    one returnTypeMismatch: input 'images' needs IMAGE, but output 1 of node load (Load) is MASK
                      Did you mean its output 0 (IMAGE)?
                    two returnTypeMismatch: input 'images' needs IMAGE, but output 0 of node sum (Add) is INT
                      Link it to an output of type IMAGE.
                    """)
    }

    @Test("lets unions flow where they share a member, and anything through a wildcard")
    func unions() throws {
        #expect(
            told(
                try check(
                    """
                    load = Load file: "a.png"
                    picture = Either value: load
                    count = Either value: picture
                    mask = Either value: load.1
                    sum = Add a: count
                    images = Save images: picture
                    any = Constant value: load.1
                    through = Save images: any
                    """
                ).diagnostics) == """
                    mask returnTypeMismatch: input 'value' needs IMAGE,INT, but output 1 of node load (Load) is MASK
                      Did you mean its output 0 (IMAGE)?
                    images returnTypeMismatch: input 'images' needs IMAGE, but output 0 of node picture (Either) is INT,FLOAT
                      Link it to an output of type IMAGE.
                    """)
    }

    @Test("takes literals for unions with a type that has them")
    func unionLiterals() throws {
        #expect(told(try check("one = Either value: 5").diagnostics) == "")
    }

    @Test("takes two whole numbers for a value where anything goes, unless a node has the name")
    func pairs() throws {
        #expect(
            told(
                try checkJSON(
                    """
                    {"1": {"class_type": "Show", "inputs": {"value": [512, 512]}},
                     "2": {"class_type": "Show", "inputs": {"value": [1, 0]}}}
                    """
                ).diagnostics) == """
                    2 badLink: input 'value' has [1,0], which is no link: node ids are strings, slots whole numbers from 0
                      Put the node's id in quotes: ["1", 0].
                    """)
    }

    // MARK: Cycles

    @Test("names a cycle along the flow, each once")
    func cycles() throws {
        #expect(
            told(
                try check(
                    """
                    a = Add a: b
                    b = Add a: a
                    x = Add a: z
                    y = Add a: x
                    z = Add a: y
                    s = Add a: s
                    behind = Add a: z
                    free = Add a: 1
                    """
                ).diagnostics) == """
                    a cycle: these nodes wait for each other: a -> b -> a
                      Remove one of the links of the circle.
                    x cycle: these nodes wait for each other: x -> y -> z -> x
                      Remove one of the links of the circle.
                    s cycle: these nodes wait for each other: s -> s
                      Remove one of the links of the circle.
                    """)
    }

    @Test("runs nothing that is in a cycle or behind one")
    func behindCycles() throws {
        let checked = try check("a = Add a: b\nb = Add a: a\nbehind = Add a: b\nfree = Add a: 1")
        #expect(checked.goodTargets == ["free"])
        #expect(checked.plan?.nodes.map(\.id) == ["free"])
    }

    @Test("leaves out the middle of a long cycle")
    func longCycle() throws {
        let lines = (0..<50).map { "n\($0) = Add a: n\(($0 + 49) % 50)" }
        #expect(
            told(try check(lines.joined(separator: "\n")).diagnostics) == """
                n0 cycle: these nodes wait for each other: n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> ... -> n46 -> n47 -> n48 -> n49 -> n0
                  Remove one of the links of the circle.
                """)
    }

    @Test("names twenty cycles at most, and runs none of the others either")
    func manyCycles() throws {
        let lines = (0..<50).map { "n\($0) = Add a: n\($0)" } + ["free = Add a: 1"]
        let checked = try check(lines.joined(separator: "\n"))
        #expect(checked.errors.count { $0.code == .cycle } == 20)
        #expect(checked.goodTargets == ["free"])
    }

    // MARK: Targets

    @Test("tells a graph without outputs")
    func noOutputs() throws {
        let message = """
            - noOutputs: the workflow has no output node, so there is nothing to do
              Add a node that shows or keeps a result, such as SaveImage or PreviewAny.
            """
        #expect(told(try check("load = Load file: \"a.png\"").diagnostics) == message)
        #expect(told(try checkJSON("{}").diagnostics) == message)
    }

    @Test("checks only what the named targets need")
    func targets() throws {
        let text = "a = Add a: 1\nb = Add a: a\nbad = Add a: \"x\""
        let checked = try check(text, targets: ["b", "b"])
        #expect(told(checked.diagnostics) == "")
        #expect(checked.goodTargets == ["b"])
        #expect(checked.plan?.nodes.map(\.id) == ["a", "b"])
    }

    @Test("tells targets that cannot be run")
    func badTargets() throws {
        let text = "load = Load file: \"a.png\"\nlook = Show value: load\nodd = Unheard"
        #expect(
            told(try check(text, targets: ["load", "lok", "zzz", "odd", "look"]).diagnostics) == """
                load unknownTarget: the node is no output node, so it cannot be run for its own sake
                  Name an output node, or link this one to SaveImage or PreviewAny.
                odd unknownNodeType: unknown node type 'Unheard'
                  'graphrun nodes' lists the types; --server URL runs it on a server that has this one.
                - unknownTarget: there is no node 'lok' to run
                  Did you mean 'look'?
                - unknownTarget: there is no node 'zzz' to run
                """)
        #expect(
            told(try check("look = Show value: 1", targets: []).diagnostics)
                == "- noOutputs: no node was named to run\n  Name an output node.")
    }

    @Test("keeps the good part of a partly valid workflow, and what both need")
    func partlyValid() throws {
        let checked = try check(
            """
            shared = Inc a: 1 b: 1
            bad = Inc a: shared b: "x"
            lost = Show value: bad
            good = Show value: shared
            """)
        #expect(checked.errors.map(\.node) == ["bad"])
        #expect(checked.goodTargets == ["good"])
        #expect(checked.plan?.nodes.map(\.id) == ["shared", "good"])
        #expect(checked.plan?.targets == [1])
    }

    // MARK: Undeclared and absent inputs

    @Test("accepts undeclared inputs, and tells one that nearly has an optional input's name")
    func undeclared() throws {
        let checked = try check("a = Add a: 1 bb: 2 comment: \"anything\"")
        #expect(
            told(checked.diagnostics) == """
                a badInput (warning): input 'bb' is not one of Add's and is ignored
                  Did you mean 'b'?
                a badInput (warning): input 'comment' is not one of Add's and is ignored
                """)
        #expect(checked.goodTargets == ["a"])
    }

    @Test("tells an undeclared input without a near name once a type, and no control of an editor")
    func ignored() throws {
        let checked = try check(
            "a = Add a: 1 b: 3 bb: 2 upload: \"image\" control_after_generate: \"fixed\"\nc = Add a: a bb: 2 b: 1")
        #expect(told(checked.diagnostics) == "a badInput (warning): input 'bb' is not one of Add's and is ignored")
    }

    @Test("passes undeclared links on, undeclared values not")
    func undeclaredLinks() throws {
        let checked = try check(
            """
            one = Constant value: 1
            list = TestMakeListNode value1: one value2: one value3: 3
            look = Show value: list
            """)
        #expect(checked.plan?.nodes[1].inputs.map(\.name) == ["value1", "value2"])
    }

    @Test("takes null for absent where an input may be absent")
    func null() throws {
        let checked = try checkJSON(
            """
            {"1": {"class_type": "Add", "inputs": {"a": 1, "b": null}},
             "2": {"class_type": "TestForLoopOpen",
                   "inputs": {"remaining": 1, "initial_value0": null, "initial_value1": null}},
             "3": {"class_type": "Show", "inputs": {"value": ["2", 1]}}}
            """)
        #expect(told(checked.diagnostics) == "")
        #expect(checked.plan?.nodes.map { $0.inputs.map(\.name) } == [["a"], ["remaining"], ["value"]])
    }

    // MARK: Choices that depend on the world

    @Test("tells a picture that is not there, with one that is")
    func files() throws {
        func message(_ file: String, _ environment: Pictures) throws -> String {
            told(
                try check("load = Load file: \"\(file)\"\nlook = Show value: load", environment: environment)
                    .diagnostics)
        }
        #expect(try message("sub/b.png", Pictures()) == "")
        #expect(
            try message("hoto.jpg", Pictures()) == """
                load notInList: input 'file': 'hoto.jpg' was not found in input/
                  Did you mean 'photo.jpg'?
                """)
        #expect(
            try message("nothing_like_it.gif", Pictures()) == """
                load notInList: input 'file': 'nothing_like_it.gif' was not found in input/
                  Put it into input/, or choose one of: a.png, photo.jpg.
                """)
        #expect(
            try message("x.png", Pictures(names: [])) == """
                load notInList: input 'file': 'x.png' was not found in input/
                  Put the file into input/ (it holds none yet).
                """)
        #expect(
            try message("x.png", Pictures(names: (1...6).map { "picture_\($0).jpg" })) == """
                load notInList: input 'file': 'x.png' was not found in input/
                  Put it into input/, or choose one of: picture_1.jpg, picture_2.jpg, picture_3.jpg, picture_4.jpg, picture_5.jpg and 1 more.
                """)
    }

    // MARK: Size

    @Test("checks a chain of 100,000 nodes, however deep it goes")
    func longChain() {
        let nodes = (0..<100_000).map { index in
            Workflow.Node(
                id: NodeID("\(index)"), type: "Add",
                inputs: [.init("a", index == 99_999 ? .literal(1) : .link(Link(NodeID("\(index + 1)"), 0)))])
        }
        let checked = Validator.check(
            Workflow(nodes: nodes), registry: Self.registry, environment: EmptyEnvironment(), targets: ["0"])
        #expect(checked.diagnostics.isEmpty)
        #expect(checked.plan?.nodes.count == 100_000)
        #expect(checked.plan?.nodes.first?.id == "99999")
    }

    @Test("names the circle of 100,000 nodes")
    func longCircle() {
        let nodes = (0..<100_000).map { index in
            Workflow.Node(
                id: NodeID("\(index)"), type: "Add",
                inputs: [.init("a", .link(Link(NodeID("\((index + 1) % 100_000)"), 0)))])
        }
        let checked = Validator.check(
            Workflow(nodes: nodes), registry: Self.registry, environment: EmptyEnvironment())
        #expect(checked.diagnostics.count == 1)
        #expect(checked.goodTargets == [])
    }

    @Test("tells 100,000 nodes full of mistakes")
    func manyMistakes() {
        let nodes = (0..<100_000).map { index -> Workflow.Node in
            switch index % 5 {
            case 0: Workflow.Node(id: NodeID("\(index)"), type: "Sav", inputs: [])
            case 1:
                Workflow.Node(
                    id: NodeID("\(index)"), type: "Save", inputs: [.init("images", .link(Link(NodeID("x\(index)"), 0)))]
                )
            case 2:
                Workflow.Node(
                    id: NodeID("\(index)"), type: "Add", inputs: [.init("a", .link(Link(NodeID("\(index)"), 0)))])
            case 3: Workflow.Node(id: NodeID("\(index)"), type: "Add", inputs: [.init("aa", .literal(1))])
            default: Workflow.Node(id: NodeID("\(index)"), type: "Add", inputs: [.init("a", .literal("x"))])
            }
        }
        let checked = Validator.check(
            Workflow(nodes: nodes), registry: Self.registry, environment: EmptyEnvironment())
        #expect(checked.errors.count == 80_000 + 20)
        #expect(checked.goodTargets == [])
    }

    @Test("tells one node with 100,000 inputs that it does not have")
    func manyInputs() {
        let inputs = (0..<100_000).map { Workflow.Input("input\($0)", .literal(1)) }
        let node = Workflow.Node(id: "1", type: "Add", inputs: [.init("a", .literal(1))] + inputs)
        let checked = Validator.check(
            Workflow(nodes: [node]), registry: Self.registry, environment: EmptyEnvironment())
        #expect(checked.warnings.count == 20 && checked.errors.isEmpty)
        #expect(checked.goodTargets == ["1"])
    }
}
