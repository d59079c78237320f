public import GraphCore

/// A folder of files that anyone may read, such as an installed frontend: paths of URLs are resolved in it and cannot
/// leave it, by `..` or by a symbolic link.
public struct StaticFiles: Sendable {
    /// As configured.
    public let path: String

    public init(path: String) { self.path = path }

    /// The real path of a regular file inside.
    /// - Parameter name: decoded, `/` between parts.
    /// - Throws: `.fileNotFound` for everything that is no file to be read here, whatever the reason: a stranger learns
    ///   nothing of what lies elsewhere.
    public func locate(_ name: String) throws(Diagnostic) -> String {
        let missing = Diagnostic(.fileNotFound, node: nil, "there is no file '\(name.prefix(100))' here")
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        // Hidden files are not meant for others; `..` is one of them.
        if parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) || name.utf8.contains(where: { $0 < 32 }) {
            throw missing
        }
        let root = Folders.realPath(path)
        let found = Folders.realPath(root + "/" + name)
        guard Folders.contains(root, found), FileStatus(found)?.kind == .file else { throw missing }
        return found
    }

    /// Names of the files right in it that end so, sorted; the first 10,000. Empty when there is no such folder.
    public func names(endingWith suffix: String) -> [String] {
        FolderWalk.files(below: path, isRecursive: false, maxCount: Folders.maxListedCount).map(\.path)
            .filter { $0.hasSuffix(suffix) }
    }
}
