import Files
import GraphCore
import HTTP
import Media
import Testing
import TestModelServer

@testable import Nodes
@testable import Remote

/// A model server that paints what a test tells it to, and the nodes that ask it.
struct PaintingStudio {
    let peer: ScriptedServer
    let providers: Providers
    /// Short, so that no test waits; above the 50 ms within which progress is merged.
    static let interval = Duration.milliseconds(60)

    init(_ kind: Provider.Kind = .xinference, limit: Int = 2, timeout: Duration = .seconds(600)) throws {
        peer = try ScriptedServer(kind == .openai ? .openai : .xinference)
        providers = try Self.providers(peer.url, kind, limit: limit, timeout: timeout)
    }

    init(peer: ScriptedServer, providers: Providers) { (self.peer, self.providers) = (peer, providers) }

    /// One provider, `local`, that loses no time between two tries.
    static func providers(
        _ url: String, _ kind: Provider.Kind, limit: Int = 2, timeout: Duration = .seconds(600)
    ) throws -> Providers {
        var provider = Provider(name: "local", url: try ProviderURL(url))
        provider.kind = kind
        provider.limit = limit
        provider.timeout = timeout
        let model = kind == .openai ? "gpt-image-1" : "Z-Image-Turbo"
        provider.models = ["TextToImage": [model], "ImageToImage": [model]]
        let pacing = Pacing(
            now: { .now }, secondsSince1970: { 0 }, sleep: { _ in try Task.checkCancellation() }, random: { 0 })
        return Providers([provider], pacing: pacing)
    }

    /// The picture that a node makes.
    func paint(_ values: [String: Value] = [:]) async throws -> Image {
        try await NodeCall.image(TextToImage(providers, interval: Self.interval), Self.inputs(values))
    }

    func change(_ image: Image, _ values: [String: Value] = [:]) async throws -> Image {
        try await NodeCall.image(
            ImageToImage(providers, interval: Self.interval),
            ["image": image.value, "prompt": .text("a cat")].merging(values) { $1 })
    }

    static func inputs(_ values: [String: Value]) -> [String: Value] {
        ["prompt": .text("a cat"), "width": .int(64), "height": .int(48)].merging(values) { $1 }
    }

    /// What goes wrong, as people read it.
    func complaint(_ values: [String: Value] = [:]) async -> String {
        do {
            _ = try await paint(values)
            return "nothing"
        } catch let diagnostic as Diagnostic {
            return diagnostic.text.replacing("127.0.0.1:\(peer.port)", with: "HOST")
        } catch { return "\(error)" }
    }
}

/// A run of a TextToImage node in an engine, whose events can be waited for.
struct PaintingRun: Sendable {
    let engine: Engine
    private let workflow: Workflow
    private let plan: Plan

    init(_ studio: PaintingStudio, costs: CostModel = CostModel()) throws {
        let registry = NodeRegistry([TextToImage(studio.providers, interval: PaintingStudio.interval), PreviewAny()])
        var options = Engine.Options(coreCount: 2)
        options.costs = costs
        engine = Engine(registry: registry, environment: EmptyEnvironment(), options: options)
        let text = """
            {"1": {"class_type": "TextToImage", "inputs": {"prompt": "a cat", "width": 64, "height": 48}},
             "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
            """
        workflow = try WorkflowReader(registry: registry).read(Array(text.utf8)).workflow
        let checked = Validator.check(workflow, registry: registry, environment: EmptyEnvironment())
        plan = try #require(checked.plan, "\(checked.errors.map(\.text))")
    }

    func start() -> Task<RunResult, Never> { Task { await engine.run(plan, of: workflow, id: "r") } }

    var events: [RunEvent.Kind] { engine.log.read(after: 0).events.map(\.kind) }

    /// Waits until the node has told something.
    func told(_ isIt: @Sendable (RunEvent.Kind) -> Bool) async throws { try await engine.log.told(isIt) }

    var stages: [String] {
        events.reduce(into: []) { stages, event in
            if case .nodePhase("1", _, let stage, _, _) = event, stages.last != stage { stages.append(stage) }
        }
    }

    var progress: [Double] {
        events.compactMap { if case .nodeProgress("1", let value, _, _, _) = $0 { value } else { nil } }
    }
}
