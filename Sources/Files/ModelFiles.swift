internal import Foundation
public import GraphCore

/// What a model file is called.
enum ModelFile {
    private static let extensions: Set<String> = ["pth", "pt", "safetensors", "onnx"]

    /// Whether nodes offer it: a known format, not hidden, and no part of a download.
    static func isOffered(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, let dot = last.lastIndex(of: ".") else { return false }
        return !parts.contains { $0.hasPrefix(".") } && extensions.contains(last[dot...].dropFirst().lowercased())
    }
}

/// Model files, for nodes.
extension Folders {
    public func modelPath(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String {
        if choice.isEmpty {
            throw Diagnostic(.fileNotFound, node: nil, "no model is named", suggestion: "Choose one of the list.")
        }
        guard case .models(let kind, _) = source, let folder = modelFolder(kind) else {
            throw source.modelMissing(choice)
        }
        let path: String
        do {
            path = try folder.file(choice, asked: choice, maxByteCount: .max)
        } catch {
            throw error.code == .fileNotFound ? source.modelMissing(choice) : error
        }
        guard ModelFile.isOffered(choice) else {
            throw Diagnostic(
                .badFileName, node: nil, "'\(choice.prefix(60))' is no model file",
                suggestion: "Use a .pth, .pt, .safetensors or .onnx file.")
        }
        return path
    }

    public func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String {
        let path = try modelPath(choice, from: source)
        guard let status = FileStatus(path) else { throw source.modelMissing(choice) }
        return status.identity
    }

    /// Where names of models of a kind are looked up; nil when there is no such folder.
    private func modelFolder(_ kind: String) -> FolderRoot? {
        guard let path = try? root(.models).resolve(kind) else { return nil }
        return FolderRoot(folder: .models, path: path, label: "models/\(kind)")
    }
}
