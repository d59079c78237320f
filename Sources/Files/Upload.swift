internal import Digest
internal import Foundation
public import GraphCore
internal import Synchronization

/// A file that comes piece by piece: hashed on the way, whole under its name or not there at all.
///
/// Where it goes is said at the end, since a form may name subfolder and type behind the file. Thread-safe; calls come
/// one at a time. An upload that is let go without `commit` leaves nothing.
public final class Upload: Sendable {
    private struct State: ~Copyable {
        var isOver = false
        var hash = IncrementalSHA256()
        var byteCount = 0
    }

    /// ComfyUI's max_upload_size, 100 MiB.
    public static let maxByteCount = 100 << 20
    public let filename: String
    private let folders: Folders
    private let home: FolderRoot
    private let part: PartFile
    private let maxByteCount: Int
    private let state: Mutex<State>

    fileprivate init(_ folders: Folders, filename: String, home: FolderRoot, maxByteCount: Int) throws(Diagnostic) {
        (self.folders, self.filename, self.home) = (folders, filename, home)
        self.maxByteCount = maxByteCount
        let directory = try home.makeDirectory("")
        do {
            part = try PartFile(in: directory)
        } catch {
            throw home.notWritable(error)
        }
        state = Mutex(State())
    }

    deinit { discard() }

    /// - Throws: `.tooLarge` beyond the limit, `.fileNotWritable` when the disk is full; the upload is over then.
    public func write(_ bytes: ArraySlice<UInt8>) throws(Diagnostic) {
        do throws(Diagnostic) {
            try state.withLock { (state) throws(Diagnostic) in
                guard !state.isOver else { throw Self.isOver }
                state.byteCount += bytes.count
                if state.byteCount > maxByteCount {
                    throw Diagnostic(
                        .tooLarge, node: nil, "'\(filename)' has more than \(maxByteCount) bytes",
                        suggestion: "Upload a smaller file, or copy it into the folder yourself.")
                }
                do {
                    try part.write(bytes)
                } catch {
                    throw home.notWritable(error)
                }
                state.hash.update(bytes)
            }
        } catch {
            discard()
            throw error
        }
    }

    /// Gives the file its name, on the disk when this returns, as ComfyUI's /upload/image does: the same content under the same name is the same file,
    /// other content becomes `up (1).png`, `up (2).png`...
    /// - Parameters:
    ///   - subfolder: made if need be; up to 16 folders deep.
    ///   - folder: input, output or temp.
    ///   - overwrite: takes the place of a file that has the name, at one stroke.
    public func commit(
        subfolder: String = "", folder: FolderName = .input, overwrite: Bool = false
    ) throws(Diagnostic) -> SavedFile {
        let hash = try state.withLock { (state) throws(Diagnostic) in
            guard !state.isOver else { throw Self.isOver }
            state.isOver = true
            return (text: state.hash.hexadecimal(), byteCount: state.byteCount)
        }
        defer { part.remove() }
        let root = try folders.uploadRoot(folder)
        let subfolder = try FileNames.path(subfolder, in: root)
        let directory = try root.makeDirectory(subfolder)
        do {
            let part = try beside(directory)
            defer { part.remove() }
            try part.sync()
            if overwrite {
                try FileStatus.rename(part.path, over: directory + "/" + filename)
                root.sync(directory)
                return SavedFile(filename: filename, subfolder: subfolder, folder: folder)
            }
            let content = UploadNames.Content(byteCount: hash.byteCount, digest: hash.text)
            guard let name = try folders.uploadNames.place(part.path, as: filename, in: directory, content) else {
                throw Diagnostic(
                    .fileExists, node: nil, "there are too many files called '\(filename)'",
                    suggestion: "Give it another name.")
            }
            root.sync(directory)
            return SavedFile(filename: name, subfolder: subfolder, folder: folder)
        } catch {
            throw (error as? Diagnostic) ?? root.notWritable(error)
        }
    }

    /// What has come so far.
    public func contents() throws(Diagnostic) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: part.path)))
        } catch {
            throw Folders.notReadable(filename, error)
        }
    }

    /// Lets it go. Does nothing once it is over.
    public func discard() {
        let wasOpen = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        if wasOpen { part.remove() }
    }

    /// The part in the file system of `directory`: folders may lie on several disks.
    private func beside(_ directory: String) throws -> PartFile {
        if FileStatus(part.path)?.device == FileStatus(directory)?.device { return part }
        let copy = try PartFile(in: directory)
        do {
            try copy.copy(part)
        } catch {
            copy.remove()
            throw error
        }
        return copy
    }

    private static let isOver = Diagnostic(
        .fileNotWritable, node: nil, "the upload is over", suggestion: "Start it again.")
}

extension Folders {
    /// Starts to take a file. Its bytes are kept hidden in a folder until `Upload.commit` says where they go.
    /// - Parameter folder: where most of them go in the end, so that they need not be copied.
    /// - Throws: `.badFileName` for an empty or long name, `.outsideFolder` for one with `..` or a separator.
    public func beginUpload(
        filename: String, folder: FolderName = .input, maxByteCount: Int = Upload.maxByteCount
    ) throws(Diagnostic) -> Upload {
        let home = root(folder)
        try FileNames.check(filename, in: home)
        return try Upload(self, filename: filename, home: home, maxByteCount: maxByteCount)
    }

    /// Where files from outside may be put.
    fileprivate func uploadRoot(_ folder: FolderName) throws(Diagnostic) -> FolderRoot {
        switch folder {
        case .input, .output, .temp: return root(folder)
        case .models, .user:
            throw Diagnostic(
                .outsideFolder, node: nil, "nothing is uploaded into the \(folder.rawValue) folder",
                suggestion: "Use input, output or temp.")
        }
    }
}
