internal import Foundation
public import GraphCore

/// A folder that names are resolved in, and that none of them leaves: not by `..`, not by a symbolic link.
struct FolderRoot {
    let folder: FolderName
    /// As configured; may be relative, a link, or missing.
    let path: String
    /// As messages call it: `input`, `user/default`.
    let label: String

    /// The real path of something that exists inside.
    func resolve(_ name: String) throws(Diagnostic) -> String {
        if name.isEmpty {
            throw Diagnostic(.fileNotFound, node: nil, "no file is named", suggestion: "Name a file of \(label)/.")
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if name.utf8.contains(0) || name.hasPrefix("/") || parts.contains("..") { throw outside(name) }
        let root = Folders.realPath(path)
        let path = Folders.realPath(root + "/" + name)
        guard FileManager.default.fileExists(atPath: path) else { throw notFound(name) }
        guard Folders.contains(root, path) else { throw outside(name) }
        return path
    }

    /// The real path of a regular file inside, no larger than `maxByteCount`.
    /// - Parameter asked: the name as people gave it.
    func file(_ name: String, asked: String, maxByteCount: Int) throws(Diagnostic) -> String {
        let path = try resolve(name)
        let status = FileStatus(path)
        switch status?.kind {
        case .file?: break
        case .folder?:
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(asked)' is a folder, not a file",
                suggestion: "Name a file inside it, such as '\(name)/NAME'.")
        default:
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(asked)' is not a regular file", suggestion: "Name a file with content."
            )
        }
        if let status, status.byteCount > maxByteCount {
            throw Diagnostic(
                .tooLarge, node: nil, "'\(asked)' has \(status.byteCount) bytes; the limit is \(maxByteCount)",
                suggestion: "Use a smaller file.")
        }
        return path
    }

    /// The real path of a subfolder, made if need be.
    func makeDirectory(_ subfolder: String) throws(Diagnostic) -> String {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw notWritable(error)
        }
        var directory = Folders.realPath(path)
        // One level at a time, so that a symbolic link on the way is seen before anything is made behind it.
        for part in subfolder.split(separator: "/") {
            let next = directory + "/" + part
            do {
                try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: true)
            } catch {
                throw notWritable(error)
            }
            if Folders.realPath(next) != next {
                throw Diagnostic(
                    .outsideFolder, node: nil, "'\(subfolder)' is a symbolic link in the \(label) folder",
                    suggestion: "Use a real folder, or choose another place with --\(folder.rawValue)-directory.")
            }
            directory = next
        }
        return directory
    }

    func outside(_ name: String) -> Diagnostic {
        Diagnostic(
            .outsideFolder, node: nil, "'\(name.prefix(60))' leads out of the \(label) folder",
            suggestion: "Copy the file into \(label)/ and name it from there.")
    }

    func notFound(_ name: String) -> Diagnostic {
        Diagnostic(
            .fileNotFound, node: nil, "'\(name.prefix(60))' was not found in \(label)/",
            suggestion: "Put the file into \(label)/.")
    }

    func notWritable(_ error: any Error) -> Diagnostic {
        let code = SystemReason.code(error)
        let suggestion =
            switch code {
            case .diskFull: "Free some space, or choose another disk with --\(folder.rawValue)-directory."
            case .fileExists: "Choose another name, or move what has it out of the way."
            case .badFileName: "Use a shorter name."
            default: "Check its permissions, or choose another place with --\(folder.rawValue)-directory."
            }
        return Diagnostic(
            code, node: nil, "cannot write to \(path): \(SystemReason.text(error))", suggestion: suggestion)
    }

    /// Returns when the disk has the names of what was put into a folder, and those of the folders that were made for it.
    /// - Parameter directory: the real path of this folder or of one inside.
    func sync(_ directory: String) {
        var folder = directory
        let root = Folders.realPath(path)
        while folder != root, Folders.contains(root, folder) {
            FileStatus.syncFolder(folder)
            folder = Self.parent(folder)
        }
        // It may be new itself, and the one it lies in.
        for _ in 0..<3 {
            FileStatus.syncFolder(folder)
            folder = Self.parent(folder)
        }
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

extension Folders {
    func root(_ folder: FolderName) -> FolderRoot {
        FolderRoot(folder: folder, path: path(folder), label: folder.rawValue)
    }

    /// The path of a regular file inside its folder, no larger than `maxByteCount`. The name may say another folder:
    /// `a.png [temp]`.
    public func file(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> String {
        let (plain, folder) = Self.annotated(name, default: folder)
        return try root(folder).file(plain, asked: name, maxByteCount: maxByteCount)
    }

    static func contains(_ root: String, _ path: String) -> Bool {
        path == root || path.hasPrefix(root.hasSuffix("/") ? root : root + "/")
    }

    static func realPath(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// `a.png [temp]` names a file of the temp folder (ComfyUI's annotated file paths).
    static func annotated(_ name: String, default folder: FolderName) -> (name: String, folder: FolderName) {
        for other in [FolderName.input, .output, .temp] where name.hasSuffix(" [\(other.rawValue)]") {
            return (String(name.dropLast(other.rawValue.count + 3)), other)
        }
        return (name, folder)
    }
}
