/// The outside world as nodes, the validator and `/object_info` may see it. The engine hands it through.
///
/// GraphCore touches no files: the executables give it an implementation (`Files.Folders`).
public protocol NodeEnvironment: Sendable {
    /// What a named choice offers right now.
    func choices(_ source: ChoiceSource) -> [String]

    /// Why `choice` may not be taken; nil when it may. It need not be listed: `sub/a.png`, `a.png [output]`.
    func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic?

    /// The bytes of a file named as workflows name it: `a.png`, `sub/a.png`, `a.png [temp]`.
    /// - Throws: `Diagnostic` when the name leaves its folder, is missing, no file, or larger than `maxByteCount`.
    func read(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> [UInt8]

    /// The path of a file named as workflows name it, for a library that opens it itself.
    /// - Throws: as `read`.
    func filePath(_ name: String, in folder: FolderName) throws(Diagnostic) -> String

    /// A value that changes when the file's content does.
    func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String

    /// The path of a chosen model file, for a library that opens it itself.
    /// - Throws: `.modelMissing` for a published model that is not there, and as `refusal` for any other choice.
    func modelPath(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String

    /// A value that changes when a model file is replaced or written to. It costs no reading: models have gigabytes.
    func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String

    /// Writes `bytes` beside, then renames: a file under its final name is always whole.
    /// The name is `prefix` with its `%date%`-style fields filled in, and the next free number: `ComfyUI_00001_.png`.
    func save(_ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName)
        throws(Diagnostic) -> SavedFile

    /// The same for what a library writes itself.
    /// - Parameter write: makes the file at the path it is given; what it throws is thrown on.
    func save(
        prefix: FilenamePrefix, extension: String, in folder: FolderName, write: (_ path: String) throws -> Void
    ) throws -> SavedFile

    /// Why no file can be saved with `prefix`, whatever its fields are filled with; nil when nothing speaks against it.
    func refusal(ofPrefix prefix: String, in folder: FolderName) -> Diagnostic?

    /// Whether a file that was saved is still there.
    func isThere(_ file: SavedFile) -> Bool

    /// Where a library may keep what is too large for the memory, as files without a name; nil when there is no such
    /// place.
    var scratchFolder: String? { get }
}

extension NodeEnvironment {
    public var scratchFolder: String? { nil }
    public func isThere(_ file: SavedFile) -> Bool { true }
    public func refusal(ofPrefix prefix: String, in folder: FolderName) -> Diagnostic? { nil }

    public func filePath(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        throw Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }

    public func save(
        prefix: FilenamePrefix, extension: String, in folder: FolderName, write: (_ path: String) throws -> Void
    ) throws -> SavedFile {
        throw Diagnostic(.fileNotWritable, node: nil, "there are no folders here")
    }

    /// The path of a model of a kind that has no published names.
    public func modelPath(_ choice: String, kind: String) throws(Diagnostic) -> String {
        try modelPath(choice, from: .models(kind))
    }

    public func modelToken(_ choice: String, kind: String) throws(Diagnostic) -> String {
        try modelToken(choice, from: .models(kind))
    }
}

/// What the file name of an output begins with; may name a subfolder, and fields such as `%date:yyyy-MM-dd%`.
public struct FilenamePrefix: Sendable, Equatable {
    public var text: String
    /// Fills in `%width%` and `%height%`.
    public var width: Int
    public var height: Int
    /// Fills in `%batch_num%`.
    public var batchNumber: Int

    public init(_ text: String, width: Int, height: Int, batchNumber: Int) {
        (self.text, self.width, self.height, self.batchNumber) = (text, width, height, batchNumber)
    }
}

/// Where an output went, as ComfyUI's clients read it.
public struct SavedFile: Sendable, Hashable {
    public let filename: String
    /// Below the folder, `/` between parts; empty for the folder itself.
    public let subfolder: String
    public let folder: FolderName

    public init(filename: String, subfolder: String, folder: FolderName) {
        (self.filename, self.subfolder, self.folder) = (filename, subfolder, folder)
    }

    /// Reads what `json` gave; nil when it is something else.
    public init?(_ json: JSON) {
        guard let filename = json["filename"]?.string, let subfolder = json["subfolder"]?.string,
            let folder = json["type"]?.string.flatMap(FolderName.init(rawValue:))
        else { return nil }
        self.init(filename: filename, subfolder: subfolder, folder: folder)
    }

    public var json: JSON {
        ["filename": .string(filename), "subfolder": .string(subfolder), "type": .string(folder.rawValue)]
    }
}

/// An environment without files, for graphs that need none.
public struct EmptyEnvironment: NodeEnvironment {
    public init() {}

    public func choices(_ source: ChoiceSource) -> [String] { source.offering([]) }
    public func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic? {
        Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }
    public func modelPath(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String {
        throw Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }
    public func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String {
        throw Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }
    public func read(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> [UInt8] {
        throw Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }
    public func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String {
        throw Diagnostic(.fileNotFound, node: nil, "there are no files here")
    }
    public func save(_ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName)
        throws(Diagnostic) -> SavedFile
    {
        throw Diagnostic(.fileNotWritable, node: nil, "there are no folders here")
    }
}
