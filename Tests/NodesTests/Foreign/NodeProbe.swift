import Files
import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

/// Runs one node of any type, its inputs filled in with links to small pictures, masks and sounds, with defaults and
/// with first choices; one or all of one kind may be set to something else.
struct NodeProbe {
    /// What became of a run.
    enum Ending {
        /// Nothing ran.
        case refused([Diagnostic])
        case ended(RunResult)

        var failure: Diagnostic? {
            switch self {
            case .refused(let diagnostics): diagnostics.first
            case .ended(let result): result.failure
            }
        }
    }

    enum Setting {
        case literal(String, JSON)
        case number(String, String)
        /// Every picture and mask, or every sound.
        case pictures(GivenPicture.Kind)
        case sounds(GivenSound.Kind)
    }

    /// A node that is still at work by then has shown that it lives, and is cancelled.
    private static let patience = Duration.milliseconds(400)

    static let types = BuiltInNodes.all().map(\.schema.type)

    private let place: Workplace
    private let registry: NodeRegistry
    private let engine: Engine

    init() throws {
        place = try Workplace()
        // Models that cannot be loaded: what a node does before it loads one is what is looked at.
        for kind in ["onnx", "upscale_models"] {
            let folder = place.base.appendingPathComponent("models/\(kind)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("no model".utf8).write(to: folder.appendingPathComponent("none.onnx"))
        }
        var registry = place.registry
        for node in [GivenNumber(), GivenPicture(), GivenMask(), GivenSound(), GivenModel()] as [any Node] {
            registry.add(node)
        }
        self.registry = registry
        var options = Engine.Options(coreCount: 2)
        options.cache = .none
        engine = Engine(registry: registry, environment: place.folders, options: options)
    }

    func schema(_ type: String) throws -> NodeSchema { try #require(registry[type]).schema }

    func run(_ type: String, _ setting: Setting) async throws -> Ending {
        let workflow = try workflow(type, setting)
        let checked = Validator.check(workflow, registry: registry, environment: place.folders)
        guard checked.errors.isEmpty, let plan = checked.plan else { return .refused(checked.errors) }
        let run = Task { await engine.run(plan, of: workflow, id: "probe") }
        let watch = Task {
            try await Task.sleep(for: Self.patience)
            run.cancel()
        }
        let result = await run.value
        watch.cancel()
        return .ended(result)
    }

    /// The node is `n`; what it gives is shown by `show`, so that it runs whatever it is.
    private func workflow(_ type: String, _ setting: Setting) throws -> Workflow {
        let schema = try schema(type)
        var nodes: [Workflow.Node] = []
        func link(_ id: String, _ type: String, _ input: String, _ value: String) -> Workflow.Source {
            if !nodes.contains(where: { $0.id.text == id }) {
                nodes.append(
                    Workflow.Node(
                        id: NodeID(id), type: type, inputs: [Workflow.Input(input, .literal(.string(value)))]))
            }
            return .link(Link(NodeID(id), 0))
        }
        var (picture, sound) = (GivenPicture.Kind.small, GivenSound.Kind.small)
        if case .pictures(let kind) = setting { picture = kind }
        if case .sounds(let kind) = setting { sound = kind }
        var inputs: [Workflow.Input] = []
        for spec in schema.inputs {
            let source: Workflow.Source?
            switch (setting, spec.type.name) {
            case (.literal(spec.name, let value), _): source = .literal(value)
            case (.number(spec.name, let text), _): source = link("number", "GivenNumber", "text", text)
            case (_, "IMAGE"): source = link("picture", "GivenPicture", "kind", picture.rawValue)
            case (_, "MASK"): source = link("mask", "GivenMask", "kind", picture.rawValue)
            case (_, "AUDIO"): source = link("sound", "GivenSound", "kind", sound.rawValue)
            case (_, "UPSCALE_MODEL"): source = link("model", "GivenModel", "kind", "none")
            case (_, "COMBO"): source = choice(spec).map { .literal(.string($0)) }
            case (_, "*"): source = link("picture", "GivenPicture", "kind", picture.rawValue)
            default: source = spec.defaultValue.map { .literal($0) } ?? plain(spec)
            }
            if let source { inputs.append(Workflow.Input(spec.name, source)) }
        }
        nodes.append(Workflow.Node(id: "n", type: type, inputs: inputs))
        if !schema.isOutput {
            nodes.append(
                Workflow.Node(
                    id: "show", type: "PreviewAny", inputs: [Workflow.Input("source", .link(Link("n", 0)))]))
        }
        return Workflow(nodes: nodes)
    }

    private func choice(_ spec: InputSpec) -> String? {
        if let value = spec.defaultValue?.string, spec.name != "checkpoint" { return value }
        switch spec.choices {
        case .fixed(let choices)?: return choices.first
        case .named(let source)?:
            let there = place.folders.choices(source).filter { place.folders.refusal(of: $0, from: source) == nil }
            return there.first ?? "none"
        case nil: return nil
        }
    }

    private func plain(_ spec: InputSpec) -> Workflow.Source? {
        switch spec.type {
        case .int, .float: .literal(.number(JSONNumber(Int128(1))))
        case .string: .literal("a")
        case .boolean: .literal(true)
        default: nil
        }
    }
}
