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
        guard case .models(let kind, _) = source else { throw source.modelMissing(choice) }
        var refusal: Diagnostic?
        // The first folder that has it wins; what another one says against the name matters only when none has.
        for case let root? in modelFolders(kind).map(\.root) {
            do throws(Diagnostic) {
                let path = try root.file(choice, asked: choice, maxByteCount: .max)
                guard ModelFile.isOffered(choice) else {
                    throw Diagnostic(
                        .badFileName, node: nil, "'\(choice.prefix(60))' is no model file",
                        suggestion: "Use a .pth, .pt, .safetensors or .onnx file.")
                }
                return path
            } catch  where error.code == .fileNotFound {
                continue
            } catch {
                refusal = refusal ?? error
            }
        }
        throw refusal ?? source.modelMissing(choice)
    }

    public func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String {
        let path = try modelPath(choice, from: source)
        guard let status = FileStatus(path) else { throw source.modelMissing(choice) }
        return status.identity
    }
}

/// What lies in the folders of models, for people and editors.
extension Folders {
    /// A folder that models of a kind are looked up in.
    public struct ModelFolder: Sendable {
        /// As outsiders may know it: `models/ddcolor`, `shared: ddcolor`.
        public let name: String
        /// As configured; may be missing.
        public let path: String
        /// Nil when it leads out of the models folder.
        let root: FolderRoot?
    }

    public struct ListedModel: Sendable {
        /// Below its folder, `/` between parts.
        public let name: String
        /// In `modelFolders` of its kind.
        public let folder: Int
        public let byteCount: Int
    }

    /// Kinds of models that ComfyUI knows (0.3.64 `/models`), in its order.
    public static let knownModelKinds = [
        "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision", "style_models",
        "embeddings", "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models", "custom_nodes",
        "hypernetworks", "photomaker", "classifiers", "model_patches", "audio_encoders",
        // Of ComfyUI-DDColor, whose nodes are built in here.
        "ddcolor",
    ]

    /// The kinds ComfyUI knows, then the other subfolders of the models folder and kinds of extra folders.
    public func modelKinds() -> [String] {
        let root = path(.models)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let others = names.filter { !$0.hasPrefix(".") && FileStatus(root + "/" + $0)?.kind == .folder }
        let new = Set(others).union(extraModels.kinds).subtracting(Self.knownModelKinds)
        return Self.knownModelKinds + new.sorted().prefix(Self.maxListedCount)
    }

    /// Every absolute path that `modelPath` may begin with, and the name that outsiders may know it by.
    public var modelPathNames: [(path: String, name: String)] {
        let extra = Array(extraModels.before.values.joined()) + extraModels.after.values.joined()
        return (extra.map { ($0.path, $0.name) } + [(path(.models), FolderName.models.rawValue)]).flatMap {
            [($0.0, $0.1), (Self.realPath($0.0), $0.1)]
        }
    }

    /// Where models of a kind are looked up, in order: default folders of the extra ones, `models/KIND`, other extra ones.
    public func modelFolders(_ kind: String) -> [ModelFolder] {
        let label = "models/\(kind)"
        func extra(_ folders: [ModelPaths.Folder]?) -> [ModelFolder] {
            (folders ?? []).map {
                ModelFolder(
                    name: $0.name, path: $0.path, root: FolderRoot(folder: .models, path: $0.path, label: label))
            }
        }
        let models = root(.models)
        var own: FolderRoot?
        if (try? FileNames.check(kind, in: models)) != nil, let path = try? models.resolve(kind),
            FileStatus(path)?.kind == .folder
        {
            own = FolderRoot(folder: .models, path: path, label: label)
        }
        return extra(extraModels.before[kind])
            + [ModelFolder(name: label, path: path(.models) + "/" + kind, root: own)]
            + extra(extraModels.after[kind])
    }

    /// The real path of the picture that lies beside a model file: `model.png` or `model.preview.png` of
    /// `model.safetensors`. Nil when there is none, or no such model.
    /// - Parameter folder: in `modelFolders` of its kind.
    public func modelPicture(_ name: String, kind: String, folder: Int) -> String? {
        let folders = modelFolders(kind)
        guard folders.indices.contains(folder), let root = folders[folder].root,
            (try? root.file(name, asked: name, maxByteCount: .max)) != nil
        else { return nil }
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        let stem = name[..<dot].hasSuffix("/") || dot == name.startIndex ? name[...] : name[..<dot]
        return ["", ".preview"].lazy.flatMap { middle in
            ["png", "jpg", "jpeg", "webp"].lazy.compactMap { suffix in
                try? root.file("\(stem)\(middle).\(suffix)", asked: name, maxByteCount: .max)
            }
        }.first
    }

    /// All files in the folders of a kind, in subfolders too, folder by folder, sorted in each.
    /// - Throws: `.fileNotFound` when there is no such kind, `.outsideFolder` for a name of another place.
    public func modelListing(_ kind: String) throws(Diagnostic) -> [ListedModel] {
        let models = root(.models)
        try FileNames.check(kind, in: models)
        let folders = modelFolders(kind)
        let isKnown = Self.knownModelKinds.contains(kind) || extraModels.kinds.contains(kind)
        guard isKnown || folders.contains(where: { $0.root != nil }) else {
            _ = try models.resolve(kind)
            throw models.notFound(kind)
        }
        var listed: [ListedModel] = []
        for (index, folder) in folders.enumerated() {
            guard let root = folder.root else { continue }
            let room = Self.maxListedCount - listed.count
            for file in FolderWalk.files(below: root.path, isRecursive: true, maxCount: room)
            where !file.path.hasSuffix(".part") {
                listed.append(ListedModel(name: file.path, folder: index, byteCount: file.status.byteCount))
            }
            if listed.count >= Self.maxListedCount { break }
        }
        return listed
    }

    /// The names of model files of a kind (`sub/a.onnx`), each once, sorted.
    public func modelFiles(_ kind: String) throws(Diagnostic) -> [String] {
        Set(try modelListing(kind).map(\.name)).sorted()
    }
}
