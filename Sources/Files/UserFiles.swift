internal import Foundation
public import GraphCore

/// What the editor keeps on the server: workflows, settings, templates.
public struct UserFile: Sendable, Equatable {
    /// `/` between parts; below the folder listed, or below the user's folder for one file.
    public let path: String
    public let byteCount: Int
    /// Since 1970.
    public let modifiedMilliseconds: Int
    /// Since 1970; on Linux the last change of content, name or rights, as ComfyUI tells it.
    public let createdMilliseconds: Int

    init(_ path: String, _ status: FileStatus) {
        self.path = path
        byteCount = status.byteCount
        modifiedMilliseconds = status.modifiedMilliseconds
        createdMilliseconds = status.changedMilliseconds
    }
}

/// A file or folder of the user.
public struct UserEntry: Sendable, Equatable {
    /// Below the user's folder, `/` between parts.
    public let path: String
    /// Nil for a folder.
    public let file: UserFile?
}

/// The user's files lie in `user/default`, where ComfyUI in single-user mode keeps them. Paths are plain, `/` between
/// parts: `workflows/a.json`.
extension Folders {
    public static let maxUserFileByteCount = 100 << 20

    private var user: FolderRoot {
        FolderRoot(folder: .user, path: path(.user) + "/default", label: "user/default")
    }

    /// Files in a folder of the user, sorted; empty `directory` for all of it. At most `maxListedCount`, no hidden ones.
    /// - Throws: `.fileNotFound` when there is no such folder.
    public func userFiles(_ directory: String, isRecursive: Bool) throws(Diagnostic) -> [UserFile] {
        let path = try FileNames.path(directory, in: user)
        let folder = try user.resolve(path.isEmpty ? "." : path)
        guard FileStatus(folder)?.kind == .folder else { throw user.notFound(directory) }
        return FolderWalk.files(below: folder, isRecursive: isRecursive, maxCount: Self.maxListedCount).map {
            UserFile($0.path, $0.status)
        }
    }

    /// Files and folders below a folder of the user, at any depth, folders first, each sorted by path; empty `directory`
    /// for all. At most `maxListedCount`, no hidden ones.
    /// - Throws: `.fileNotFound` when there is no such folder, unless all was asked for.
    public func userEntries(_ directory: String) throws(Diagnostic) -> [UserEntry] {
        let path = try FileNames.path(directory, in: user)
        if path.isEmpty, FileStatus(user.path) == nil { return [] }
        let folder = try user.resolve(path.isEmpty ? "." : path)
        guard FileStatus(folder)?.kind == .folder else { throw user.notFound(directory) }
        let prefix = path.isEmpty ? "" : path + "/"
        let found = FolderWalk.files(below: folder, isRecursive: true, maxCount: Self.maxListedCount)
        let folders = FolderWalk.folders(below: folder, maxCount: Self.maxListedCount - found.count)
        return folders.map { UserEntry(path: prefix + $0, file: nil) }
            + found.map { UserEntry(path: prefix + $0.path, file: UserFile(prefix + $0.path, $0.status)) }
    }

    /// The real path of a file.
    public func userFilePath(_ name: String) throws(Diagnostic) -> String {
        try user.file(try userPath(name), asked: name, maxByteCount: .max)
    }

    public func readUserFile(_ name: String) throws(Diagnostic) -> [UInt8] {
        let path = try user.file(
            try userPath(name), asked: name, maxByteCount: Self.maxUserFileByteCount)
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw Self.notReadable(name, error)
        }
    }

    /// Writes a file whole or not at all; folders on the way are made. It is on the disk when this returns.
    /// - Throws: `.fileExists` unless `overwrite`, `.tooLarge` beyond 100 MiB.
    public func writeUserFile(_ name: String, _ bytes: [UInt8], overwrite: Bool) throws(Diagnostic) -> UserFile {
        let path = try userPath(name)
        if bytes.count > Self.maxUserFileByteCount {
            throw Diagnostic(
                .tooLarge, node: nil, "'\(name)' has \(bytes.count) bytes; the limit is \(Self.maxUserFileByteCount)",
                suggestion: "Save less in one file.")
        }
        let target = try target(path)
        let part: PartFile
        do {
            part = try PartFile(in: target.directory)
        } catch {
            throw user.notWritable(error)
        }
        defer { part.remove() }
        do {
            try part.writeAll(bytes)
            try part.sync()
        } catch {
            throw user.notWritable(error)
        }
        return try put(part.path, path, overwrite: overwrite)
    }

    /// - Throws: `.fileNotFound` when there is none.
    public func deleteUserFile(_ name: String) throws(Diagnostic) {
        let path = try existing(name)
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw user.notWritable(error)
        }
        user.sync(Self.split(path).folder)
    }

    /// - Throws: `.fileNotFound` when there is no `name`, `.fileExists` unless `overwrite`.
    public func moveUserFile(_ name: String, to other: String, overwrite: Bool) throws(Diagnostic) -> UserFile {
        let source = try existing(name)
        let path = try userPath(other)
        if source == (try target(path).path), let status = FileStatus(source) { return UserFile(path, status) }
        let moved = try put(source, path, overwrite: overwrite)
        PartFile.remove(source)
        user.sync(Self.split(source).folder)
        return moved
    }

    /// A path that names something inside the user's folder.
    private func userPath(_ name: String) throws(Diagnostic) -> String {
        let path = try FileNames.path(name, in: user)
        if path.isEmpty || name.hasSuffix("/") {
            throw Diagnostic(.badFileName, node: nil, "the file has no name", suggestion: "Give it a name.")
        }
        return path
    }

    /// The path of a regular file as it lies in its folder: a link is not followed, so that it goes and not its target.
    private func existing(_ name: String) throws(Diagnostic) -> String {
        let path = try userPath(name)
        _ = try user.file(path, asked: name, maxByteCount: .max)
        let (folder, last) = Self.split(path)
        return try user.resolve(folder.isEmpty ? "." : folder) + "/" + last
    }

    private func target(_ path: String) throws(Diagnostic) -> (directory: String, path: String) {
        let (folder, last) = Self.split(path)
        let directory = try user.makeDirectory(folder)
        return (directory, directory + "/" + last)
    }

    /// Gives a finished file its final name. It may be left under its old one, too.
    private func put(_ part: String, _ path: String, overwrite: Bool) throws(Diagnostic) -> UserFile {
        let (directory, target) = try target(path)
        do {
            if overwrite {
                try FileStatus.rename(part, over: target)
            } else if try !PartFile.place(part, at: target) {
                throw Diagnostic(
                    .fileExists, node: nil, "'\(path)' exists already",
                    suggestion: "Choose another name, or overwrite it.")
            }
        } catch {
            throw (error as? Diagnostic) ?? user.notWritable(error)
        }
        user.sync(directory)
        guard let status = FileStatus(target) else { throw user.notFound(path) }
        return UserFile(path, status)
    }

    private static func split(_ path: String) -> (folder: String, last: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
