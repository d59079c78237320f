/// What editor files leave out of a node and converting them needs: the inputs of its type, in order, as a server's
/// `/object_info` tells them.
struct NodeShape: Sendable {
    struct Input: Sendable {
        let name: String
        /// `COMBO` for a list of choices, too; unions as `IMAGE,MASK`.
        let type: String
        let options: JSONObject
        /// Of a COMBO.
        let choices: [JSON]
        /// Of a dynamic combo: what each choice adds.
        let branches: [(key: JSON, inputs: [Input])]
    }

    let displayName: String?
    /// Required ones first, then optional ones.
    let inputs: [Input]
    /// Types.
    let outputs: [String]

    /// Fields of the editor's own, to show a model or to take a sound with, that it sends along; servers ignore them.
    static let viewers = ["SaveGLB": "image", "Preview3D": "image", "RecordAudio": "audio"]

    /// - Parameter info: the entry of one type.
    init(objectInfo info: JSON) {
        displayName = info["display_name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        inputs = Self.inputs(info["input"], order: info["input_order"])
        outputs = (info["output"]?.array ?? []).map { Self.typeName($0) }
    }

    private static func inputs(_ groups: JSON?, order: JSON?) -> [Input] {
        ["required", "optional"].flatMap { group -> [Input] in
            let members = groups?[group]?.object?.members ?? []
            guard let names = order?[group]?.array else { return members.map { Input($0.key, $0.value) } }
            return names.compactMap { name in
                guard let name = name.string, let member = members.first(where: { $0.key == name }) else { return nil }
                return Input(name, member.value)
            }
        }
    }

    fileprivate static func branches(_ options: JSONObject) -> [(key: JSON, inputs: [Input])] {
        (options["options"]?.array ?? []).map { option in
            (option["key"] ?? .null, inputs(option["inputs"], order: nil))
        }
    }

    /// A list of choices stands for COMBO.
    static func typeName(_ json: JSON?) -> String {
        switch json {
        case .string(let name)?: name
        case .array?: "COMBO"
        default: "*"
        }
    }
}

extension NodeShape.Input {
    fileprivate init(_ name: String, _ spec: JSON) {
        let parts = spec.array ?? [spec]
        self.name = name
        type = NodeShape.typeName(parts.first)
        options = (parts.count > 1 ? parts[1].object : nil) ?? JSONObject()
        choices = parts.first?.array ?? (type == "COMBO" ? options["options"]?.array : nil) ?? []
        branches = type == Self.dynamicCombo ? NodeShape.branches(options) : []
    }

    static let dynamicCombo = "COMFY_DYNAMICCOMBO_V3"
    static let autogrow = "COMFY_AUTOGROW_V3"
    /// Of a group that grows: the inputs that stand there at first, by their names in the group.
    var grownNames: [(name: String, type: String)] {
        let template = options["template"]
        let members = ["required", "optional"].flatMap { template?["input"]?[$0]?.object?.members ?? [] }
        let least = template?["min"]?.number?.int.flatMap { Int(exactly: $0) } ?? 1
        let names = template?["names"]?.array?.compactMap(\.string)
        let most = names?.count ?? template?["max"]?.number?.int.flatMap { Int(exactly: $0) } ?? 100
        return (0..<max(0, min(max(least, 0), 100) + 1)).prefix(max(0, most)).flatMap { ordinal in
            members.map { member in
                let prefix = members.count == 1 ? template?["prefix"]?.string ?? "" : member.key
                let type = NodeShape.typeName(member.value.array?.first ?? member.value)
                return (names.map { $0[ordinal] } ?? "\(prefix)\(ordinal)", type)
            }
        }
    }

    private static let widgetTypes: Set<String> = ["COMBO", "INT", "FLOAT", "STRING", "BOOLEAN", dynamicCombo]

    private func isSet(_ option: String) -> Bool {
        switch options[option] {
        case nil, .null?, .bool(false)?: false
        default: true
        }
    }

    /// Drawn as a mere socket although a value of its type could be filled in.
    var isForced: Bool { isSet("forceInput") }
    var isWidget: Bool { Self.widgetTypes.contains(type) && !isForced }
    /// Whether a PrimitiveNode can be linked to it, even where it is a mere socket.
    var takesValues: Bool { Self.widgetTypes.contains(type) }
    var isMultiline: Bool { type == "STRING" && isSet("multiline") }
    var isMultiSelect: Bool { isSet("multi_select") || isSet("multiselect") }
    var hasDynamicPrompts: Bool { type == "STRING" && isSet("dynamicPrompts") }

