import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("SaveImageWebsocket")
struct SaveImageWebsocketTests {
    private static let text = """
        {"1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 8, "batch_size": 3, "color": 5472247}},
         "2": {"class_type": "SaveImageWebsocket", "inputs": {"images": ["1", 0]}}}
        """

    /// Runs the graph and tells what node 2 said.
    private func told(_ engine: Engine) async throws -> [RunEvent.Kind] {
        let workflow = try WorkflowReader(registry: engine.registry).read(Array(Self.text.utf8)).workflow
        let checked = Validator.check(workflow, registry: engine.registry, environment: EmptyEnvironment())
        let start = engine.log.end
        let result = await engine.run(try #require(checked.plan), of: workflow, id: "r")
        #expect(result.outcome == .succeeded)
        return engine.log.read(after: start).events.map(\.kind).filter { $0.node == "2" }
    }

    private func words(_ kinds: [RunEvent.Kind]) throws -> [String] {
        try kinds.map { kind in
            switch kind {
            case .nodeStarted(_, _, _, _, let reason): return "started: \(reason.text)"
            case .nodeProgress(_, let completed, let total, _, _):
                return "\(Int(clamping: completed)) of \(Int(clamping: total))"
            case .nodePicture(_, let format, let bytes):
                let image = try ImageDecoder.decode(bytes).image
                return "\(format) \(image.width)x\(image.height)"
            case .nodeFinished: return "finished"
            default: return "\(kind)"
            }
        }
    }

    @Test("tells progress and a PNG for every picture of the batch, however fast, and shows nothing else")
    func told() async throws {
        let engine = Engine(
            registry: NodeRegistry(BuiltInNodes.all()), environment: EmptyEnvironment(),
            options: Engine.Options(coreCount: 1))
        let first = try words(try await told(engine))
        #expect(
            first.dropFirst() == [
                "0 of 3", "png 16x8", "1 of 3", "png 16x8", "2 of 3", "png 16x8", "finished",
            ])
        #expect(try words(try await told(engine)) == ["started: not cacheable"] + first.dropFirst())
    }

    @Test("sends pictures that nobody may skip")
    func kept() {
        #expect(!RunEvent.Kind.nodePicture("2", .png, []).isSuperseded)
        #expect(RunEvent.Kind.nodePreview("2", .png, []).isSuperseded)
    }

    @Test("is described as ComfyUI describes it")
    func objectInfo() throws {
        let schema = SaveImageWebsocket().schema
        let expected = try JSONParser.parse(
            """
            {"input": {"required": {"images": ["IMAGE"]}}, "input_order": {"required": ["images"]}, "output": [],
             "output_is_list": [], "output_name": [], "name": "SaveImageWebsocket",
             "display_name": "SaveImageWebsocket", "description": "",
             "python_module": "custom_nodes.websocket_image_save", "category": "api/image", "output_node": true}
            """)
        #expect(ObjectInfo.json(of: schema, in: EmptyEnvironment()) == expected)
    }
}
