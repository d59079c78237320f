internal import Foundation

/// File name patterns: `*` any text, `?` any character, neither crosses a `/`.
enum Wildcard {
    /// Files below `folder` whose path from there matches, sorted; hidden files only when the pattern names the dot.
    static func files(matching pattern: String, in folder: String) -> [String] {
        var found = [""]
        for part in pattern.split(separator: "/").map(String.init) {
            found = found.flatMap { parent -> [String] in
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + parent)) ?? []
                return names.filter { matches($0, part) && (part.hasPrefix(".") || !$0.hasPrefix(".")) }
                    .map { parent.isEmpty ? $0 : parent + "/" + $0 }
            }
        }
        return found.filter { path in
            var isDirectory: ObjCBool = false
            return unsafe FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    /// Linear but for one step back to the last `*`.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let (text, wanted) = (Array(name), Array(pattern))
        var (t, p) = (0, 0)
        var star: (text: Int, pattern: Int)?
        while t < text.count {
            if p < wanted.count, wanted[p] == "*" {
                star = (t, p)
                p += 1
            } else if p < wanted.count, wanted[p] == "?" || wanted[p] == text[t] {
                (t, p) = (t + 1, p + 1)
            } else if let last = star {
                star = (last.text + 1, last.pattern)
                (t, p) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return wanted[p...].allSatisfy { $0 == "*" }
    }
}
