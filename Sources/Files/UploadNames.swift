internal import Foundation
internal import Synchronization

/// The names that uploads get, as ComfyUI's /upload/image gives them: the same content under the same name is the same
/// file, other content becomes `up (1).png`, `up (2).png`...
///
/// ComfyUI reads all files of the name with each upload. This remembers what it has seen of them, so that the work for one
/// upload does not grow with those before it. Memory is trusted for nothing that is promised: a file counts as equal only
/// while its entry on the disk is the one that was read, and a name is taken by a link that never replaces.
final class UploadNames: Sendable {
    struct Content: Hashable {
        let byteCount: Int
        /// SHA-256.
        let digest: String
    }

    private struct Known {
        /// All numbers below are taken, as far as is known.
        var next = 0
        var identities: [Int: String] = [:]
        /// Files that have been read, or were put there.
        var numbers: [Content: Int] = [:]
        var contents: [Int: Content] = [:]
        /// Files that have not, by size, and their sizes.
        var unread: [Int: Set<Int>] = [:]
        var unreadSizes: [Int: Int] = [:]
        /// Where the next look for names that have become free begins.
        var lookedUpTo = 0

        mutating func add(_ number: Int, _ status: FileStatus, _ content: Content?) {
            forget(number)
            identities[number] = status.identity
            if let content {
                (numbers[content], contents[number]) = (number, content)
            } else if status.kind == .file {
                unread[status.byteCount, default: []].insert(number)
                unreadSizes[number] = status.byteCount
            }
        }

        mutating func forget(_ number: Int) {
            identities[number] = nil
            if let content = contents.removeValue(forKey: number), numbers[content] == number { numbers[content] = nil }
            if let size = unreadSizes.removeValue(forKey: number) {
                unread[size]?.remove(number)
                if unread[size]?.isEmpty == true { unread[size] = nil }
            }
        }
    }

    /// More files of one name are not looked through.
    private static let maxNumber = 9_999
    /// Files remembered of all names together; beyond, all are forgotten and looked at again when they matter.
    private static let maxFileCount = 50_000
    /// Names that are looked at again with each upload, of the lowest and of the others in turn: a file may have been
    /// removed, which frees its name, or changed.
    private static let lookCount = 32

    private let digest: @Sendable (_ path: String) throws -> String
    private let state = Mutex<(names: [String: Known], fileCount: Int)>(([:], 0))

    /// - Parameter digest: reads a file.
    init(digest: @escaping @Sendable (_ path: String) throws -> String = { try FileDigest.sha256(ofFile: $0) }) {
        self.digest = digest
    }

    /// Gives a finished part its name.
    /// - Returns: the name of the file with that content; nil when too many names are taken.
    func place(_ part: String, as filename: String, in directory: String, _ content: Content) throws -> String? {
        // One at a time: two uploads of one name would otherwise look at the same files.
        try state.withLock { state in
            let key = directory + "/" + filename
            var known = state.names.removeValue(forKey: key) ?? Known()
            state.fileCount -= known.identities.count
            if state.fileCount > Self.maxFileCount { state = ([:], 0) }
            defer {
                state.names[key] = known
                state.fileCount += known.identities.count
            }
            return try place(part, as: filename, in: directory, content, &known)
        }
    }

    private func place(
        _ part: String, as filename: String, in directory: String, _ content: Content, _ known: inout Known
    ) throws -> String? {
        func path(_ number: Int) -> String { directory + "/" + Self.name(filename, number) }
        func put(at number: Int) throws -> Bool {
            guard try PartFile.place(part, at: path(number)) else { return false }
            // The part is another entry of the same file, and its end changes the file's status.
            PartFile.remove(part)
            if let status = FileStatus(path(number)) { known.add(number, status, content) }
            return true
        }
        let free = Self.look(path, &known)
        if let number = equal(to: content, path, &known) { return Self.name(filename, number) }
        if let free {
            if try put(at: free) { return Self.name(filename, free) }
            // Another program was faster.
            if let status = FileStatus(path(free)) { known.add(free, status, nil) }
        }
        while known.next <= Self.maxNumber {
            let number = known.next
            if let status = FileStatus(path(number)) {
                known.add(number, status, nil)
                known.next += 1
                if status.byteCount == content.byteCount, equal(to: content, path, &known) == number {
                    return Self.name(filename, number)
                }
            } else if try put(at: number) {
                known.next += 1
                return Self.name(filename, number)
            }
        }
        return nil
    }

    /// Looks at some of the names that are known to be taken.
    /// - Returns: the lowest that has become free.
    private static func look(_ path: (Int) -> String, _ known: inout Known) -> Int? {
        var free: Int?
        let first = 0..<min(lookCount, known.next)
        let start = known.lookedUpTo < known.next ? max(known.lookedUpTo, first.upperBound) : first.upperBound
        let others = start..<min(start + lookCount, max(start, known.next))
        known.lookedUpTo = others.upperBound
        for number in Array(first) + Array(others) {
            guard let status = FileStatus(path(number)) else {
                known.forget(number)
                free = min(free ?? number, number)
                continue
            }
            if known.identities[number] != status.identity { known.add(number, status, nil) }
        }
        return free
    }

    /// The number of a file with that content. Files of its size that have not been read are read now, each once.
    private func equal(to content: Content, _ path: (Int) -> String, _ known: inout Known) -> Int? {
        if let number = known.numbers[content] {
            let status = FileStatus(path(number))
            if let status, status.identity == known.identities[number] { return number }
            known.forget(number)
            if let status { known.add(number, status, nil) }
        }
        for number in known.unread[content.byteCount]?.sorted() ?? [] {
            guard let status = FileStatus(path(number)), status.kind == .file,
                let digest = try? digest(path(number))
            else {
                known.forget(number)
                continue
            }
            known.add(number, status, Content(byteCount: status.byteCount, digest: digest))
            if known.contents[number] == content { return number }
        }
        return nil
    }

    /// `up (1).png`, as Python's os.path.splitext splits: a name that starts with its only dot has no extension.
    private static func name(_ filename: String, _ number: Int) -> String {
        if number == 0 { return filename }
        let leadingDots = filename.prefix { $0 == "." }.endIndex
        guard let dot = filename[leadingDots...].lastIndex(of: ".") else { return "\(filename) (\(number))" }
        return "\(filename[..<dot]) (\(number))\(filename[dot...])"
    }
}
