public import GraphCore
internal import Digest
internal import Foundation

/// The folders of one installation, and the only way in and out of them: every name a workflow, a URL or an upload
/// brings is resolved here and cannot leave its folder, by `..` or by a symbolic link.
public struct Folders: NodeEnvironment {
    private let paths: [FolderName: String]
    /// Where models lie besides `models/`.
    let extraModels: ModelPaths
    /// Whether what is saved into the output folder is on the disk before `save` returns.
    let syncsOutputs: Bool
    let numbering = Numbering()
    let uploadNames = UploadNames()
    private let listings = ChoiceListings()
    let now: @Sendable () -> Date

    /// A file larger than this is not read: pictures and sounds are smaller.
    public static let maxFileByteCount = 2 << 30

    /// Of the library that makes content tokens, for `graphrun doctor`.
    public static var digestLibrary: String { SHA256.libraryVersion }

    /// - Parameters:
    ///   - base: holds `input/ output/ temp/ models/ user/` unless `overrides` says otherwise.
    ///   - models: further folders for models.
    ///   - syncsOutputs: what is saved into the output folder is on the disk before `save` returns.
    public init(
        base: String, overrides: [FolderName: String] = [:], models: ModelPaths = ModelPaths(),
        syncsOutputs: Bool = false
    ) {
        self.init(base: base, overrides: overrides, models: models, syncsOutputs: syncsOutputs, now: { Date() })
    }

    init(
        base: String, overrides: [FolderName: String], models: ModelPaths = ModelPaths(), syncsOutputs: Bool = false,
        now: @escaping @Sendable () -> Date
    ) {
        // Relative paths stay relative: people read them.
        let prefix = base == "." ? "" : base.hasSuffix("/") ? base : base + "/"
        paths = Dictionary(
            uniqueKeysWithValues: FolderName.allCases.map { ($0, overrides[$0] ?? prefix + $0.rawValue) })
        (self.extraModels, self.syncsOutputs, self.now) = (models, syncsOutputs, now)
    }

    /// The path of a folder as configured.
    public func path(_ folder: FolderName) -> String { paths[folder] ?? folder.rawValue }

    /// Where a saved file lies, for people.
    public func path(of file: SavedFile) -> String {
        [path(file.folder), file.subfolder, file.filename].filter { !$0.isEmpty }.joined(separator: "/")
    }

    // MARK: Choices

    public func choices(_ source: ChoiceSource) -> [String] {
        switch source {
        case .files(let folder, let kind):
            let folder = path(folder)
            return listings.names(in: folder, key: "\(kind)") {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                return names.filter { name in
                    !name.hasPrefix(".") && kind.fileExtensions.contains((name as NSString).pathExtension.lowercased())
                        && FileStatus.offered(folder + "/" + name, below: folder) != nil
                }.sorted()
            }
        case .models(let kind, _):
            return source.offering(((try? modelFiles(kind)) ?? []).filter(ModelFile.isOffered))
        }
    }

    public func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic? {
        do throws(Diagnostic) {
            switch source {
            case .files(let folder, _): _ = try file(choice, in: folder, maxByteCount: Self.maxFileByteCount)
            case .models: _ = try modelPath(choice, from: source)
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: Reading

    public func read(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> [UInt8] {
        let path = try file(name, in: folder, maxByteCount: maxByteCount)
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw Self.notReadable(name, error)
        }
    }

    public func filePath(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        try file(name, in: folder, maxByteCount: .max)
    }

    /// The temp folder: it has room when the machine's own may be memory.
    public var scratchFolder: String? { try? root(.temp).makeDirectory("") }

    static func notReadable(_ name: String, _ error: any Error) -> Diagnostic {
        Diagnostic(
            .fileNotReadable, node: nil, "'\(name)' cannot be read: \(SystemReason.text(error))",
            suggestion: "Check the file's permissions.")
    }

    public func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        let path = try file(name, in: folder, maxByteCount: Self.maxFileByteCount)
        do {
            return try FileDigest.sha256(ofFile: path)
        } catch {
            throw Self.notReadable(name, error)
        }
    }
}

extension ChoiceSource.FileKind {
    /// By extension, as ComfyUI's MIME type filter.
    fileprivate var fileExtensions: Set<String> {
        switch self {
        case .image: ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff"]
        case .audio: ["wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au", "caf", "m4a", "aac"]
        }
    }
}
