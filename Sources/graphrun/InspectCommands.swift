internal import Arguments
internal import Files
internal import Foundation
internal import GraphCore
internal import Inference
internal import Media
internal import Nodes

/// The commands that look and do not run.
extension Command {
    func checkWorkflow(_ console: Console) async throws -> ExitCode {
        let file = try await WorkflowFile(arguments[0], options, console)
        let checked = try file.check(options, console)
        let found = checked.warningCount == 0 ? "nothing wrong" : Words.count(checked.warningCount, "warning")
        console.output(
            "\(file.name): \(Words.count(file.workflow.nodes.count, "node")), \(checked.plan.nodeCount) needed, \(found)"
        )
        return .done
    }

    func planWorkflow(_ console: Console) async throws -> ExitCode {
        let file = try await WorkflowFile(arguments[0], options, console)
        let plan = try file.check(options, console).plan
        if options.isDot {
            console.output(GraphDrawing.dot(plan))
            return .done
        }
        let engine = Engine(
            registry: file.registry, environment: file.folders,
            options: Engine.Options(coreCount: ProcessInfo.processInfo.activeProcessorCount))
        let preview = Dictionary(
            await engine.preview(plan).map { ($0.node, ($0.type, $0.because)) }, uniquingKeysWith: { first, _ in first }
        )
        for (number, level) in plan.levels.enumerated() {
            console.output("level \(number + 1)")
            for node in level {
                guard let (type, reason) = preview[node] else { continue }
                console.output(
                    "  \(node) \(type): \(reason.map { "runs (\($0.text))" } ?? "takes the result of an equal node")")
            }
        }
        return .done
    }

    func convertWorkflow(_ console: Console) async throws -> ExitCode {
        let file = try await WorkflowFile(arguments[0], options, console, now: LocalTime(Date()))
        console.output(JSONWriter.text(file.converted(options, console), style: .indented))
        return .done
    }

    func listNodes(_ console: Console) throws -> ExitCode {
        let registry = NodeRegistry(BuiltInNodes.all())
        let folders = Folders(options)
        guard let name = arguments.first else {
            if options.isJSON {
                console.output(JSONWriter.text(ObjectInfo.json(of: registry, in: folders), style: .indented))
            } else {
                for type in registry.types { console.output(NodeDescription.line(type.schema)) }
            }
            return .done
        }
        guard let type = registry[name] else {
            throw Failure(
                code: .invalid,
                text: "graphrun: there is no node type '\(name)'\n  "
                    + (NearestName.sentence(name, among: registry.names) ?? "'graphrun nodes' lists them."))
        }
        if options.isJSON {
            let info = JSON.object(JSONObject([.init(name, ObjectInfo.json(of: type.schema, in: folders))]))
            console.output(JSONWriter.text(info, style: .indented))
        } else {
            console.output(NodeDescription.text(type.schema, folders))
        }
        return .done
    }

    func examine(_ console: Console) async -> ExitCode {
        let folders = Folders(options)
        console.output("graphrun \(Program.version), \(ProcessInfo.processInfo.activeProcessorCount) cores")
        for (name, version) in LinkedLibraries.versions + [("libcrypto", Folders.digestLibrary)] {
            console.output("  \(name): \(version)")
        }
        console.output("  ONNX Runtime: \(runtimeReport)")
        console.output("  espeak-ng: \(await speechReport)")
        for line in options.configuration.report { console.output("  \(line)") }
        for folder in FolderName.allCases {
            let path = folders.path(folder)
            var isDirectory: ObjCBool = false
            let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            let isWritten = folder == .output || folder == .temp || folder == .user
            let state: String
            if !exists {
                state = isWritten ? "missing, will be made" : "missing"
            } else if !isDirectory.boolValue {
                state = "is a file, not a folder"
            } else if isWritten && !FileManager.default.isWritableFile(atPath: path) {
                state = "found, but not writable"
            } else {
                state = "found"
            }
            console.output("  \(folder.rawValue): \(path) (\(state))")
        }
        return .done
    }

