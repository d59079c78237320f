public import GraphCore

extension Folders {
    /// The real path of the file that `/view` asks for.
    ///
    /// A Diagnostic says in `input` which of the three is wrong.
    /// - Parameters:
    ///   - filename: a plain name, or `up.png [temp]`, which goes before `type`.
    ///   - type: input, output or temp; output when nil.
    /// - Throws: `.badFileName`, `.outsideFolder`, `.notInList` for another type, `.fileNotFound`, `.fileNotReadable`
    ///   for what is no regular file.
    public func locate(
        filename: String, subfolder: String = "", type: String? = nil
    ) throws(Diagnostic) -> String {
        let known: [FolderName] = [.input, .output, .temp]
        let named = type.map { type in known.first { $0.rawValue == type } } ?? .output
        let (plain, folder) = Self.annotated(filename, default: named ?? .models)
        guard known.contains(folder) else {
            throw Diagnostic(
                .notInList, node: nil, input: "type", "there is no folder '\((type ?? "").prefix(60))'",
                suggestion: "Use input, output or temp.")
        }
        let root = root(folder)
        let below = try Self.naming("subfolder") { () throws(Diagnostic) in try FileNames.path(subfolder, in: root) }
        return try Self.naming("filename") { () throws(Diagnostic) in
            try FileNames.check(plain, in: root)
            return try root.file(below.isEmpty ? plain : below + "/" + plain, asked: filename, maxByteCount: .max)
        }
    }

    private static func naming<Result>(
        _ input: String, _ body: () throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result {
        do {
            return try body()
        } catch {
            throw Diagnostic(error.code, node: nil, input: input, error.message, suggestion: error.suggestion)
        }
    }
}

extension Folders {
    public func isThere(_ file: SavedFile) -> Bool {
        let name = file.subfolder.isEmpty ? file.filename : file.subfolder + "/" + file.filename
        return FileStatus(root(file.folder).path + "/" + name) != nil
    }
}
