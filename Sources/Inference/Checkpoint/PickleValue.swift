internal import GraphCore

/// What a pickle of weights can hold. Tuples, dictionaries and tensors are places in the unpickler's tables, since
/// values that hold each other could be nested deeper than the stack of the thread that lets them go.
enum PickleValue {
    /// Nothing that weights need: a float, a list, a device, ...
    case other
    case bool(Bool)
    case int(Int)
    case string(String)
    /// A range of the elements table.
    case tuple(start: Int, count: Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)

    /// For messages.
    var kind: String {
        switch self {
        case .other: "a value"
        case .bool: "a bool"
        case .int: "an integer"
        case .string: "a string"
        case .tuple: "a tuple"
        case .dictionary: "a dictionary"
        case .global(let global): global.name
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The names that a pickle may ask for. None is imported or called: the unpickler knows what each would make.
enum PickleGlobal: Hashable {
    case orderedDictionary
    case rebuildTensor, rebuildTensorWithType, rebuildParameter
    /// A typed storage by its class, such as `FloatStorage`; `UntypedStorage` counts bytes.
    case storage(String)
    /// Such as `float32`.
    case elementType(String)
    case device, size

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorWithType
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "device"): self = .device
        case ("torch", "Size"): self = .size
        case ("torch.storage", "UntypedStorage"): self = .storage(name)
        case ("torch", _) where Self.storages.contains(name): self = .storage(name)
        case ("torch", _) where Self.elementTypes.contains(name): self = .elementType(name)
        default: return nil
        }
    }

    /// For messages.
    var name: String {
        switch self {
        case .orderedDictionary: "OrderedDict"
        case .rebuildTensor: "_rebuild_tensor_v2"
        case .rebuildTensorWithType: "_rebuild_tensor_v3"
        case .rebuildParameter: "_rebuild_parameter"
        case .storage(let name), .elementType(let name): name
        case .device: "device"
        case .size: "Size"
        }
    }

    /// Those that are read, and those that are known well enough to say that they are not.
    private static let storages: Set<String> = [
        "DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
        "CharStorage", "ByteStorage", "BoolStorage", "ComplexDoubleStorage", "ComplexFloatStorage", "QUInt8Storage",
        "QInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage",
    ]
    private static let elementTypes: Set<String> = [
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "uint16",
        "uint32", "uint64", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
        "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "quint8", "qint8", "qint32",
    ]
}

/// The bytes of an entry `data/KEY`, as a tensor refers to them.
struct PickledStorage {
    let key: String
    /// Such as `FloatStorage`.
    let type: String
    /// Of numbers.
    let count: Int
}

/// A tensor as a pickle tells it; nothing of it has been checked.
struct PickledTensor {
    /// A place in the table of storages.
    let storage: Int
    /// In numbers.
    let offset: Int
    let shape: [Int], strides: [Int]
    /// Such as `uint16`, where the storage does not say it.
    let type: String?
}
