internal import Foundation
internal import Synchronization

/// The next free number for files that share a folder and a prefix: one more than the highest there is, as ComfyUI
/// counts. The folder is listed once; after that the number is remembered.
final class Numbering: Sendable {
    private let next = Mutex<[String: Int]>([:])

    func next(directory: String, stem: String) -> Int {
        next.withLock { next in
            let key = directory + "/" + stem
            let number = next[key] ?? Self.highest(directory, stem) + 1
            // Every prompt may bring a new prefix; what is forgotten is counted again.
            if next.count >= Self.maxRememberedCount, next[key] == nil { next.removeAll() }
            next[key] = number + 1
            return number
        }
    }

    private static let maxRememberedCount = 10_000

    /// Numbers people wrote themselves, such as a time in nanoseconds, are not counted on from.
    private static let maxNumber = 1_000_000_000

    /// Of names such as `ComfyUI_00007_.png` with the stem `ComfyUI`; 0 when there are none.
    private static func highest(_ directory: String, _ stem: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.lazy.compactMap { name -> Int? in
            guard name.hasPrefix(stem + "_") else { return nil }
            return Int(name.dropFirst(stem.count + 1).prefix { $0 != "_" })
        }.filter { $0 < maxNumber }.max() ?? 0
    }
}
