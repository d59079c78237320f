internal import GraphCore

/// Reads the header of a safetensors file: 8 bytes of length, JSON, then every tensor's bytes without a gap.
/// Format: github.com/huggingface/safetensors, README.
struct SafetensorsFile {
    /// About 40,000 tensors. The format itself allows 100 MB, which as JSON values would be gigabytes.
    static let maxHeaderByteCount = 4 << 20

    private(set) var tensors: [String: StoredTensor] = [:]
    private(set) var metadata: [String: String] = [:]

    init(_ file: CheckpointFile) throws(Diagnostic) {
        let name = file.name
        var start = ByteReader(try file.bytes(at: 0, count: 8))
        guard let length = start.int(UInt64.self), length <= Self.maxHeaderByteCount else {
            throw Complaint.bad(
                name, "is no safetensors file, or has a header of more than \(Self.maxHeaderByteCount) bytes",
                "Choose a .pth, .pt or .safetensors file.")
        }
        let header = try Self.header(try file.bytes(at: 8, count: length), name)
        var ranges: [(range: Range<Int>, name: String)] = []
        let dataStart = 8 + length
        let dataCount = file.byteCount - dataStart
        for member in header.members {
            if member.key == "__metadata__" {
                metadata = try Self.metadata(member.value, name)
                continue
            }
            let (type, shape, range) = try Self.tensor(member, name)
            guard range.upperBound <= dataCount else { throw Complaint.cutOff(name) }
            let tensor = try StoredTensor(
                member.key, shape: shape, type: type, storageAt: dataStart + range.lowerBound, byteCount: range.count,
                file: name)
            guard tensor.count * type.byteCount == range.count else {
                throw Complaint.bad(
                    name,
                    "lies about the tensor \(Complaint.quoted(member.key)): \(shape) numbers in \(range.count) bytes",
                    Complaint.downloadAgain)
            }
            tensors[member.key] = tensor
            ranges.append((range, member.key))
        }
        ranges.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = 0
        for (range, tensor) in ranges {
            guard range.lowerBound == end else {
                let what = range.lowerBound < end ? "overlaps another" : "leaves bytes before it unused"
                throw Complaint.damaged(name, "the tensor \(Complaint.quoted(tensor)) \(what)")
            }
            end = range.upperBound
        }
        guard end == dataCount else {
            throw Complaint.damaged(name, "\(dataCount - end) bytes at its end belong to no tensor")
        }
    }

    private static func header(_ bytes: [UInt8], _ file: String) throws(Diagnostic) -> JSONObject {
        let value: JSON
        var limits = JSONParser.Limits()
        limits.maxByteCount = maxHeaderByteCount
        limits.maxDepth = 4
        do throws(JSONError) {
            value = try JSONParser.parse(bytes, limits: limits)
        } catch {
            throw Complaint.damaged(file, "its header is not JSON (\(error.message))")
        }
        guard bytes.first == UInt8(ascii: "{"), let object = value.object else {
            throw Complaint.damaged(file, "its header is \(value.kindName), not an object")
        }
        if let key = object.duplicateKeys.first {
            throw Complaint.damaged(file, "its header names \(Complaint.quoted(key)) twice")
        }
        return object
    }

    private static func metadata(_ value: JSON, _ file: String) throws(Diagnostic) -> [String: String] {
        var metadata: [String: String] = [:]
        for member in value.object?.members ?? [] { metadata[member.key] = member.value.string }
        guard let object = value.object, object.duplicateKeys.isEmpty, metadata.count == object.members.count else {
            throw Complaint.damaged(file, "its '__metadata__' is no object of strings")
        }
        return metadata
    }

    private static func tensor(
        _ member: JSONObject.Member, _ file: String
    ) throws(Diagnostic) -> (Checkpoint.ElementType, [Int], Range<Int>) {
        let tensor = Complaint.quoted(member.key)
        guard let object = member.value.object, object.duplicateKeys.isEmpty, let dtype = object["dtype"]?.string,
            let shape = sizes(object["shape"]), let offsets = sizes(object["data_offsets"]), offsets.count == 2,
            offsets[0] <= offsets[1]
        else {
            throw Complaint.damaged(file, "the tensor \(tensor) has no proper 'dtype', 'shape' and 'data_offsets'")
        }
        guard let type = Checkpoint.ElementType(safetensors: dtype) else {
            throw Complaint.bad(
                file, "stores the tensor \(tensor) as \(Complaint.quoted(dtype)), which is not read here",
                "Save it as F32, F16 or BF16.")
        }
        return (type, shape, offsets[0]..<offsets[1])
    }

    private static func sizes(_ value: JSON?) -> [Int]? {
        guard let list = value?.array else { return nil }
        let sizes = list.compactMap { $0.number?.int.flatMap { Int(exactly: $0) } }
        return sizes.count == list.count && sizes.allSatisfy { $0 >= 0 } ? sizes : nil
    }
}
