internal import Foundation
public import GraphCore

extension Folders {
    /// Headers of a few tensors have kilobytes, those of the largest models less than this.
    private static let maxHeaderByteCount = 1 << 20

    /// What the maker of a `.safetensors` file wrote into it: the `__metadata__` of its header. Nil when there is none, or
    /// the file is of another format, too large in its header, or damaged.
    /// - Throws: what `modelPath` throws.
    public func modelMetadata(_ name: String, kind: String) throws(Diagnostic) -> JSON? {
        let path = try modelPath(name, from: .models(kind))
        guard name.lowercased().hasSuffix(".safetensors"), let file = FileHandle(forReadingAtPath: path) else {
            return nil
        }
        defer { try? file.close() }
        // Eight bytes say, little end first, how long the JSON behind them is.
        guard let start = try? file.read(upToCount: 8), start.count == 8 else { return nil }
        let count = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard count <= UInt64(Self.maxHeaderByteCount), let header = try? file.read(upToCount: Int(count)),
            header.count == Int(count), let json = try? JSONParser.parse([UInt8](header)),
            let metadata = json["__metadata__"], metadata.object != nil
        else { return nil }
        return metadata
    }
}
