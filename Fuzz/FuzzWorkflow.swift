import GraphCore

/// Both workflow formats: reading and validating crashes on nothing, and a valid graph survives conversion.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let workflow = try? WorkflowReader(registry: registry).read(bytes).workflow else { return 0 }
    let checked = Validator.check(workflow, registry: registry, environment: EmptyEnvironment())
    guard checked.errors.isEmpty else { return 0 }
    let json = APIFormat.json(of: workflow)
    guard let again = try? WorkflowReader(registry: registry).read(json), again.format == .api else {
        fatalError("a valid graph became unreadable")
    }
    precondition(again.workflow.nodes.count == workflow.nodes.count)
    return 0
}

/// Types with the names that the seeds use.
private struct FuzzNode: Node {
    let schema: NodeSchema
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
}

private let registry = NodeRegistry([
    FuzzNode(
        schema: NodeSchema(
            type: "LoadImage", category: "fuzz", inputs: [Input<String>("image")],
            outputs: [Output<Value>("IMAGE", type: "IMAGE"), Output<Value>("MASK", type: "MASK")])),
    FuzzNode(
        schema: NodeSchema(
            type: "ImageScale", category: "fuzz",
            inputs: [
                Input<Value>("image", type: "IMAGE"), Input<String>("method", choices: .fixed(["area", "lanczos"])),
                Input<Int>("seed", default: 0, in: 0...Int128(UInt64.max)),
                Input<Double>("amount", default: 1, in: 0...2),
                Input<Bool>("crop", default: false),
            ], outputs: [Output<Value>("IMAGE", type: "IMAGE")])),
    FuzzNode(
        schema: NodeSchema(
            type: "SaveImage", category: "fuzz", inputs: [Input<Value>("images", type: "IMAGE")], isOutput: true)),
])
