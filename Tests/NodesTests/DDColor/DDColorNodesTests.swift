import Files
import Foundation
import GraphCore
import Inference
import Media
import TestData
import Testing

@testable import Nodes

/// The nodes with shared/ddcolor's small network, which colours nothing sensibly but exactly.
@Suite("DDColor_Colorize")
struct DDColorColorizeTests {
    /// A place with the reference photo and network, and what a run of `text` told.
    private struct Lab {
        let place: Workplace
        private let registry: NodeRegistry
        private let engine: Engine

        init() throws {
            place = try Workplace()
            try place.write(try Shared.bytes("ddcolor/photo.png"), "photo.png")
            try Data(Shared.bytes("ddcolor/mini.pth")).write(
                to: place.base.appendingPathComponent("models/ddcolor/mini.pth"))
            registry = place.registry
            engine = Engine(registry: registry, environment: place.folders, options: Engine.Options(coreCount: 2))
        }

        func check(_ text: String) throws -> (workflow: Workflow, checked: CheckedWorkflow) {
            let workflow = try WorkflowReader(registry: registry).read(Array(text.utf8)).workflow
            return (workflow, Validator.check(workflow, registry: registry, environment: place.folders))
        }

        func run(_ text: String) async throws -> (result: RunResult, events: [RunEvent.Kind]) {
            let (workflow, checked) = try check(text)
            let start = engine.log.end
            let result = await engine.run(
                try #require(checked.plan, "\(checked.errors.map(\.text))"), of: workflow, id: "r")
            return (result, engine.log.read(after: start).events.map(\.kind))
        }

        func saved(_ result: RunResult) throws -> [Image] {
            try result.shown.flatMap { $0.values["images"]?.array ?? [] }.map { json in
                try ImageDecoder.decode(place.read(try #require(SavedFile(json)))).image
            }
        }

        /// Starts a run and cancels it as soon as `event` is told.
        func cancelled(_ text: String, at event: @escaping @Sendable (RunEvent.Kind) -> Bool) async throws -> [RunEvent
            .Kind]
        {
            let (workflow, checked) = try check(text)
            let plan = try #require(checked.plan)
            let engine = engine
            let running = Task { await engine.run(plan, of: workflow, id: "r") }
            try await engine.log.told(event)
            running.cancel()
            #expect(await running.value.outcome == .cancelled)
            return engine.log.read(after: 0).events.map(\.kind)
        }
    }

    private func workflow(_ inputs: String, type: String = "DDColor_Colorize", batch: Int = 1) -> String {
        """
        {"1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
         "2": {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": \(batch)}},
         "3": {"class_type": "\(type)", "inputs": {"image": ["2", 0], \(inputs)}},
         "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "c"}}}
        """
    }

    private let mini = #""model_input_size": 64, "checkpoint": "mini.pth""#

    @Test(
        "colours a rectangular photo as the official pipeline does, within 2 levels, on the average within half a one")
    func reference() async throws {
        let lab = try Lab()
        let (result, _) = try await lab.run(workflow(mini))
        let made = try #require(try lab.saved(result).first).eightBit()
        let expected = try ImageDecoder.decode(Shared.bytes("ddcolor/photo_colorized_64.png")).image
        // The official code rounds, SaveImage cuts off as ComfyUI does.
        let differences = zip(made, expected.eightBit()).map { abs(Int($0) - Int($1)) }
        #expect(differences.count == 75 * 50 * 3)
        #expect(differences.max() ?? 255 <= 2)
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 0.5)
    }

    @Test("colours each picture of a batch on its own, and says which one it is at")
    func batch() async throws {
        let lab = try Lab()
        let one = try lab.saved(try await lab.run(workflow(mini)).result)
        let (result, events) = try await lab.run(workflow(mini, batch: 3))
        #expect(try lab.saved(result) == [one[0], one[0], one[0]])
        let messages = events.compactMap { kind -> String? in
            if case .nodePhase("3", _, let stage, let message, _) = kind { "\(stage): \(message)" } else { nil }
        }
        #expect(messages.filter { $0.hasPrefix("inference") } == (1...3).map { "inference: colouring \($0) of 3" })
        let maxima = events.compactMap { kind -> Double? in
            if case .nodeProgress("3", _, let total, _, _) = kind { total } else { nil }
        }
        #expect(Set(maxima) == [300])
    }

    @Test("tells every stage, work that only grows, and shows a small picture before the large one")
    func told() async throws {
        let lab = try Lab()
        let (_, events) = try await lab.run(workflow(mini))
        var stages: [String] = []
        var values: [Double] = []
        var previews: [[UInt8]] = []
        for event in events {
            switch event {
            case .nodePhase("3", _, let stage, _, _): if stages.last != stage { stages.append(stage) }
            case .nodeProgress("3", let value, _, _, _): values.append(value)
            case .nodePreview("3", .jpeg, let bytes): previews.append(bytes)
            default: break
            }
        }
        #expect(stages == ["preprocess", "loading_model", "inference", "postprocess"])
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
        #expect((values.first, values.last) == (0, 100))
        let preview = try ImageDecoder.decode(try #require(previews.first)).image
        #expect((previews.count, preview.width, preview.height) == (1, 75, 50))
    }

    @Test("loads its network once for all runs")
    func loadedOnce() async throws {
        let lab = try Lab()
        func loadings(_ inputs: String) async throws -> Int {
            try await lab.run(workflow(inputs)).events.count { kind in
                if case .nodePhase("3", _, "loading_model", _, _) = kind { true } else { false }
            }
        }
        #expect(try await loadings(mini) > 0)
        #expect(try await loadings(#""model_input_size": 96, "checkpoint": "mini.pth""#) == 0)
    }

    @Test("runs again when the checkpoint was replaced, and only then")
    func replaced() async throws {
        let lab = try Lab()
        func ran() async throws -> Bool {
            try await lab.run(workflow(mini)).events.contains {
                if case .nodeFinished("3") = $0 { true } else { false }
            }
        }
        #expect(try await ran())
        #expect(try await !ran())
        let path = lab.place.base.appendingPathComponent("models/ddcolor/mini.pth")
        try FileManager.default.removeItem(at: path)
        try Data(Shared.bytes("ddcolor/mini.pth")).write(to: path)
        #expect(try await ran())
    }

    @Test("stops while it computes, and the next run is as good as ever")
    func cancelled() async throws {
        let lab = try Lab()
        let events = try await lab.cancelled(
            workflow(#""model_input_size": 1024, "checkpoint": "mini.pth""#, batch: 50)
        ) {
            if case .nodePhase("3", _, "inference", _, _) = $0 { true } else { false }
        }
        #expect(events.contains { if case .nodeInterrupted("3") = $0 { true } else { false } })
        #expect(try await lab.run(workflow(mini)).result.outcome == .succeeded)
    }

    // MARK: What is wrong

    private func failure(_ text: String, _ lab: Lab? = nil) async throws -> String {
        try await (lab ?? Lab()).run(text).result.failure?.text ?? "succeeded"
    }

    @Test("says which sizes the network takes")
    func badSize() async throws {
        #expect(
            try await failure(workflow(#""model_input_size": 500, "checkpoint": "mini.pth""#)) == """
                model_input_size is 500, and the network halves it five times: it must be a multiple of 32
                  Use 480 or 512.
                """)
    }

    @Test("offers the four official networks, and says how to get one that is not there")
    func published() throws {
        let lab = try Lab()
        let source = try #require(DDColorColorize.checkpoint.spec.choices)
        guard case .named(let named) = source else { return #expect(Bool(false), "a named source") }
        #expect(
            lab.place.folders.choices(named) == [
                "ddcolor_paper_tiny.pth", "ddcolor_paper.pth", "ddcolor_modelscope.pth", "ddcolor_artistic.pth",
                "mini.pth", "scene_demo.safetensors",
            ])
        let errors = try lab.check(workflow(#""model_input_size": 64, "checkpoint": "ddcolor_artistic.pth""#)).checked
            .errors
        #expect(
            errors.map(\.text) == [
                """
                input 'checkpoint': the model 'ddcolor_artistic.pth' is not in models/ddcolor/
                  Get it with: graphrun models pull ddcolor_artistic
                """
            ])
    }

    @Test("says of a checkpoint of another network what it holds, and of one with a weight missing which")
    func otherNetworks() async throws {
        let lab = try Lab()
        let folder = lab.place.base.appendingPathComponent("models/ddcolor")
        func write(_ entries: [(String, [Int])], _ name: String) throws {
            var (members, offset): ([String], Int) = ([], 0)
            for (key, shape) in entries {
                let count = shape.reduce(1, *) * 4
                members.append(
                    #""\#(key)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(offset),\#(offset + count)]}"#)
                offset += count
            }
            let header = Array("{\(members.joined(separator: ","))}".utf8)
            let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
            try Data(length + header + [UInt8](repeating: 0, count: offset)).write(
                to: folder.appendingPathComponent(name))
        }
        try write([("conv1.weight", [8, 3, 3, 3]), ("fc.bias", [10])], "resnet.safetensors")
        #expect(
            try await failure(workflow(#""model_input_size": 64, "checkpoint": "resnet.safetensors""#), lab) == """
                'resnet.safetensors' holds no DDColor network: its 2 weights begin with 'conv1.weight', 'fc.bias'
                  Choose a DDColor checkpoint; 'graphrun models' lists those there are.
                """)
        try write(
            [
                ("encoder.arch.downsample_layers.0.0.weight", [0, 3, 4, 4]),
                ("refine_net.0.0.weight_orig", [2, 13, 1, 1]),
            ], "empty.safetensors")
        #expect(
            try await failure(workflow(#""model_input_size": 64, "checkpoint": "empty.safetensors""#), lab) == """
                'empty.safetensors' has 'encoder.arch.downsample_layers.0.0.weight' of 0x3x4x4, which holds no numbers
                  Get the file again from where it was published.
                """)
        try write(
            [
                ("encoder.arch.downsample_layers.0.0.weight", [8, 3, 4, 4]),
                ("refine_net.0.0.weight_orig", [2, 13, 1, 1]),
            ],
            "cut.safetensors")
        #expect(
            try await failure(workflow(#""model_input_size": 64, "checkpoint": "cut.safetensors""#), lab) == """
                'cut.safetensors' lacks the weight 'encoder.arch.downsample_layers.1.1.weight'
                  Get the file again from where it was published.
                """)
    }

    @Test("is described as ComfyUI-DDColor describes it, and one input more")
    func described() throws {
        let json = ObjectInfo.json(of: DDColorColorize(ModelHost(ModelHost.Options())).schema, in: EmptyEnvironment())
        #expect(json["input"]?["required"]?["checkpoint"]?.array?.last?["default"] == "ddcolor_paper_tiny.pth")
        let size = json["input"]?["required"]?["model_input_size"]?.array?.last
        #expect([size?["default"], size?["min"], size?["max"], size?["step"]] == [512, 32, 4096, 32])
        #expect(json["output"] == ["IMAGE"])
        #expect(json["output_name"] == ["colorized_image"])
        #expect(json["category"] == "DDColor")
        #expect(json["python_module"] == "custom_nodes.ComfyUI-DDColor")
        #expect(
            json["input_order"] == [
                "required": ["image", "model_input_size", "checkpoint"], "optional": ["ab_upsample"],
            ])
    }

    // MARK: The old name

    @Test("DDColor of old workflows makes the same, and says once what it made of its widgets")
    func old() async throws {
        let lab = try Lab()
        let new = try lab.saved(try await lab.run(workflow(mini)).result)
        let hybrid = """
            {"nodes": [{"id": "load", "type": "LoadImage", "widgets_values": ["photo.png"]},
              {"id": "ddcolor_node", "type": "DDColor", "inputs": {"image": "load.image"},
               "widgets_values": ["mini", 70, true]},
              {"id": "save", "type": "SaveImage", "inputs": {"images": "ddcolor_node.image"}, "widgets_values": ["c"]}]}
            """
        let (result, events) = try await lab.run(hybrid)
        #expect(try lab.saved(result) == new)
        let log = events.compactMap { if case .nodeLog(_, _, let message) = $0 { message } else { nil } }
        #expect(
            log == [
                "Size 70 is taken as 64; the third value has no meaning. DDColor_Colorize says all of it by name."
            ])
    }

    @Test("DDColor with a word that names no checkpoint takes the best there is, and says so")
    func oldWord() async throws {
        let lab = try Lab()
        let (result, events) = try await lab.run(
            workflow(#""model": "model", "size": 64, "flag": false"#, type: "DDColor"))
        #expect(result.outcome == .succeeded)
        let log = events.compactMap { if case .nodeLog(_, _, let message) = $0 { message } else { nil } }
        #expect(
            log == ["Model 'model' names no checkpoint, so mini.pth is used. DDColor_Colorize says all of it by name."])
    }
}
