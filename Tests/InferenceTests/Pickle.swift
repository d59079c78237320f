/// The bytes that pickle protocol 2 has for a value.
enum Pickle {
    static func file(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + [0x2E] }

    static func text(_ text: String) -> [UInt8] { [0x58] + WrittenZip.four(UInt32(text.utf8.count)) + Array(text.utf8) }
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + WrittenZip.eight(value) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func tuple(_ values: [UInt8]...) -> [UInt8] { tuple(values) }
    static func tuple(_ values: [[UInt8]]) -> [UInt8] { [0x28] + values.joined() + [0x74] }
    static func call(_ callee: [UInt8], _ arguments: [UInt8]...) -> [UInt8] { callee + tuple(arguments) + [0x52] }
    static func dictionary(_ members: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + members.flatMap { text($0.0) + $0.1 } + [0x75]
    }

    /// - Parameters:
    ///   - key: of its storage.
    ///   - held: numbers in the storage, as the pickle tells it.
    static func tensor(
        _ key: String, _ shape: [Int], strides: [Int]? = nil, offset: Int = 0, held: Int,
        storage: [UInt8] = global("torch", "FloatStorage")
    ) -> [UInt8] {
        let id = tuple(text("storage"), storage, text(key), text("cpu"), integer(held)) + [0x51]
        let natural = shape.indices.map { shape[($0 + 1)...].reduce(1, &*) }
        return call(
            global("torch._utils", "_rebuild_tensor_v2"), id, integer(offset), tuple(shape.map(integer)),
            tuple((strides ?? natural).map(integer)), [0x89], call(global("collections", "OrderedDict")))
    }
}
