import Dispatch
import GraphCore
import Media
import Nodes

/// Whole prompts: bytes choose node types, links and values, the engine runs what the validator lets pass, and nothing
/// that a node is given ends the process.
///
/// Every three bytes add a node: its type, and what its inputs take. Nodes that speak, call servers or need models are
/// left out: their inputs are swept by the tests.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var choices = Choices(bytes: Array(UnsafeBufferPointer(start: start, count: count)))
    let workflow = choices.workflow()
    let checked = Validator.check(workflow, registry: registry, environment: EmptyEnvironment())
    guard let plan = checked.plan else { return 0 }
    let isOver = DispatchSemaphore(value: 0)
    let run = Task { await engine.run(plan, of: workflow, id: "fuzz") }
    Task {
        _ = await run.value
        isOver.signal()
    }
    // A prompt that has work for longer shows nothing more.
    if isOver.wait(timeout: .now() + 0.5) == .timedOut {
        run.cancel()
        isOver.wait()
    }
    engine.log.release(through: engine.log.end)
    return 0
}

private let leftOut: Set<String> = [
    "TTS", "CosyVoice3", "IndexTTS2", "TextToImage", "ImageToImage", "DDColor", "DDColor_Colorize",
    "UpscaleModelLoader", "ImageUpscaleWithModel", "OnnxImageModel", "LoadImage", "LoadImageMask", "LoadAudio",
]
private let nodes = BuiltInNodes.all().filter { !leftOut.contains($0.schema.type) }
private let registry = NodeRegistry(nodes)
private let engine: Engine = {
    var options = Engine.Options(coreCount: 2)
    options.cache = .none
    return Engine(registry: registry, environment: EmptyEnvironment(), options: options)
}()

private let wholeNumbers: [Int128] = [
    0, 1, -1, 2, 7, 31, 255, 256, 4_096, 16_384, 16_385, -16_384, 1 << 31, -(1 << 31), 1 << 62, (1 << 63) - 1,
    -(1 << 63),
    1 << 63, (1 << 64) - 1,
]
private let numbers: [Double] = [
    0, 1, -1, 0.5, 0.01, 8, 10, 100, .leastNonzeroMagnitude, -Double.leastNonzeroMagnitude, 1e9, -1e9, 9.2e18, -9.2e18,
    1.8e19, 1e308, -1e308,
]
private let texts = [
    "", "a", "aaaa", "(a+)+b", "(?:){4294967295}", "%date:yyyy%", "../x", "\u{0}", "\u{1F469}\u{200D}",
]

/// Bytes as decisions; 0 when there are none left.
private struct Choices {
    let bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() -> Int {
        defer { at += 1 }
        return at < bytes.count ? Int(bytes[at]) : 0
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[next() % elements.count] }

    /// Sources stand before what takes from them; the last node is shown.
    mutating func workflow() -> Workflow {
        var made: [Workflow.Node] = []
        var outputs: [(type: SocketType, link: Link)] = []
        while at < bytes.count, made.count < 40 {
            let schema = pick(nodes).schema
            let id = NodeID(String(made.count))
            var inputs: [Workflow.Input] = []
            for spec in schema.inputs {
                guard let source = source(spec, outputs) else { continue }
                inputs.append(Workflow.Input(spec.name, source))
            }
            made.append(Workflow.Node(id: id, type: schema.type, inputs: inputs))
            for (slot, output) in schema.outputs.enumerated() { outputs.append((output.type, Link(id, slot))) }
        }
        if let last = outputs.last {
            made.append(
                Workflow.Node(id: "show", type: "PreviewAny", inputs: [Workflow.Input("source", .link(last.link))]))
        }
        return Workflow(nodes: made)
    }

    private mutating func source(
        _ spec: InputSpec, _ outputs: [(type: SocketType, link: Link)]
    ) -> Workflow.Source? {
        let choice = next()
        let fitting = outputs.filter { spec.type.accepts($0.type) }
        if !fitting.isEmpty, choice & 1 == 0 || !spec.type.isWidget { return .link(pick(fitting.suffix(8)).link) }
        if choice & 6 == 0, let value = spec.defaultValue { return .literal(value) }
        switch spec.type {
        case .int: return .literal(.number(JSONNumber(pick(wholeNumbers))))
        case .float: return .literal(.number(JSONNumber(pick(numbers))))
        case .boolean: return .literal(.bool(choice & 8 == 0))
        case .string: return .literal(.string(pick(texts)))
        case .combo:
            guard case .fixed(let words)? = spec.choices else { return .literal("x") }
            return .literal(.string(pick(words)))
        default: return spec.presence == .required ? fitting.last.map { .link($0.link) } : nil
        }
    }
}

extension Array {
    fileprivate func suffix(_ count: Int) -> [Element] { Array(self[Swift.max(0, self.count - count)...]) }
}
