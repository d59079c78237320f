internal import GraphCore
internal import HTTP

/// What `/v1/images/...` answers: `{"created": ..., "data": [{"b64_json": TEXT}, {"url": ADDRESS}]}`.
extension ModelServer {
    /// The picture files of an answer, in order: those that lie in it, and those that it names by their address on the same
    /// server.
    /// - Parameters:
    ///   - asked: how many were asked for.
    ///   - maxByteCount: of all files together.
    /// - Throws: when there are none or more than were asked for, or when one is no base64 or lies elsewhere; with the
    ///   server's own words for an error that it called a success.
    public func pictures(in answer: RemoteAnswer, asked: Int, maxByteCount: Int) async throws -> [[UInt8]] {
        let name = provider.name
        guard let entries = try answer.json()["data"]?.array, !entries.isEmpty else {
            if let complaint = complaint(in: answer.body) { throw complaint }
            throw Diagnostic(
                .nodeFailed, node: nil, "the answer of '\(name)' holds no pictures",
                suggestion: "Check that the model makes pictures, and look into the server's log.")
        }
        guard entries.count <= asked else {
            throw Diagnostic(
                .tooLarge, node: nil,
                "the answer of '\(name)' holds \(entries.count) pictures, and \(asked) \(asked == 1 ? "was" : "were") "
                    + "asked for",
                suggestion: "Look into the server's log; a model that ignores the number cannot be used here.")
        }
        var files: [[UInt8]] = []
        var left = maxByteCount
        for (index, entry) in entries.enumerated() {
            if let text = entry["b64_json"]?.string {
                guard let bytes = Base64.decode(Self.base64(text)), !bytes.isEmpty else {
                    throw Diagnostic(
                        .nodeFailed, node: nil,
                        "picture \(index + 1) in the answer of '\(name)' is not base64",
                        suggestion: "Look into the server's log.")
                }
                files.append(bytes)
            } else if let address = entry["url"]?.string, address.hasPrefix("data:") {
                guard let bytes = Self.data(address), !bytes.isEmpty else {
                    throw Diagnostic(
                        .nodeFailed, node: nil,
                        "picture \(index + 1) in the answer of '\(name)' is a data: address without base64 in it",
                        suggestion: "Look into the server's log.")
                }
                files.append(bytes)
            } else if let address = entry["url"]?.string {
                files.append(try await fetch(address, maxByteCount: max(1, left)).body)
            } else {
                throw Diagnostic(
                    .nodeFailed, node: nil,
                    "picture \(index + 1) in the answer of '\(name)' is neither b64_json nor a url",
                    suggestion: "Check that the url of '\(name)' is that of a model server.")
            }
            left -= files.last?.count ?? 0
        }
        return files
    }

    /// What a data: address holds (RFC 2397); nil for one that is not base64.
    private static func data(_ address: String) -> [UInt8]? {
        guard let comma = address.prefix(100).firstIndex(of: ","), address[..<comma].lowercased().hasSuffix(";base64")
        else { return nil }
        return PercentCoding.decode(address[address.index(after: comma)...]).flatMap { Base64.decode($0) }
    }

    /// Some servers put `data:image/png;base64,` in front.
    private static func base64(_ text: String) -> Substring {
        guard text.hasPrefix("data:"), let comma = text.prefix(100).firstIndex(of: ",") else { return text[...] }
        return text[text.index(after: comma)...]
    }
}