    /// Entries that editors store behind this one's in `widgets_values`: how the value goes on, and for a choice which
    /// choices to go through.
    var controlCount: Int {
        if options["control_after_generate"] != nil { return saysControl ? (type == "COMBO" ? 2 : 1) : 0 }
        return type == "INT" && (name == "seed" || name == "noise_seed") ? 1 : 0
    }

    /// Says so itself, whatever its name.
    var saysControl: Bool { isSet("control_after_generate") }

    /// Entries for buttons that stand behind all widgets.
    var buttonCount: Int {
        if isSet("audio_upload") { return 2 }
        return isSet("image_upload") || isSet("video_upload") || isSet("animated_image_upload") ? 1 : 0
    }

    /// The same where the entries have names.
    var namedButtonCount: Int { min(buttonCount, 1) }

    /// What the editor fills in; nil when there is nothing to choose.
    var initialValue: JSON? {
        if let value = options["default"], !(isMultiSelect && value.array == nil) { return value }
        switch type {
        case "COMBO": return isMultiSelect ? [] : choices.first
        case Self.dynamicCombo: return branches.first?.key
        default: return emptyValue
        }
    }

    /// What a value is not that cannot belong to the widget; nil where it can. A name that is not among the choices can:
    /// whether it exists is the server's to say.
    func objection(to value: JSON) -> String? {
        if value == .null { return nil }
        switch type {
        case "INT", "FLOAT":
            let isNumber = value.number != nil || value.string.map { Double($0) != nil } == true
            return isNumber ? nil : "a number"
        case "BOOLEAN":
            if case .bool = value { return nil }
            let isWord = value.string.map { ["true", "false"].contains($0.lowercased()) } == true
            return value.number != nil || isWord ? nil : "true or false"
        case "STRING": return value.object == nil && value.array == nil ? nil : "a text"
        case "COMBO":
            if isMultiSelect || choices.isEmpty || value.string != nil { return nil }
            return choices.contains { $0.kindName == value.kindName } ? nil : "a choice"
        case Self.dynamicCombo: return branches.isEmpty || branches.contains { $0.key == value } ? nil : "a choice"
        default: return nil
        }
    }

    /// Of a field of its type that nobody has described.
    var emptyValue: JSON {
        switch type {
        case "INT", "FLOAT": 0
        case "BOOLEAN": false
        default: ""
        }
    }
}

/// Where shapes come from. A server's own description decides, then the node types of this program; of the rest only the
/// file itself can tell.
public struct NodeShapes: Sendable {
    private let registry: NodeRegistry
    private let environment: any NodeEnvironment
    private let described: [String: JSON]

    /// - Parameters:
    ///   - environment: tells the choices of named lists, of which the first is a widget's value when a file has none.
    ///   - objectInfo: what a server answers to `GET /object_info`.
    public init(
        _ registry: NodeRegistry, in environment: any NodeEnvironment = EmptyEnvironment(),
        objectInfo: JSONObject = JSONObject()
    ) {
        (self.registry, self.environment) = (registry, environment)
        described = Dictionary(
            objectInfo.members.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    func shape(of type: String) -> NodeShape? {
        if let info = described[type] { return NodeShape(objectInfo: info) }
        return registry[type].map { NodeShape(objectInfo: ObjectInfo.json(of: $0.schema, in: environment)) }
    }

    /// What to do about a node whose type is unknown.
    /// - Parameter looksForNames: whether types with a name like it are looked for, which compares many.
    func advice(_ node: LiteGraphFile.Node, looksForNames: Bool) -> String {
        if looksForNames,
            let sentence = NearestName.sentence(node.type, among: registry.names + described.keys.sorted())
        {
            return sentence
        }
        guard !described.isEmpty else {
            return "Convert it with what a server that has it says: "
                + "graphrun convert FILE --object-info http://127.0.0.1:8188 (or a file)."
        }
        let pack = ["cnr_id", "aux_id"].lazy.compactMap { node.properties[$0]?.string }.first { !$0.isEmpty }
        let name = pack.map { " '\($0.prefix(100))'" } ?? " that has it"
        return "That server does not know it either: install the node pack\(name) there."
    }
}
