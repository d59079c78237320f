import Foundation
import GraphCore
import Inference
import Testing

/// A file in a folder of its own, both gone with the value. It is changed in place: a test that looks at a thousand
/// variants waits for the disk once.
final class ScratchFile {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
    private let handle: FileHandle
    private let path: String

    init(_ bytes: [UInt8], _ name: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        path = file.path
        handle = try FileHandle(forUpdating: file)
    }

    deinit {
        try? handle.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func open() throws -> Checkpoint { try withExtendedLifetime(self) { try Checkpoint(path: path) } }

    func cut(to count: Int) throws { try handle.truncate(atOffset: UInt64(count)) }

    func write(_ bytes: [UInt8], at place: Int) throws {
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: bytes)
    }
}

/// A checkpoint of these bytes, named `name`. It stays readable after its name is gone.
func checkpoint(_ bytes: [UInt8], _ name: String = "x.pth") throws -> Checkpoint {
    try ScratchFile(bytes, name).open()
}

/// A PyTorch checkpoint with this pickle and two storages of 4 numbers: 0 1 2 3 and 4 5 6 7.
func checkpoint(pickle body: [UInt8]) throws -> Checkpoint {
    try checkpoint(WrittenZip(pickle: Pickle.file(body), storages: [numbers(0..<4), numbers(4..<8)]).bytes)
}

func numbers(_ range: Range<Int>) -> [UInt8] { range.flatMap { WrittenZip.four(Float($0).bitPattern) } }

/// What is said of a file that is refused.
func complaint(_ open: () throws -> Checkpoint) -> String {
    do {
        _ = try open()
        return "accepted"
    } catch let error as Diagnostic {
        return error.text
    } catch {
        return "\(error)"
    }
}

/// The path of a file that PyTorch or safetensors wrote; the fuzzer starts with the same ones.
func seedPath(_ name: String) -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return root.appending(path: "Fuzz/seeds-checkpoint").appending(path: name).path
}

func seed(_ name: String) throws -> Checkpoint { try Checkpoint(path: seedPath(name)) }
