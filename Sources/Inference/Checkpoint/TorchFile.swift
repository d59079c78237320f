internal import GraphCore

/// Finds the weights in a zip archive that `torch.save` wrote (PyTorch 1.6 and later):
/// `NAME/data.pkl` describes them, `NAME/data/KEY` holds their bytes.
struct TorchFile {
    /// Under these keys training programs keep weights; the first that has some is taken.
    static let wrappers = [
        "params", "params_ema", "state_dict", "model_state_dict", "model", "generator", "net_g", "netG", "module",
        "ema",
    ]
    private static let maxWrapping = 4

    private(set) var tensors: [String: StoredTensor] = [:]
    private let root: String
    private let archive: ZipArchive
    private let file: String

    init(_ file: CheckpointFile) throws(Diagnostic) {
        self.file = file.name
        archive = try ZipArchive(file)
        root = try Self.root(archive, file.name)
        if let order = archive.entries["\(root)/byteorder"] {
            guard order.count <= 16, try file.bytes(at: order.lowerBound, count: order.count) == Array("little".utf8)
            else {
                throw Complaint.bad(
                    file.name, "holds its numbers in another byte order than little-endian", Complaint.saveAgain)
            }
        }
        guard let pickle = archive.entries["\(root)/data.pkl"] else { throw Complaint.cutOff(file.name) }
        guard pickle.count <= Unpickler.maxByteCount else {
            throw Complaint.tooLarge(
                file.name, "has a pickle of \(pickle.count) bytes; the limit is \(Unpickler.maxByteCount)")
        }
        var unpickler = Unpickler(try file.bytes(at: pickle.lowerBound, count: pickle.count), file: file.name)
        let top = try unpickler.run()
        for (name, value) in try weights(top, unpickler) {
            guard case .tensor(let place) = value else { continue }
            let tensor = try stored(unpickler.tensors[place], name, unpickler)
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw Complaint.damaged(file.name, "it has two tensors named \(Complaint.quoted(name))")
            }
        }
    }

    /// The folder in the archive that all its entries are in.
    private static func root(_ archive: ZipArchive, _ file: String) throws(Diagnostic) -> String {
        let roots = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") }.map {
            $0.dropLast("/data.pkl".utf8.count)
        }
        guard let root = roots.first, roots.count == 1, !root.contains("/") else {
            throw Complaint.bad(
                file, "is a zip archive, but none that torch.save wrote", "Choose a .pth, .pt or .safetensors file.")
        }
        let isScript = archive.entries.keys.contains {
            $0 == "\(root)/constants.pkl" || $0.hasPrefix("\(root)/code/")
        }
        if isScript {
            throw Complaint.bad(
                file, "is a TorchScript program, not weights",
                "Save its weights: torch.save(torch.jit.load(path).state_dict(), other_path).")
        }
        return String(root)
    }

    /// The dictionary that holds tensors by name.
    private func weights(
        _ top: PickleValue, _ pickle: Unpickler
    ) throws(Diagnostic) -> [(key: String, value: PickleValue)] {
        guard case .dictionary(var place) = top else {
            throw Complaint.bad(
                file, "holds \(top.kind), not a dictionary of weights", Complaint.saveWeightsOnly)
        }
        let top = pickle.dictionaries[place]
        for _ in 0..<Self.maxWrapping {
            guard let inner = Self.wrapped(pickle.dictionaries[place], pickle) else { break }
            place = inner
        }
        let found = pickle.dictionaries[place]
        guard found.contains(where: { if case .tensor = $0.value { true } else { false } }) else {
            let keys = top.prefix(8).map { Complaint.quoted($0.key) }.joined(separator: ", ")
            throw Complaint.bad(
                file, "holds no weights where they are looked for; its keys are: \(keys.isEmpty ? "none" : keys)",
                Complaint.saveWeightsOnly)
        }
        return found
    }

    private static func wrapped(
        _ dictionary: [(key: String, value: PickleValue)], _ pickle: Unpickler
    ) -> Int? {
        for wrapper in wrappers {
            guard case .dictionary(let place)? = dictionary.last(where: { $0.key == wrapper })?.value else { continue }
            let holdsSome = pickle.dictionaries[place].contains { member in
                switch member.value {
                case .tensor: true
                case .dictionary: wrappers.contains(member.key)
                default: false
                }
            }
            if holdsSome { return place }
        }
        return nil
    }

    private func stored(
        _ tensor: PickledTensor, _ name: String, _ pickle: Unpickler
    ) throws(Diagnostic) -> StoredTensor {
        let storage = pickle.storages[tensor.storage]
        // An untyped storage counts bytes, and the tensor says what they are.
        let isUntyped = storage.type == "UntypedStorage"
        guard isUntyped || tensor.type == nil else {
            throw Complaint.damaged(file, "the tensor \(Complaint.quoted(name)) has two types")
        }
        let typeName = tensor.type ?? storage.type
        let type =
            isUntyped
            ? Checkpoint.ElementType(dtype: typeName) : Checkpoint.ElementType(storage: typeName)
        guard let type else {
            throw Complaint.bad(
                file, "stores the tensor \(Complaint.quoted(name)) as \(typeName), which is not read here",
                "Save it as float32, float16 or bfloat16.")
        }
        guard let data = archive.entries["\(root)/data/\(storage.key)"] else {
            throw Complaint.bad(
                file, "is cut off or damaged: the numbers of the tensor \(Complaint.quoted(name)) are missing",
                Complaint.downloadAgain)
        }
        let size = isUntyped ? 1 : type.byteCount
        guard storage.count >= 0, storage.count <= data.count / size else {
            throw Complaint.bad(
                file,
                "lies about the tensor \(Complaint.quoted(name)): \(storage.count) numbers in \(data.count) bytes",
                Complaint.downloadAgain)
        }
        return try StoredTensor(
            name, shape: tensor.shape, type: type, offset: tensor.offset, strides: tensor.strides,
            storageAt: data.lowerBound, byteCount: storage.count * size, file: file)
    }
}
