internal import Foundation
internal import GraphCore

/// The file beside ONNX models that holds their weights, which the runtime maps into memory instead of copying them.
/// ONNX External Data: https://onnx.ai/onnx/repo-docs/ExternalData.html.
struct WeightsFile {
    struct Place: Sendable {
        let file: String
        let offset: Int
        let byteCount: Int
    }

    /// A weight begins at a page of its own if it is large enough to be mapped, as the runtime asks for.
    private static let pageByteCount = 4096
    private static let cacheLineByteCount = 64

    let name: String
    private let path: String
    private let handle: FileHandle
    private var byteCount = 0

    init(folder: String, name: String) throws(Diagnostic) {
        (self.name, path) = (name, folder + "/" + name)
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw Self.unwritable(path, nil) }
        self.handle = handle
    }

    mutating func append(_ values: [Float]) throws(Diagnostic) -> Place {
        let valueByteCount = values.count * MemoryLayout<Float>.size
        let alignment = valueByteCount >= Self.pageByteCount ? Self.pageByteCount : Self.cacheLineByteCount
        let padding = (alignment - byteCount % alignment) % alignment
        do {
            if padding > 0 { try handle.write(contentsOf: Data(count: padding)) }
            try handle.write(contentsOf: unsafe values.withUnsafeBytes { unsafe Data($0) })
        } catch {
            throw Self.unwritable(path, error)
        }
        defer { byteCount += padding + valueByteCount }
        return Place(file: name, offset: byteCount + padding, byteCount: valueByteCount)
    }

    func close() throws(Diagnostic) {
        do { try handle.close() } catch { throw Self.unwritable(path, error) }
    }

    static func unwritable(_ path: String, _ error: (any Error)?) -> Diagnostic {
        let code = ((error as NSError?)?.userInfo[NSUnderlyingErrorKey] as? NSError)?.code ?? (error as NSError?)?.code
        if code == Int(ENOSPC) || code == CocoaError.fileWriteOutOfSpace.rawValue {
            return Diagnostic(
                .fileNotWritable, node: nil, "there is no room on the disk for \(path)",
                suggestion: "Make room, or set XDG_CACHE_HOME to a folder on another disk.")
        }
        return Diagnostic(
            .fileNotWritable, node: nil, "\(path) cannot be written",
            suggestion: "Check that its folder may be written, or set XDG_CACHE_HOME to another folder.")
    }
}
