internal import Foundation
public import GraphCore

/// Further folders for models, as ComfyUI's `extra_model_paths.yaml` names them: sections, each with kinds of models and
/// for each kind a folder, or several, one a line.
///
/// ```yaml
/// shared:
///     base_path: /data/models    # optional; `~` and relative to this file
///     is_default: true           # optional; these folders come before models/
///     ddcolor: ddcolor
///     upscale_models: |
///         upscale
///         esrgan
/// ```
public struct ModelPaths: Sendable {
    struct Folder: Sendable {
        let path: String
        /// What outsiders are told: not where it lies.
        let name: String
    }

    /// By kind, in the order they are looked through: before `models/KIND`, and after it.
    private(set) var before: [String: [Folder]] = [:]
    private(set) var after: [String: [Folder]] = [:]
    private var count = 0

    /// What is worth telling and stops nothing: a line for each file with folders that are not there.
    public private(set) var warnings: [String] = []

    private static let maxFolderCount = 1_000
    /// What ComfyUI calls them now.
    private static let renamed = ["unet": "diffusion_models", "clip": "text_encoders"]

    public init() {}

    var kinds: Set<String> { Set(before.keys).union(after.keys) }

    /// Adds what a file says to what earlier ones said.
    /// - Throws: `.fileNotReadable`, `.tooLarge`, `.badFile` with the line.
    public mutating func read(_ file: String) throws(Diagnostic) {
        let bytes = try YAML.bytes(of: file, example: "Name a YAML file such as ComfyUI's extra_model_paths.yaml.")
        var reading = Reading(file: file)
        do throws(YAML.Complaint) {
            guard let root = try YAML.read(bytes), !root.isNull else { return }
            guard case .mapping(let sections) = root.content else {
                throw reading.wrong(root, "the file is \(root.kind); sections with folders are expected")
            }
            for section in sections { try read(section, &reading) }
        } catch {
            throw Diagnostic(
                .badFile, node: nil, "\(file), line \(error.line): \(error.message)", suggestion: error.suggestion)
        }
        if !reading.missing.isEmpty {
            let shown = reading.missing.prefix(20).joined(separator: ", ")
            let rest = reading.missing.count > 20 ? " and \(reading.missing.count - 20) more" : ""
            warnings.append("\(file): no such folder: \(shown)\(rest)")
        }
    }

    private mutating func read(
        _ section: (key: YAML, value: YAML), _ reading: inout Reading
    ) throws(YAML.Complaint) {
        let name = try reading.name(section.key)
        if section.value.isNull { return }
        guard case .mapping(let entries) = section.value.content else {
            throw reading.wrong(
                section.value, "section '\(name)' is \(section.value.kind); kinds with folders are expected",
                "Write '\(name):', and below it, indented, 'ddcolor: FOLDER'.")
        }
        var base: String?
        var isDefault = false
        for entry in entries {
            switch try reading.name(entry.key) {
            case "base_path" where entry.value.isNull: break
            case "base_path": base = try reading.text(entry.value, of: "base_path")
            case "is_default": isDefault = try reading.flag(entry.value, of: "is_default")
            default: break
            }
        }
        for entry in entries {
            let key = try reading.name(entry.key)
            if key == "base_path" || key == "is_default" || entry.value.isNull { continue }
            if key == "." || key == ".." || key.contains(where: { "/\\".contains($0) }) || key.hasPrefix(".") {
                throw reading.wrong(entry.key, "'\(key)' is no kind of models", "Use a name such as 'ddcolor'.")
            }
            let kind = Self.renamed[key] ?? key
            let lines = try reading.text(entry.value, of: key).split(whereSeparator: \.isNewline)
            for line in lines.map({ trimmed($0) }) where !line.isEmpty {
                count += 1
                if count > Self.maxFolderCount {
                    throw reading.wrong(
                        entry.value, "there are more than \(Self.maxFolderCount) folders", "Name fewer folders.")
                }
                let path = reading.path(line, base: base)
                if FileStatus(Folders.realPath(path))?.kind != .folder {
                    reading.missing.append("\(path) (line \(entry.key.line))")
                }
                let shown = line.hasPrefix("/") || line.hasPrefix("~") ? (line as NSString).lastPathComponent : line
                add(Folder(path: path, name: "\(name): \(shown)"), kind, isDefault: isDefault)
            }
        }
    }

    /// ComfyUI puts every default folder in front of all it has, the other ones behind.
    private mutating func add(_ folder: Folder, _ kind: String, isDefault: Bool) {
        if isDefault {
            after[kind]?.removeAll { $0.path == folder.path }
            before[kind]?.removeAll { $0.path == folder.path }
            before[kind, default: []].insert(folder, at: 0)
        } else if (before[kind] ?? []).allSatisfy({ $0.path != folder.path })
            && (after[kind] ?? []).allSatisfy({ $0.path != folder.path })
        {
            after[kind, default: []].append(folder)
        }
    }

    private func trimmed(_ line: Substring) -> String { line.trimmingCharacters(in: .whitespaces) }

    /// The file that is read, and its words for what is wrong.
    private struct Reading {
        let file: String
        var missing: [String] = []

        func wrong(_ node: YAML, _ message: String, _ suggestion: String = Self.example) -> YAML.Complaint {
            YAML.Complaint(line: node.line, message: message, suggestion: suggestion)
        }

        private static let example = "docs/MODELS.md shows an example."

        /// A key.
        func name(_ node: YAML) throws(YAML.Complaint) -> String {
            guard case .scalar(let text, _) = node.content, !text.isEmpty, text.utf8.count <= FileNames.maxByteCount,
                text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
            else { throw wrong(node, "a name is expected before ':'") }
            return text
        }

        func text(_ node: YAML, of key: String) throws(YAML.Complaint) -> String {
            guard case .scalar(let text, _) = node.content else {
                throw wrong(
                    node, "'\(key)' is \(node.kind); a folder is expected",
                    "Write one folder behind ':', or several below '|', one a line.")
            }
            if text.utf8.contains(0) || text.utf8.count > 65_536 {
                throw wrong(node, "'\(key)' has no path", "Write one folder behind ':', or several below '|'.")
            }
            return text
        }

        func flag(_ node: YAML, of key: String) throws(YAML.Complaint) -> Bool {
            if case .scalar(let text, _) = node.content {
                switch text.lowercased() {
                case "true", "yes", "on": return true
                case "false", "no", "off", "": return false
                default: break
                }
            }
            throw wrong(node, "'\(key)' is neither true nor false", "Write '\(key): true', or leave it out.")
        }

        func path(_ text: String, base: String?) -> String {
            func expanded(_ path: String) -> String { (path as NSString).expandingTildeInPath }
            func joined(_ folder: String, _ path: String) -> String {
                path.hasPrefix("/") || folder.isEmpty
                    ? path : folder.hasSuffix("/") ? folder + path : folder + "/" + path
            }
            var folder = (file as NSString).deletingLastPathComponent
            if let base { folder = joined(folder, expanded(base)) }
            var path = joined(folder, expanded(text))
            while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
            return path
        }
    }
}
