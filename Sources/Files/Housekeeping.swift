internal import Foundation
public import GraphCore

/// What the server does with the folders before it serves.
extension Folders {
    /// Removes everything in the temp folder; links go, what they lead to stays.
    /// - Throws: `.outsideFolder` when the temp folder is itself a link, or when another folder, the home folder or the
    ///   current one lies in it: then it is not one that was made for temporary files. Nothing is removed then.
    ///   `.fileNotWritable` when something could not be removed.
    public func emptyTemp() throws(Diagnostic) {
        let temp = path(.temp)
        guard let status = FileStatus(temp) else { return }
        guard status.kind == .folder else {
            throw keepingTemp("it is \(status.kind == .link ? "a symbolic link" : "no folder")")
        }
        let root = Self.realPath(temp)
        let others = FolderName.allCases.filter { $0 != .temp }.map { path($0) }
        for other in others + [NSHomeDirectory(), FileManager.default.currentDirectoryPath]
        where Self.contains(root, Self.realPath(other)) {
            throw keepingTemp("\(other) lies in it")
        }
        var failure: (any Error)?
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            do {
                try FileManager.default.removeItem(atPath: root + "/" + name)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw self.root(.temp).notWritable(failure) }
    }

    private func keepingTemp(_ reason: String) -> Diagnostic {
        Diagnostic(
            .outsideFolder, node: nil, "the temp folder \(path(.temp)) is not emptied: \(reason)",
            suggestion: "Choose a folder of its own with --temp-directory.")
    }

    /// Removes what killed programs left half-written. What a running one has locked stays; where there are no locks,
    /// what is a day old goes.
    /// - Returns: how many files went.
    @discardableResult
    public func removeDeadParts() -> Int {
        let limit = Int(clamping: now().timeIntervalSince1970 * 1000) - 24 * 3_600_000
        var count = 0
        for folder in [FolderName.input, .output, .temp, .user] {
            let root = path(folder)
            var parts: [(path: String, isOld: Bool)] = []
            FolderWalk.visit(root, isRecursive: true) { path, status in
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                if status.kind == .file && PartFile.isPart(name) {
                    parts.append((root + "/" + path, status.modifiedMilliseconds < limit))
                }
                return true
            }
            for part in parts {
                switch FileStatus.removeUnlocked(part.path) {
                case .removed: count += 1
                case .locked: break
                case .unknown:
                    if part.isOld, (try? FileManager.default.removeItem(atPath: part.path)) != nil { count += 1 }
                }
            }
        }
        return count
    }
}
