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
}
