/// What a node type is called, takes and gives, and what it needs to run.
public struct NodeSchema: Sendable {
    /// How `/object_info` spells the schema: ComfyUI has two generations of node definitions.
    public enum Generation: Sendable {
        case classic
        /// Carries `deprecated`, `experimental`, `api_node` and `output_tooltips`, and combos as `COMBO` with options.
        case modern
    }

    /// ComfyUI's class name, such as `ImageScale`.
    public let type: String
    public let displayName: String?
    public let category: String
    public let description: String
    public let inputs: [InputSpec]
    /// What the node takes from the run itself.
    public let hidden: [HiddenInput]
    public let outputs: [OutputSpec]
    /// Whether a run is for this node's sake; what no output node needs is not run.
    public let isOutput: Bool
    /// Gets whole lists instead of being called once per element.
    public let takesLists: Bool
    /// May answer with a graph to run in its place.
    public let mayExpand: Bool
    /// False for a node that must not stand in for another with the same inputs: it keeps its id in its signature.
    public let isIdempotent: Bool
    /// The permit the node holds from start to finish.
    public let resource: ResourceName
    /// Says that `run` blocks its thread (a child process, a blocking library call) instead of computing or awaiting.
    public let blocksThread: Bool
    /// The Python module ComfyUI's frontend derives a badge from: `nodes`, `comfy_extras.X` or `custom_nodes.X`.
    public let module: String
    public let generation: Generation
    /// Undeclared inputs are part of the node's contract (`input1`, `input2`... of an average).
    public let acceptsUndeclared: Bool
    /// Says that the node's progress counts from its first value. Other nodes' progress reaches scripts only once they have
    /// run for a quarter of a second; editors and `graphrun` see all of it.
    public let showsEarlyProgress: Bool

    public init(
        type: String, displayName: String? = nil, category: String, description: String = "",
        inputs: [any InputDeclaration] = [], hidden: [HiddenInput] = [], outputs: [any OutputDeclaration] = [],
        isOutput: Bool = false, takesLists: Bool = false, mayExpand: Bool = false, isIdempotent: Bool = true,
        resource: ResourceName = .cpu, blocksThread: Bool = false, module: String = "nodes",
        generation: Generation = .classic, acceptsUndeclared: Bool = false, showsEarlyProgress: Bool = false
    ) {
        (self.type, self.displayName, self.category, self.description) = (type, displayName, category, description)
        self.inputs = inputs.map(\.spec)
        self.hidden = hidden
        self.outputs = outputs.map(\.spec)
        (self.isOutput, self.takesLists, self.mayExpand) = (isOutput, takesLists, mayExpand)
        self.isIdempotent = isIdempotent && !hidden.contains(.uniqueID)
        (self.resource, self.blocksThread) = (resource, blocksThread)
        (self.module, self.generation, self.acceptsUndeclared) = (module, generation, acceptsUndeclared)
        self.showsEarlyProgress = showsEarlyProgress
    }

    /// Inputs that only take links, in order: what `to_slot` counts in the formats of editors.
    public var sockets: [InputSpec] { inputs.filter { !$0.isWidget && $0.presence != .hidden } }
    /// Inputs filled in by hand, in order: what `widgets_values` lists.
    public var widgets: [InputSpec] { inputs.filter { $0.isWidget && $0.presence != .hidden } }

    /// Slots of the output called `name`; case does not matter.
    public func outputSlot(named name: String) -> Int? {
        outputs.firstIndex { $0.name == name } ?? outputs.firstIndex { $0.name.lowercased() == name.lowercased() }
    }
}

/// Things a node may ask of the run; read them from `NodeContext`.
public enum HiddenInput: String, Sendable, Hashable {
    /// The workflow as the API format has it.
    case prompt
    /// The workflow with everything expansions have added so far.
    case dynamicPrompt
    /// What the editor stored beside the workflow.
    case extraPNGInfo
    /// The node's own id; makes every node its own, never a twin.
    case uniqueID
}

/// A kind of permit. How many there are is the engine's configuration.
public struct ResourceName: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral value: String) { text = value }
    public var description: String { text }

    /// Computing; as many as the machine has cores.
    public static let cpu: ResourceName = "cpu"
    public static let gpu: ResourceName = "gpu"
    /// A model's inference call.
    public static let model: ResourceName = "model"
    /// Waiting for others; 16 at once.
    public static let network: ResourceName = "network"
}
