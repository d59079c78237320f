internal import Foundation

/// Looks through a folder without following links to folders, so it ends; and without hidden files.
enum FolderWalk {
    /// Entries looked at, of any kind: a folder with millions of files is not read to its end.
    static let maxVisitCount = 200_000
    private static let maxDepth = 32

    struct Found {
        /// Below the folder, `/` between parts.
        let path: String
        let status: FileStatus
    }

    /// Regular files, and links to some that stay inside, sorted by path; the first `maxCount` met.
    static func files(
        below root: String, isRecursive: Bool, maxCount: Int
    ) -> [Found] {
        var found: [Found] = []
        visit(root, isRecursive: isRecursive) { path, status in
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".") { return true }
            if let status = status.kind == .link ? FileStatus.offered(root + "/" + path, below: root) : status,
                status.kind == .file
            {
                found.append(Found(path: path, status: status))
            }
            return found.count < maxCount
        }
        return found.sorted { $0.path < $1.path }
    }

    /// Folders, but for hidden ones and what is in them, sorted by path; the first `maxCount` met.
    static func folders(below root: String, maxCount: Int) -> [String] {
        var found: [String] = []
        visit(root, isRecursive: true, entering: { found.append($0) }) { _, _ in found.count < maxCount }
        return found.prefix(maxCount).sorted()
    }

    /// Calls `body` with everything below `root`, hidden files too, but nothing inside hidden folders, until it says
    /// false.
    /// - Parameter entering: gets each folder that is looked into.
    static func visit(
        _ root: String, isRecursive: Bool, entering: (String) -> Void = { _ in }, _ body: (String, FileStatus) -> Bool
    ) {
        var folders: [(path: String, depth: Int)] = [("", 0)]
        var visitCount = 0
        while let folder = folders.popLast() {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder.path)) ?? []
            for name in names.sorted() {
                visitCount += 1
                if visitCount > maxVisitCount { return }
                let path = folder.path.isEmpty ? name : folder.path + "/" + name
                guard let status = FileStatus(root + "/" + path) else { continue }
                if status.kind == .folder {
                    if isRecursive && folder.depth < maxDepth && !name.hasPrefix(".") {
                        folders.append((path, folder.depth + 1))
                        entering(path)
                    }
                } else if !body(path, status) {
                    return
                }
            }
        }
    }
}
