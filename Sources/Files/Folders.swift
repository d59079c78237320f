public import GraphCore
internal import Digest
internal import Foundation

/// The folders of one installation, and the only way in and out of them: every name a workflow, a URL or an upload
/// brings is resolved here and cannot leave its folder, by `..` or by a symbolic link.
public struct Folders: NodeEnvironment {
    private let paths: [FolderName: String]
    private let numbering = Numbering()
    private let now: @Sendable () -> Date

    /// A file larger than this is not read: pictures and sounds are smaller.
    public static let maxFileByteCount = 2 << 30

    /// Of the library that makes content tokens, for `graphrun doctor`.
    public static var digestLibrary: String { SHA256.libraryVersion }

    /// - Parameters:
    ///   - base: holds `input/ output/ temp/ models/ user/` unless `overrides` says otherwise.
    public init(base: String, overrides: [FolderName: String] = [:]) {
        self.init(base: base, overrides: overrides, now: { Date() })
    }

    init(base: String, overrides: [FolderName: String], now: @escaping @Sendable () -> Date) {
        // Relative paths stay relative: people read them.
        let prefix = base == "." ? "" : base.hasSuffix("/") ? base : base + "/"
        paths = Dictionary(
            uniqueKeysWithValues: FolderName.allCases.map { ($0, overrides[$0] ?? prefix + $0.rawValue) })
        self.now = now
    }

    /// The path of a folder as configured.
    public func path(_ folder: FolderName) -> String { paths[folder] ?? folder.rawValue }

    /// Where a saved file lies, for people.
    public func path(of file: SavedFile) -> String {
        [path(file.folder), file.subfolder, file.filename].filter { !$0.isEmpty }.joined(separator: "/")
    }

    // MARK: Choices

    public func choices(_ source: ChoiceSource) -> [String] {
        let (folder, extensions): (String, Set<String>?) =
            switch source {
            case .files(let folder, let kind): (path(folder), kind.fileExtensions)
            case .models(let name): (path(.models) + "/" + name, nil)
            }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { name in
            !name.hasPrefix(".")
                && extensions?.contains((name as NSString).pathExtension.lowercased()) != false
                && isOffered(name, in: folder)
        }.sorted()
    }

    public func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic? {
        do throws(Diagnostic) {
            switch source {
            case .files(let folder, _): _ = try file(choice, in: folder, maxByteCount: Self.maxFileByteCount)
            case .models(let kind): _ = try file(kind + "/" + choice, in: .models, maxByteCount: .max)
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
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(name)' cannot be read: \(Self.reason(error))",
                suggestion: "Check the file's permissions.")
        }
    }