    /// The program that speaks, or what to do to have it.
    private var speechReport: String {
        get async {
            do {
                return try await EspeakProgram().report()
            } catch {
                let text = (error as? Diagnostic)?.text ?? "\(error)"
                return text.split(separator: "\n").joined(separator: "\n   ")
            }
        }
    }

    /// Which one models run on, or what to do to have one.
    private var runtimeReport: String {
        let search = options.modelHost.search
        do throws(Diagnostic) {
            let runtime = try search.load(threadCount: 1)
            let place = search.candidates().first { $0.path == runtime.path }.map { ", \($0.reason)" } ?? ""
            let device = runtime.providers.contains("CUDAExecutionProvider") ? "cpu and cuda" : "cpu"
            return "\(runtime.version) (\(runtime.path)\(place); \(device))"
        } catch {
            return error.text.split(separator: "\n").joined(separator: "\n   ")
        }
    }
}

extension WorkflowFile {
    /// In the format that was asked for. A file of the editor stays as it is, unless something in it was set.
    fileprivate func converted(_ options: Options, _ console: Console) -> JSON {
        guard options.isForEditor else { return APIFormat.json(of: workflow) }
        if let stored = workflow.extraPNGInfo["workflow"], options.assignments.isEmpty { return stored }
        let (drawing, notes) = EditorDrawing.json(of: workflow, shapes: shapes)
        DiagnosticText.tell(notes, workflow, name, console)
        return drawing
    }
}

extension LocalTime {
    init(_ date: Date) {
        let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        self.init(
            year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0, hour: parts.hour ?? 0,
            minute: parts.minute ?? 0, second: parts.second ?? 0)
    }
}

/// A plan in Graphviz's language.
enum GraphDrawing {
    static func dot(_ plan: Plan) -> String {
        let nodes = plan.nodeTypes.map { "    \(quoted($0.id.text)) [label=\(quoted("\($0.id) \($0.type)"))];" }
        let links = plan.links.map {
            "    \(quoted($0.from.text)) -> \(quoted($0.to.text)) [label=\(quoted($0.input))];"
        }
        return (["digraph workflow {", "    rankdir=LR; node [shape=box];"] + nodes + links + ["}"])
            .joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// Node types in words.
enum NodeDescription {
    static func line(_ schema: NodeSchema) -> String {
        let inputs = schema.inputs.filter { $0.presence == .required }.map(\.name).joined(separator: ", ")
        let outputs = schema.outputs.map(\.name).joined(separator: ", ")
        return "\(schema.type)(\(inputs))" + (outputs.isEmpty ? "" : " -> \(outputs)")
    }

    static func text(_ schema: NodeSchema, _ environment: any NodeEnvironment) -> String {
        var lines = ["\(schema.type)" + (schema.displayName.map { ": \($0)" } ?? "") + "  [\(schema.category)]"]
        if !schema.description.isEmpty { lines.append("  \(schema.description)") }
        for spec in schema.inputs where spec.presence != .hidden {
            var line = "  in   \(spec.name): \(spec.type)"
            if spec.presence == .optional { line += ", optional" }
            if let value = spec.defaultValue { line += ", default \(JSONWriter.text(value))" }
            if let minimum = spec.minimum, let maximum = spec.maximum { line += ", \(minimum.text) to \(maximum.text)" }
            switch spec.choices {
            case .fixed(let choices)?: line += ", one of: \(choices.joined(separator: ", "))"
            case .named(let source)?:
                let found = environment.choices(source)
                line += ", \(source.title): \(found.isEmpty ? "none" : found.prefix(20).joined(separator: ", "))"
            case nil: break
            }
            lines.append(line)
        }
        for output in schema.outputs {
            lines.append("  out  \(output.name): \(output.type)\(output.isList ? ", a list" : "")")
        }
        return lines.joined(separator: "\n")
    }
}

extension ChoiceSource {
    /// What a list of its choices is called: published models are offered without being there.
    fileprivate var title: String {
        if case .models(_, let published) = self, !published.isEmpty { return "choices" }
        return "found now"
    }
}
