public import GraphCore

/// Gives the path of the model it is told to use, as nodes with models do.
public struct ShowModel: ChangingNode {
    private static let source = ChoiceSource.models(
        "ddcolor", published: ["ddcolor_paper_tiny.pth", "ddcolor_modelscope.pth"])
    static let model = Input<String>("model", choices: .named(source))
    static let path = Output<String>("STRING")

    public let schema = NodeSchema.small("ShowModel", inputs: [model], outputs: [path])

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.modelToken(try inputs[Self.model], from: Self.source))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.path(try context.environment.modelPath(try inputs[Self.model], from: Self.source))]
    }
}
