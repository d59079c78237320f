internal import Foundation
public import GraphCore

/// What there is, for editors to choose from.
extension Folders {
    /// No listing is longer.
    public static let maxListedCount = 10_000

    /// Files right in a folder, newest first, as `a.png [input]`: what `/internal/files/input` answers.
    public func annotatedFiles(in folder: FolderName) -> [String] {
        FolderWalk.files(below: path(folder), isRecursive: false, maxCount: FolderWalk.maxVisitCount)
            .sorted { $0.status.modifiedMilliseconds > $1.status.modifiedMilliseconds }
            .prefix(Self.maxListedCount).map { "\($0.path) [\(folder.rawValue)]" }
    }

    /// Kinds of models that ComfyUI knows (0.3.64 `/models`), in its order.
    public static let knownModelKinds = [
        "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision", "style_models",
        "embeddings", "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models", "custom_nodes",
        "hypernetworks", "photomaker", "classifiers", "model_patches", "audio_encoders",
    ]

    /// The kinds ComfyUI knows, then the other subfolders of the models folder.
    public func modelKinds() -> [String] {
        let root = path(.models)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let others = names.filter { name in
            !name.hasPrefix(".") && !Self.knownModelKinds.contains(name)
                && FileStatus(root + "/" + name)?.kind == .folder
        }
        return Self.knownModelKinds + others.sorted().prefix(Self.maxListedCount)
    }

    /// Model files of a kind, in subfolders too (`sub/a.onnx`), sorted.
    /// - Throws: `.fileNotFound` when there is no such kind.
    public func modelFiles(_ kind: String) throws(Diagnostic) -> [String] {
        let models = root(.models)
        try FileNames.check(kind, in: models)
        let folder: String
        do {
            folder = try models.resolve(kind)
        } catch {
            if error.code == .fileNotFound && Self.knownModelKinds.contains(kind) { return [] }
            throw error
        }
        guard FileStatus(folder)?.kind == .folder else { throw models.notFound(kind) }
        return FolderWalk.files(below: folder, isRecursive: true, maxCount: Self.maxListedCount).map(\.path)
    }
}
