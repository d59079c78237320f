/// The inputs of one call, read by their declarations: `let image = try inputs[Self.image]`.
public struct Inputs: Sendable {
    enum Cell: Sendable {
        case absent
        case one(Value)
        case list([Value])
    }

    /// In the order of the schema's inputs.
    let specs: [InputSpec]
    var cells: [Cell]
    /// Linked inputs that the schema does not declare.
    var undeclaredCells: [(name: String, cell: Cell)]

    init(specs: [InputSpec], cells: [Cell], undeclared: [(name: String, cell: Cell)] = []) {
        (self.specs, self.cells, self.undeclaredCells) = (specs, cells, undeclared)
    }

    /// Inputs for calling a node by hand, as its unit tests do.
    public init(_ schema: NodeSchema, _ values: [String: Value]) {
        specs = schema.inputs
        cells = specs.map { spec in values[spec.name].map { .one($0) } ?? .absent }
        undeclaredCells = values.filter { name, _ in !schema.inputs.contains { $0.name == name } }
            .map { (name: $0.key, cell: .one($0.value)) }.sorted { $0.name < $1.name }
    }

    /// The same for a node whose schema `takesLists`.
    public init(_ schema: NodeSchema, lists: [String: [Value]]) {
        self.init(specs: schema.inputs, cells: schema.inputs.map { lists[$0.name].map { .list($0) } ?? .absent })
    }

    /// - Throws: `Diagnostic` when the value is absent or of another type.
    @inlinable
    public subscript<Wrapped>(input: Input<Wrapped>) -> Wrapped {
        get throws {
            // Specialised where it is called: the common case costs no generic metadata.
            if let value = value(of: input.spec), let read = Wrapped(value) { return read }
            return try valueOrReason(input)
        }
    }

    @usableFromInline
    func value(of spec: InputSpec) -> Value? {
        if case .one(let value) = cell(spec) { value } else { nil }
    }

    @usableFromInline
    func valueOrReason<Wrapped>(_ input: Input<Wrapped>) throws -> Wrapped {
        switch cell(input.spec) {
        case .one(let value): return try read(value, input.spec)
        case .absent:
            if let value = try defaultValue(of: input.spec, as: Wrapped.self) { return value }
            throw Diagnostic(.requiredInputMissing, node: nil, "input '\(input.spec.name)' has no value")
        case .list: throw Diagnostic(.badInput, node: nil, "input '\(input.spec.name)' is a list; read it as one")
        }
    }

    /// The value, else the declared default, else nil. `null` in a file reads as absent.
    public subscript<Wrapped>(input: OptionalInput<Wrapped>) -> Wrapped? {
        get throws {
            switch cell(input.spec) {
            case .one(.literal(.null)) where Wrapped.self != Value.self: return nil
            case .one(let value): return try read(value, input.spec)
            case .absent: return try defaultValue(of: input.spec, as: Wrapped.self)
            case .list: throw Diagnostic(.badInput, node: nil, "input '\(input.spec.name)' is a list; read it as one")
            }
        }
    }

    /// The value of a lazy input, or nil while it has not been computed.
    public func ifKnown<Wrapped>(_ input: Input<Wrapped>) throws -> Wrapped? {
        guard case .one(let value) = cell(input.spec) else { return nil }
        return try read(value, input.spec)
    }

    /// All elements, for a node whose schema `takesLists`. Absent is empty.
    public func list<Wrapped>(_ input: Input<Wrapped>) throws -> [Wrapped] {
        switch cell(input.spec) {
        case .absent: return []
        case .one(let value): return [try read(value, input.spec)]
        case .list(let values): return try values.map { try read($0, input.spec) }
        }
    }

    /// Linked inputs that the schema does not declare, in file order.
    public var undeclared: [(name: String, value: Value)] {
        undeclaredCells.compactMap { name, cell in
            if case .one(let value) = cell { (name, value) } else { nil }
        }
    }

    private func cell(_ spec: InputSpec) -> Cell {
        // A declaration is nearly always the very object the schema holds.
        for index in specs.indices where specs[index] === spec { return cells[index] }
        for index in specs.indices where specs[index].name == spec.name { return cells[index] }
        return .absent
    }

    private func read<Wrapped: SocketValue>(_ value: Value, _ spec: InputSpec) throws -> Wrapped {
        if let read = Wrapped(value) { return read }
        throw spec.wrongType(value, needed: Wrapped.socketType)
    }

    private func defaultValue<Wrapped: SocketValue>(of spec: InputSpec, as type: Wrapped.Type) throws -> Wrapped? {
        guard let json = spec.defaultValue else { return nil }
        return try read(.literal(Literal(json)), spec)
    }
}
