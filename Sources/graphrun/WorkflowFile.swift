internal import Files
internal import Foundation
internal import GraphCore
internal import Inference
internal import Nodes
internal import Remote

/// A workflow as the command line names it: read, changed by `--set`, checked.
struct WorkflowFile {
    /// What a person sees of it: the file's name.
    let name: String
    var workflow: Workflow
    let registry: NodeRegistry
    let shapes: NodeShapes
    let folders: Folders

    /// - Parameters:
    ///   - server: what it says of its nodes helps to read files of the editor.
    ///   - now: fills in dates in file names of the editor's files.
    /// - Throws: `Failure` with everything that is wrong with the file's form.
    init(
        _ path: String, _ options: Options, _ console: Console, server: RemoteServer? = nil, now: LocalTime? = nil
    ) async throws {
        name = path == "-" ? "standard input" : URL(fileURLWithPath: path).lastPathComponent
        registry = NodeRegistry(
            BuiltInNodes.all(
                models: ModelHost(options.modelHost), providers: Providers(options.configuration.providers)))
        folders = Folders(options)
        let bytes = try InputFile.read(path, media: (EmbeddedWorkflow.maxByteCount, EmbeddedWorkflow.mayBe))
        let shownName = name
        func failure(_ diagnostics: [Diagnostic]) -> Failure {
            Failure(code: .invalid, text: DiagnosticText.text(diagnostics, nil, shownName))
        }
        let json: JSON
        do throws(UnreadableWorkflow) {
            let embedded = try EmbeddedWorkflow.json(in: bytes)
            json = if let embedded { embedded } else { try WorkflowReader.parse(bytes) }
        } catch {
            throw failure(error.diagnostics)
        }
        var described = JSONObject()
        if let given = options.objectInfo {
            described = try await ObjectInfoSource.load(given, options, console)
        } else if let server, WorkflowReader.isEditorFile(json) {
            described = try await ObjectInfoSource.load(from: server)
        }
        let shapes = NodeShapes(registry, in: folders, objectInfo: described)
        do throws(UnreadableWorkflow) {
            let reading = try WorkflowReader(registry: registry, shapes: shapes, now: now).read(json)
            workflow = reading.workflow
            self.shapes = shapes
            DiagnosticText.tell(reading.notes, workflow, name, console)
        } catch {
            throw failure(error.diagnostics)
        }
        for assignment in options.assignments { try set(assignment) }
    }

    // MARK: --set

    mutating func set(_ assignment: Options.Assignment) throws {
        let (index, spec) = try find(assignment)
        let value: JSON
        if let spec, spec.type == .string || spec.type == .combo {
            value = .string(assignment.value)
        } else {
            do throws(JSONError) {
                value = try JSONParser.parse(assignment.value)
            } catch {
                // An undeclared input, or one of a wildcard, may well mean plain text.
                guard spec == nil || spec?.type == .any else {
                    throw Failure(
                        code: .invalid,
                        text:
                            "graphrun: --set \(assignment.node).\(assignment.input): '\(assignment.value)' is not JSON\n"
                            + "  Give \(Self.example(of: spec?.type)).")
                }
                value = .string(assignment.value)
            }
        }
        workflow.nodes[index][assignment.input] = APIFormat.source(value)
    }

    private static func example(of type: SocketType?) -> String {
        switch type {
        case .int?: "a whole number, such as 64"
        case .float?: "a number, such as 0.5"
        case .boolean?: "true or false"
        default: "a link, such as '[\"1\", 0]'"
        }
    }

