/// Node types as ComfyUI's `/object_info` describes them, which its frontend and clients read.
public enum ObjectInfo {
    /// `{"ImageScale": {...}, ...}`, in the registry's order.
    public static func json(of registry: NodeRegistry, in environment: any NodeEnvironment) -> JSON {
        .object(JSONObject(registry.types.map { .init($0.schema.type, json(of: $0.schema, in: environment)) }))
    }

    /// The description of one type. Named choices are resolved by `environment`, now.
    public static func json(of schema: NodeSchema, in environment: any NodeEnvironment) -> JSON {
        let groups: [(name: String, presence: InputSpec.Presence)] = [
            ("required", .required), ("optional", .optional), ("hidden", .hidden),
        ]
        var input: [JSONObject.Member] = []
        var order: [JSONObject.Member] = []
        for group in groups {
            let specs = schema.inputs.filter { $0.presence == group.presence }
            var members = specs.map { JSONObject.Member($0.name, json(of: $0, schema, environment)) }
            if group.presence == .hidden {
                members += schema.hidden.map { .init($0.wireName, .string($0.wireType)) }
            }
            // "required" is always there, as in ComfyUI's own.
            guard !members.isEmpty || group.presence == .required else { continue }
            input.append(.init(group.name, .object(JSONObject(members))))
            order.append(.init(group.name, .array(members.map { .string($0.key) })))
        }
        var info: [JSONObject.Member] = [
            .init("input", .object(JSONObject(input))),
            .init("input_order", .object(JSONObject(order))),
            .init("output", .array(schema.outputs.map { .string($0.type.name) })),
            .init("output_is_list", .array(schema.outputs.map { .bool($0.isList) })),
            .init("output_name", .array(schema.outputs.map { .string($0.name) })),
        ]
        if schema.generation == .modern || schema.outputs.contains(where: { $0.tooltip != nil }) {
            info.append(
                .init("output_tooltips", .array(schema.outputs.map { $0.tooltip.map { .string($0) } ?? .null })))
        }
        info += [
            .init("name", .string(schema.type)),
            .init("display_name", displayName(schema)),
            .init("description", .string(schema.description)),
            .init("python_module", .string(schema.module)),
            .init("category", .string(schema.category)),
            .init("output_node", .bool(schema.isOutput)),
        ]
        if schema.generation == .modern {
            info += [.init("deprecated", false), .init("experimental", false), .init("api_node", false)]
        }
        return .object(JSONObject(info))
    }

    /// Classic nodes fall back to their type; modern ones say null.
    private static func displayName(_ schema: NodeSchema) -> JSON {
        if let name = schema.displayName { return .string(name) }
        return schema.generation == .classic ? .string(schema.type) : .null
    }

    private static func json(of spec: InputSpec, _ schema: NodeSchema, _ environment: any NodeEnvironment) -> JSON {
        var options: [JSONObject.Member] = []
        if let value = spec.defaultValue { options.append(.init("default", value)) }
        if let minimum = spec.minimum { options.append(.init("min", .number(minimum))) }
        if let maximum = spec.maximum { options.append(.init("max", .number(maximum))) }
        var type = JSON.string(spec.type.name)
        switch spec.choices {
        case nil: break
        case let choices?:
            let listed: [String] =
                switch choices {
                case .fixed(let choices): choices
                case .named(let source): environment.choices(source)
                }
            let list = JSON.array(listed.map { .string($0) })
            if schema.generation == .modern {
                options += [.init("multiselect", false), .init("options", list)]
            } else {
                type = list
            }
        }
        if spec.isLazy { options.append(.init("lazy", true)) }
        options += spec.options
        if options.isEmpty && !spec.alwaysShowsOptions && schema.generation == .classic { return [type] }
        return [type, .object(JSONObject(options))]
    }
}

extension HiddenInput {
    fileprivate var wireName: String {
        switch self {
        case .prompt: "prompt"
        case .dynamicPrompt: "dynprompt"
        case .extraPNGInfo: "extra_pnginfo"
        case .uniqueID: "unique_id"
        }
    }

    fileprivate var wireType: String {
        switch self {
        case .prompt: "PROMPT"
        case .dynamicPrompt: "DYNPROMPT"
        case .extraPNGInfo: "EXTRA_PNGINFO"
        case .uniqueID: "UNIQUE_ID"
        }
    }
}
