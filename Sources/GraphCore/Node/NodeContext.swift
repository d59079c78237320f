/// What a running node may say and ask: progress out, and the little of the world it needs in.
public struct NodeContext: Sendable {
    /// The node that runs.
    public let node: NodeID
    public let environment: any NodeEnvironment
    let index: Int
    /// Nil for a node that is called by hand, as its unit tests do.
    let run: Run?

    init(node: NodeID, index: Int, environment: any NodeEnvironment, run: Run?) {
        (self.node, self.index, self.environment, self.run) = (node, index, environment, run)
    }

    /// A context outside any run: what the node reports goes nowhere.
    public init(node: NodeID = "1", environment: any NodeEnvironment = EmptyEnvironment()) {
        self.init(node: node, index: 0, environment: environment, run: nil)
    }

    /// Reports progress and throws `CancellationError` once the run is cancelled.
    /// Call it per band of rows, tile or model step; updates closer than 50 ms are merged.
    public func step(_ completed: Int, of total: Int) throws {
        try progress(Double(completed), of: Double(total))
    }

    /// The same for work that is no whole number of steps, such as seconds.
    public func progress(_ completed: Double, of total: Double) throws {
        try Task.checkCancellation()
        run?.report(progress: completed, of: total, by: index)
    }

    /// Names what happens now, for people: `context.phase("inference", "colouring 3 of 7")`.
    /// - Parameter stage: a word such as `loading_model`, `preprocess`, `inference`, `postprocess`.
    public func phase(_ stage: String, _ message: String) {
        run?.report(stage: stage, message: message, by: index)
    }

    public func log(_ level: RunEvent.LogLevel, _ message: String) {
        run?.report(.nodeLog(node, level, TextBounds.cut(message)))
    }

    /// Shows an encoded picture of the work so far. Progress reported before it is told before it, never merged with
    /// what comes after.
    public func preview(_ bytes: [UInt8], format: RunEvent.PreviewFormat) {
        run?.report(.nodePreview(node, format, bytes), afterProgressOf: index)
    }

    /// The same for a file of the temp folder: a sound that can be listened to while the rest is made.
    public func preview(_ file: SavedFile) {
        run?.report(.nodePreviewFile(node, file), afterProgressOf: index)
    }

    /// Sends an encoded picture that is the node's result, with how far the node is: whoever watches gets every one.
    public func send(_ bytes: [UInt8], format: RunEvent.PreviewFormat, step: Int, of total: Int) throws {
        try Task.checkCancellation()
        run?.report(.nodePicture(node, format, bytes), at: Double(step), of: Double(total), by: index)
    }

    /// Cores beyond its own that the node may use while no other node wants them.
    public var spareCores: SpareCores { run?.spareCores ?? .none }

    /// How long nodes of this type took with inputs of this size, as earlier runs measured it; nil when none did. For bars
    /// that are estimates, and say so.
    public var usualDuration: Duration? { run?.usualDuration(of: index) }

    /// The workflow as the API format has it. Needs `HiddenInput.prompt` in the schema.
    public var prompt: JSON { run?.prompt ?? .object(JSONObject()) }

    /// What the editor stored beside the workflow. Needs `HiddenInput.extraPNGInfo` in the schema.
    public var extraPNGInfo: JSONObject { run?.extraPNGInfo ?? JSONObject() }

    /// A node of the graph with all that expansions have added. Needs `HiddenInput.dynamicPrompt` in the schema.
    public func graphNode(_ id: NodeID) -> GraphNode? { run?.graphNode(id) }
}

/// A node of the live graph, as `NodeContext.graphNode` shows it.
public struct GraphNode: Sendable {
    public let id: NodeID
    public let type: String
    /// The node of the visible workflow that this one reports as.
    public let display: NodeID
    public let inputs: [(name: String, source: ExpansionGraph.Source)]
}