    /// The one node an option means, and the input's declaration.
    func find(_ assignment: Options.Assignment) throws -> (index: Int, spec: InputSpec?) {
        let indices = workflow.indices(named: assignment.node)
        guard let index = indices.first else {
            let names = workflow.nodes.map(\.id.text) + workflow.nodes.compactMap(\.title)
            let near = NearestName.sentence(assignment.node, among: names)
            throw Failure(
                code: .invalid,
                text: "graphrun: there is no node '\(assignment.node)'\n  \(near ?? "'graphrun plan' lists the nodes.")"
            )
        }
        if indices.count > 1 {
            let ids = indices.map { workflow.nodes[$0].id.text }.joined(separator: ", ")
            throw Failure(
                code: .invalid,
                text: "graphrun: \(indices.count) nodes are titled '\(assignment.node)'\n  Name one by its id: \(ids).")
        }
        guard let schema = workflow.nodes[index].type.flatMap({ registry[$0]?.schema }) else { return (index, nil) }
        let spec = schema.inputs.first { $0.name == assignment.input }
        if spec == nil && !schema.acceptsUndeclared && workflow.nodes[index][assignment.input] == nil {
            let names = schema.inputs.map(\.name)
            throw Failure(
                code: .invalid,
                text: "graphrun: \(schema.type) has no input '\(assignment.input)'\n  "
                    + (NearestName.sentence(assignment.input, among: names)
                        ?? "Its inputs are: \(names.joined(separator: ", "))."))
        }
        return (index, spec)
    }

    private func advice(noFileMatches pattern: String) -> String {
        if pattern.hasPrefix("/") || pattern.contains("..") { return "Name files below that folder, such as '*.jpg'." }
        if pattern.contains("[") { return "Use * for any text and ? for one character; [...] is taken as it is." }
        let there = Wildcard.files(matching: "*", in: folders.path(.input))
        if there.isEmpty { return "Put files there: it has none." }
        let names = there.prefix(5).joined(separator: ", ")
        return "Files there are: \(names)\(there.count > 5 ? " and \(there.count - 5) more" : "")."
    }

    /// One workflow for every file of the input folder that `--for-each` means, sorted.
    func oneForEach(_ forEach: Options.Assignment) throws -> [(name: String, file: WorkflowFile)] {
        _ = try find(forEach)
        let names = Wildcard.files(matching: forEach.value, in: folders.path(.input))
        if names.isEmpty {
            throw Failure(
                code: .invalid,
                text: "graphrun: no file in \(folders.path(.input)) matches '\(forEach.value)'\n"
                    + "  \(advice(noFileMatches: forEach.value))")
        }
        return try names.map { name in
            var one = self
            try one.set(Options.Assignment(node: forEach.node, input: forEach.input, value: name))
            return (name, one)
        }
    }

    // MARK: Checking

    /// - Returns: also whether all outputs are in the plan.
    /// - Throws: `Failure` when something is wrong and `keepsGoing` is not asked for, or nothing can run.
    /// A workflow that can be run.
    struct Checked {
        let plan: Plan
        /// Whether all outputs are in the plan.
        let isWhole: Bool
        let warningCount: Int
    }

    func check(_ options: Options, _ console: Console, keepsGoing: Bool = false) throws -> Checked {
        let checked = Validator.check(
            workflow, registry: registry, environment: folders, targets: targets(options))
        DiagnosticText.tell(checked.warnings, workflow, name, console)
        guard let plan = checked.plan, checked.errors.isEmpty || keepsGoing else {
            throw Failure(code: .invalid, text: DiagnosticText.text(checked.errors, workflow, name))
        }
        DiagnosticText.tell(checked.errors, workflow, name, console)
        return Checked(plan: plan, isWhole: checked.errors.isEmpty, warningCount: checked.warnings.count)
    }

    func targets(_ options: Options) -> [NodeID]? {
        guard !options.only.isEmpty else { return nil }
        return options.only.flatMap { name -> [NodeID] in
            let indices = workflow.indices(named: name)
            return indices.isEmpty ? [NodeID(name)] : indices.map { workflow.nodes[$0].id }
        }
    }
}

extension Folders {
    init(_ options: Options) {
        self.init(
            base: options.baseDirectory, overrides: options.directories, models: options.models,
            syncsOutputs: options.syncsOutputs)
    }
}
