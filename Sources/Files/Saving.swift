internal import Foundation
public import GraphCore

extension Folders {
    public func save(
        _ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName
    ) throws(Diagnostic) -> SavedFile {
        do {
            return try save(prefix: prefix, extension: `extension`, in: folder) { (part: PartFile) in
                try part.writeAll(bytes)
            }
        } catch let error as Diagnostic {
            throw error
        } catch {
            throw root(folder).notWritable(error)
        }
    }

    public func save(
        prefix: FilenamePrefix, extension: String, in folder: FolderName, write: (_ path: String) throws -> Void
    ) throws -> SavedFile {
        try save(prefix: prefix, extension: `extension`, in: folder) { (part: PartFile) in try write(part.path) }
    }

    private func save(
        prefix: FilenamePrefix, extension: String, in folder: FolderName, write: (PartFile) throws -> Void
    ) throws -> SavedFile {
        let (subfolder, stem) = try parts(of: prefix, folder)
        let root = root(folder)
        let directory = try root.makeDirectory(subfolder)
        let part: PartFile
        do {
            part = try PartFile(in: directory)
        } catch {
            throw root.notWritable(error)
        }
        defer { part.remove() }
        try write(part)
        let isSynced = syncsOutputs && folder == .output
        do {
            if isSynced { try part.sync() }
            let pattern = stem.replacing("%batch_num%", with: String(prefix.batchNumber))
            while true {
                let number = numbering.next(directory: directory, stem: stem)
                let digits = String(number)
                let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
                let filename = "\(pattern)_\(padded)_.\(`extension`)"
                if try part.place(at: directory + "/" + filename) {
                    if isSynced { root.sync(directory) }
                    return SavedFile(filename: filename, subfolder: subfolder, folder: folder)
                }
            }
        } catch {
            throw root.notWritable(error)
        }
    }

    private static let maxPrefixByteCount = 4096
    private static let tooLong = Diagnostic(
        .fileNotWritable, node: nil, "the prefix is longer than a file name may be",
        suggestion: "Use at most 200 bytes.")

    public func refusal(ofPrefix prefix: String, in folder: FolderName) -> Diagnostic? {
        do throws(Diagnostic) {
            _ = try parts(of: FilenamePrefix(prefix, width: 0, height: 0, batchNumber: 0), folder)
            return nil
        } catch {
            return error
        }
    }

    private func parts(
        of prefix: FilenamePrefix, _ folder: FolderName
    ) throws(Diagnostic) -> (subfolder: String, stem: String) {
        // Each field is looked for from the beginning.
        guard prefix.text.utf8.count <= Self.maxPrefixByteCount else { throw Self.tooLong }
        let prefix = PrefixFields.fill(prefix, at: now())
        // The path of no file is longer, and many folders inside each other take long to make.
        guard prefix.utf8.count <= Self.maxPrefixByteCount else { throw Self.tooLong }
        let parts = prefix.split(separator: "/").filter { $0 != "." }
        if prefix.hasPrefix("/") || parts.contains("..") || prefix.utf8.contains(0) {
            throw Diagnostic(
                .outsideFolder, node: nil,
                "the prefix '\(prefix.prefix(60))' leads out of the \(folder.rawValue) folder",
                suggestion: "Use a name, or SUBFOLDER/NAME.")
        }
        if parts.contains(where: { $0.utf8.count > 200 }) {
            throw Self.tooLong
        }
        let stem = prefix.hasSuffix("/") ? "" : parts.last.map(String.init) ?? ""
        return (parts.dropLast(stem.isEmpty ? 0 : 1).joined(separator: "/"), stem)
    }
}
