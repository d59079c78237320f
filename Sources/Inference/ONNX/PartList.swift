internal import Foundation
internal import GraphCore

/// A network as models that run one after the other, which shows how far a run is: files in a folder, and a table of
/// contents.
struct PartList {
    struct Part: Sendable, Equatable {
        let file: String
        let inputs: [String]
        let outputs: [String]
        /// Multiplications per pixel of the network's input: what share of the whole it is.
        let work: Double
    }

    /// Written last: a folder without it is not whole.
    static let fileName = "parts.json"

    private let folder: String
    private(set) var parts: [Part] = []
    /// Numbers that whoever runs the network needs besides.
    var facts: [String: Int] = [:]

    init(folder: String) { self.folder = folder }

    mutating func add(_ part: PartBuilder, name: String) throws(Diagnostic) {
        let file = name + ".onnx"
        try Self.write(part.graph.model(), folder + "/" + file)
        parts.append(part.part(file: file))
    }

    func writeContents() throws(Diagnostic) {
        var contents = JSONObject()
        contents["parts"] = .array(
            parts.map { part in
                [
                    "file": .string(part.file), "inputs": .array(part.inputs.map { .string($0) }),
                    "outputs": .array(part.outputs.map { .string($0) }), "work": .number(JSONNumber(part.work)),
                ]
            })
        for (name, value) in facts.sorted(by: { $0.key < $1.key }) { contents[name] = .number(JSONNumber(value)) }
        try Self.write(JSONWriter.bytes(.object(contents), style: .indented), folder + "/" + Self.fileName)
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(Diagnostic) {
        do { try Data(bytes).write(to: URL(fileURLWithPath: path)) } catch {
            throw WeightsFile.unwritable(path, error)
        }
    }
}