    public func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        SHA256.hexadecimal(try read(name, in: folder, maxByteCount: Self.maxFileByteCount))
    }

    /// The path of a regular file inside its folder, no larger than `maxByteCount`.
    public func file(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> String {
        let (plain, folder) = Self.annotated(name, default: folder)
        let path = try resolve(plain, in: folder)
        let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        switch attributes[.type] as? FileAttributeType {
        case .typeRegular?: break
        case .typeDirectory?:
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(name)' is a folder, not a file",
                suggestion: "Name a file inside it, such as '\(plain)/NAME'.")
        default:
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(name)' is not a regular file", suggestion: "Name a file with content.")
        }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        if size > maxByteCount {
            throw Diagnostic(
                .tooLarge, node: nil, "'\(name)' has \(size) bytes; the limit is \(maxByteCount)",
                suggestion: "Use a smaller file.")
        }
        return path
    }

    /// The real path of something that exists inside `folder`.
    private func resolve(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        let outside = Diagnostic(
            .outsideFolder, node: nil, "'\(name.prefix(60))' leads out of the \(folder.rawValue) folder",
            suggestion: "Copy the file into \(folder.rawValue)/ and name it from there.")
        if name.isEmpty {
            throw Diagnostic(
                .fileNotFound, node: nil, "no file is named", suggestion: "Name a file of \(folder.rawValue)/.")
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if name.utf8.contains(0) || name.hasPrefix("/") || parts.contains("..") { throw outside }
        let root = Self.realPath(path(folder))
        let path = Self.realPath(root + "/" + name)
        guard FileManager.default.fileExists(atPath: path) else {
            throw Diagnostic(
                .fileNotFound, node: nil, "'\(name.prefix(60))' was not found in \(folder.rawValue)/",
                suggestion: "Put the file into \(folder.rawValue)/.")
        }
        guard Self.contains(root, path) else { throw outside }
        return path
    }

    /// Whether `folder/name` is a regular file, or a link to one that does not lead out of the folder: what is listed
    /// can be read.
    private func isOffered(_ name: String, in folder: String) -> Bool {
        let path = folder + "/" + name
        let kind = Self.kind(path)
        guard kind == S_IFLNK else { return kind == S_IFREG }
        let target = Self.realPath(path)
        return Self.contains(Self.realPath(folder), target) && Self.kind(target) == S_IFREG
    }

    /// One system call; FileManager looks up owners, too, which a folder of 10,000 files would feel.
    private static func kind(_ path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    private static func contains(_ root: String, _ path: String) -> Bool {
        path == root || path.hasPrefix(root.hasSuffix("/") ? root : root + "/")
    }

    private static func realPath(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// `a.png [temp]` names a file of the temp folder (ComfyUI's annotated file paths).
    private static func annotated(_ name: String, default folder: FolderName) -> (name: String, folder: FolderName) {
        for other in [FolderName.input, .output, .temp] where name.hasSuffix(" [\(other.rawValue)]") {
            return (String(name.dropLast(other.rawValue.count + 3)), other)
        }
        return (name, folder)
    }

    // MARK: Writing

    public func save(
        _ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName
    ) throws(Diagnostic) -> SavedFile {
        let filled = PrefixFields.fill(prefix, at: now())
        let (subfolder, stem) = try Self.parts(of: filled, folder)
        let directory = try makeDirectory(subfolder, in: folder)
        let beside = directory + "/.\(UUID().uuidString).part"
        defer { try? FileManager.default.removeItem(atPath: beside) }
        do {
            try Self.write(bytes, to: URL(fileURLWithPath: beside))
        } catch {
            throw notWritable(folder, Self.reason(error))
        }
        let pattern = stem.replacing("%batch_num%", with: String(prefix.batchNumber))
        while true {
            let number = numbering.next(directory: directory, stem: stem)
            let digits = String(number)
            let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            let filename = "\(pattern)_\(padded)_.\(`extension`)"
            do {
                // A hard link never replaces: two programs that save at once get two numbers.
                try FileManager.default.linkItem(atPath: beside, toPath: directory + "/" + filename)
                return SavedFile(filename: filename, subfolder: subfolder, folder: folder)
            } catch {
                if FileManager.default.fileExists(atPath: directory + "/" + filename) { continue }
                do {
                    // Some file systems have no hard links.
                    try FileManager.default.moveItem(atPath: beside, toPath: directory + "/" + filename)
                    return SavedFile(filename: filename, subfolder: subfolder, folder: folder)
                } catch {
                    throw notWritable(folder, Self.reason(error))
                }
            }
        }
    }

    /// In pieces, so that cancelling does not wait for a large file.
    private static func write(_ bytes: [UInt8], to url: URL) throws {
        let pieceByteCount = 8 << 20
        try Data(bytes.prefix(pieceByteCount)).write(to: url)
        guard bytes.count > pieceByteCount else { return }
        let file = try FileHandle(forWritingTo: url)
        defer { try? file.close() }
        try file.seekToEnd()
        for start in stride(from: pieceByteCount, to: bytes.count, by: pieceByteCount) {
            try Task.checkCancellation()
            try file.write(contentsOf: Data(bytes[start..<min(start + pieceByteCount, bytes.count)]))
        }
    }

    private static func parts(
        of prefix: String, _ folder: FolderName
    ) throws(Diagnostic) -> (subfolder: String, stem: String) {
        let parts = prefix.split(separator: "/").filter { $0 != "." }
        if prefix.hasPrefix("/") || parts.contains("..") || prefix.utf8.contains(0) {
            throw Diagnostic(
                .outsideFolder, node: nil, "the prefix '\(prefix)' leads out of the \(folder.rawValue) folder",
                suggestion: "Use a name, or SUBFOLDER/NAME.")
        }
        if parts.contains(where: { $0.utf8.count > 200 }) {
            throw Diagnostic(
                .fileNotWritable, node: nil, "the prefix is longer than a file name may be",
                suggestion: "Use at most 200 bytes.")
        }
        let stem = prefix.hasSuffix("/") ? "" : parts.last.map(String.init) ?? ""
        return (parts.dropLast(stem.isEmpty ? 0 : 1).joined(separator: "/"), stem)
    }

    private func makeDirectory(_ subfolder: String, in folder: FolderName) throws(Diagnostic) -> String {
        let root = path(folder)
        do {
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        } catch {
            throw notWritable(folder, Self.reason(error))
        }
        var directory = Self.realPath(root)
        // One level at a time, so that a symbolic link on the way is seen before anything is made behind it.
        for part in subfolder.split(separator: "/") {
            let next = directory + "/" + part
            do {
                try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: true)
            } catch {
                throw notWritable(folder, Self.reason(error))
            }
            if Self.realPath(next) != next {
                throw Diagnostic(
                    .outsideFolder, node: nil, "'\(subfolder)' is a symbolic link in the \(folder.rawValue) folder",
                    suggestion: "Use a real folder, or choose another place with --\(folder.rawValue)-directory.")
            }
            directory = next
        }
        return directory
    }

    private func notWritable(_ folder: FolderName, _ reason: String) -> Diagnostic {
        Diagnostic(
            .fileNotWritable, node: nil, "cannot write to \(path(folder)): \(reason)",
            suggestion: reason == "the disk is full"
                ? "Free some space, or choose another disk with --\(folder.rawValue)-directory."
                : "Check its permissions, or choose another place with --\(folder.rawValue)-directory.")
    }

    /// The system's reason in a few words.
    private static func reason(_ error: any Error) -> String {
        // On Linux the cause is a POSIXError, which is no NSError.
        let causes = [error, (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error].compactMap {
            $0 as? POSIXError
        }
        for cause in causes {
            switch cause.code {
            case .ENOSPC, .EDQUOT: return "the disk is full"
            case .EFBIG: return "the file is larger than the system allows"
            case .EACCES, .EPERM: return "permission denied"
            case .EROFS: return "the disk is read-only"
            case .ENOTDIR, .EEXIST: return "a file is in the way"
            case .ENOENT: return "no such file or folder"
            case .ENAMETOOLONG: return "the name is too long"
            default: break
            }
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteOutOfSpace?: return "the disk is full"
        case .fileWriteNoPermission?, .fileReadNoPermission?: return "permission denied"
        case .fileWriteVolumeReadOnly?: return "the disk is read-only"
        case .fileWriteFileExists?: return "a file is in the way"
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return "no such file or folder"
        default: return (error as NSError).localizedDescription
        }
    }
}

extension ChoiceSource.FileKind {
    /// By extension, as ComfyUI's MIME type filter.
    fileprivate var fileExtensions: Set<String> {
        switch self {
        case .image: ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff"]
        case .audio: ["wav", "flac", "ogg", "oga", "opus", "mp3", "m4a", "aac"]
        }
    }
}
