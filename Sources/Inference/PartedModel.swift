internal import Foundation
internal import GraphCore

/// A network as sessions that run one after the other, from a folder that `PartList` wrote or a single ONNX file.
public final class PartedModel: Sendable {
    struct Part: Sendable {
        let session: InferenceSession
        let inputs: [String]
        let outputs: [String]
        let work: Double
    }

    let parts: [Part]
    /// Numbers that `PartList.facts` kept.
    let facts: [String: Int]
    public var runtime: ONNXRuntime { parts[0].session.runtime }
    /// Why it computes on the processor although a graphics card was to be used if there is one.
    public var cudaRefusal: String? { parts[0].session.cudaRefusal }

    /// - Precondition: at least one part.
    private init(_ parts: [Part], facts: [String: Int]) {
        precondition(!parts.isEmpty, "a model has a part")
        (self.parts, self.facts) = (parts, facts)
    }

    /// - Parameter loaded: is told the share of the parts that are ready, 0...1; what it throws ends the loading.
    convenience init(
        folder: String, _ runtime: ONNXRuntime, _ device: Device, loaded: (Double) throws -> Void
    ) throws {
        let contents = try Self.contents(of: folder)
        var parts: [Part] = []
        for (index, part) in contents.parts.enumerated() {
            try loaded(Double(index) / Double(contents.parts.count))
            let session = try runtime.session(file: folder + "/" + part.file, device: device)
            parts.append(Part(session: session, inputs: part.inputs, outputs: part.outputs, work: part.work))
        }
        try loaded(1)
        self.init(parts, facts: contents.facts)
    }

    /// A single ONNX file.
    convenience init(file: String, _ runtime: ONNXRuntime, _ device: Device) throws(Diagnostic) {
        let session = try runtime.session(file: file, device: device)
        self.init(
            [
                Part(
                    session: session, inputs: session.inputs.map(\.name), outputs: session.outputs.map(\.name), work: 1)
            ], facts: [:])
    }

    /// - Returns: nil when the folder holds no whole list.
    static func contents(of folder: String) throws(Diagnostic) -> (parts: [PartList.Part], facts: [String: Int]) {
        let path = folder + "/" + PartList.fileName
        let damaged = Diagnostic(
            .badFile, node: nil, "\(path) is damaged", suggestion: "Delete its folder; it is made again.")
        guard let data = FileManager.default.contents(atPath: path), let json = try? JSONParser.parse([UInt8](data)),
            let object = json.object
        else { throw damaged }
        var facts: [String: Int] = [:]
        for member in object.members where member.value.number != nil {
            facts[member.key] = member.value.number?.int.flatMap { Int(exactly: $0) }
        }
        let parts = (json["parts"]?.array ?? []).compactMap { part -> PartList.Part? in
            guard let file = part["file"]?.string, !file.contains("/"), let inputs = part["inputs"]?.array,
                let outputs = part["outputs"]?.array, let work = part["work"]?.number?.double
            else { return nil }
            return PartList.Part(
                file: file, inputs: inputs.compactMap(\.string), outputs: outputs.compactMap(\.string), work: work)
        }
        guard !parts.isEmpty else { throw damaged }
        return (parts, facts)
    }

    // MARK: Running

    /// Runs the parts on a thread of their own. A task that is cancelled goes on at once: the runtime only looks between
    /// two operations, and a large one takes longer than a person waits; it ends by itself.
    /// - Parameter done: is told the share of the work that is done, 0...1, after each part.
    func run(
        _ inputs: [String: Tensor], outputs: [String], done: (Double) throws -> Void
    ) async throws -> [String: Tensor] {
        let cancellation = RunCancellation()
        return try await OwnThread.run(
            { tell in try self.runParts(inputs, outputs: outputs, cancellation, done: tell) },
            onCancel: { cancellation.cancel() }, told: done)
    }

    private func runParts(
        _ inputs: [String: Tensor], outputs: [String], _ cancellation: RunCancellation,
        done: (Double) throws -> Void
    ) throws -> [String: Tensor] {
        var values: [String: TensorValue] = [:]
        for (name, tensor) in inputs {
            let type = parts.lazy.flatMap(\.session.inputs).first { $0.name == name }?.elementType ?? .float32
            values[name] = try runtime.value(tensor, as: type)
        }
        let total = parts.reduce(0) { $0 + $1.work }
        var finished = 0.0
        for (index, part) in parts.enumerated() {
            let given = part.inputs.compactMap { name in values[name].map { (name: name, value: $0) } }
            let results = try part.session.run(given, outputs: part.outputs, cancellation)
            for (name, value) in zip(part.outputs, results) { values[name] = value }
            // What no later part reads is given back now.
            let needed = Set(parts[(index + 1)...].flatMap(\.inputs) + outputs)
            values = values.filter { needed.contains($0.key) }
            finished += part.work
            try done(finished / total)
        }
        var tensors: [String: Tensor] = [:]
        for name in outputs { tensors[name] = try values[name]?.tensor() }
        return tensors
    }
}
