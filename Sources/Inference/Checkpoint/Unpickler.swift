internal import GraphCore

/// Reads the pickle of a PyTorch checkpoint without ever importing, making or calling anything: it knows the few
/// instructions and names that weights need and refuses every other by name.
///
/// Iterative, and bounded in what it holds: every value costs at least a byte of a pickle whose size is bounded.
struct Unpickler {
    static let maxByteCount = 16 << 20
    static let maxInstructionCount = 2_000_000
    static let maxStackDepth = 1 << 16
    static let maxNesting = 256

    private let file: String
    private var reader: ByteReader
    private var stack: [PickleValue] = []
    /// Where on the stack the open marks stand.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    private(set) var elements: [PickleValue] = []
    private(set) var dictionaries: [[(key: String, value: PickleValue)]] = []
    private(set) var storages: [PickledStorage] = []
    private(set) var tensors: [PickledTensor] = []

    /// - Parameter file: its name, for messages.
    init(_ bytes: [UInt8], file: String) { (reader, self.file) = (ByteReader(bytes), file) }

    /// Carries out all of it.
    /// - Returns: what it describes.
    mutating func run() throws(Diagnostic) -> PickleValue {
        guard reader.byte() == PickleOpcode.proto.rawValue, let version = reader.byte(), (2...5).contains(version)
        else {
            throw damaged("does not begin as pickle protocols 2 to 5 do")
        }
        for _ in 0..<Self.maxInstructionCount {
            let byte = try need(reader.byte())
            guard let opcode = PickleOpcode(rawValue: byte), opcode != .proto else {
                throw Complaint.bad(
                    file,
                    "holds the pickle instruction \(PickleOpcode.refusedName(byte)), which no weights need; it was not carried out",
                    Complaint.saveWeightsOnly)
            }
            if opcode == .stop { return try result() }
            try carryOut(opcode)
        }
        throw Complaint.tooLarge(file, "has a pickle of more than \(Self.maxInstructionCount) instructions")
    }

    private func result() throws(Diagnostic) -> PickleValue {
        guard stack.count == 1, marks.isEmpty, reader.isAtEnd, let value = stack.first else {
            throw damaged("does not end where it stops")
        }
        return value
    }

    private mutating func carryOut(_ opcode: PickleOpcode) throws(Diagnostic) {
        switch opcode {
        case .proto, .stop: break
        case .frame:
            guard try need(reader.int(UInt64.self)) <= reader.remaining else { throw cutOff }
        case .mark:
            guard marks.count < Self.maxNesting else { throw damaged("is nested too deeply") }
            marks.append(stack.count)
        case .none: try push(.other)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.int(Int(Int32(bitPattern: try need(reader.number(UInt32.self))))))
        case .binInt1: try push(.int(try need(reader.int(UInt8.self))))
        case .binInt2: try push(.int(try need(reader.int(UInt16.self))))
        case .long1: try push(try long())
        case .binFloat:
            _ = try need(reader.take(8))
            try push(.other)
        case .binUnicode: try push(.string(try text(try need(reader.int(UInt32.self)))))
        case .shortBinUnicode: try push(.string(try text(try need(reader.int(UInt8.self)))))
        case .emptyList: try push(.other)
        case .append:
            _ = try pop()
            try expectList()
        case .appends:
            _ = try popMarked()
            try expectList()
        case .emptyTuple: try push(.tuple(start: 0, count: 0))
        case .tuple: try push(tuple(try popMarked()))
        case .tuple1: try push(tuple(try pop(1)))
        case .tuple2: try push(tuple(try pop(2)))
        case .tuple3: try push(tuple(try pop(3)))
        case .emptyDict: try push(newDictionary())
        case .setItem: try setItems(try pop(2))
        case .setItems: try setItems(try popMarked())
        case .binPut: memo[try need(reader.int(UInt8.self))] = try top()
        case .longBinPut: memo[try need(reader.int(UInt32.self))] = try top()
        case .memoize: memo[memo.count] = try top()
        case .binGet: try push(try remembered(try need(reader.int(UInt8.self))))
        case .longBinGet: try push(try remembered(try need(reader.int(UInt32.self))))
        case .global: try push(try global(module: try line(), name: try line()))
        case .stackGlobal:
            let words = try pop(2)
            guard case .string(let module) = words[0], case .string(let name) = words[1] else {
                throw damaged("asks for something that has no name")
            }
            try push(try global(module: module, name: name))
        case .reduce:
            let call = try pop(2)
            try push(try make(call[0], try arguments(call[1])))
        case .build:
            // The one state that weights have: OrderedDict's attribute `_metadata`, versions of modules.
            let pair = try pop(2)
            guard case .dictionary = pair[0], case .dictionary = pair[1] else {
                throw Complaint.bad(
                    file,
                    "sets the inner state of \(pair[0].kind) when it is loaded, which no weights need; it was not set",
                    Complaint.saveWeightsOnly)
            }
            try push(pair[0])
        case .binPersID: try push(try storage(try pop()))
        }
    }

    // MARK: Calls, none of which is made

    private func global(module: String, name: String) throws(Diagnostic) -> PickleValue {
        if let global = PickleGlobal(module: module, name: name) { return .global(global) }
        throw Complaint.bad(
            file,
            "asks to call \(Complaint.quoted("\(module).\(name)")) when it is loaded, which no weights need; it was not called",
            Complaint.saveWeightsOnly)
    }

    /// What a whitelisted name would make of its arguments.
    private mutating func make(
        _ callee: PickleValue, _ arguments: ArraySlice<PickleValue>
    ) throws(Diagnostic) -> PickleValue {
        guard case .global(let global) = callee else { throw damaged("calls \(callee.kind)") }
        switch global {
        case .orderedDictionary where arguments.isEmpty: return newDictionary()
        case .rebuildTensor where (6...7).contains(arguments.count): return try tensor(arguments, type: nil)
        case .rebuildTensorWithType where (7...8).contains(arguments.count):
            guard case .global(.elementType(let type)) = arguments[arguments.startIndex + 6] else { break }
            return try tensor(arguments, type: type)
        case .rebuildParameter where arguments.count == 3:
            guard case .tensor? = arguments.first else { break }
            return arguments[arguments.startIndex]
        case .device, .size: return .other
        default: break
        }
        throw damaged("calls '\(global.name)' in a way that PyTorch does not")
    }

    /// Storage, offset, sizes, strides; the rest is about gradients.
    private mutating func tensor(
        _ arguments: ArraySlice<PickleValue>, type: String?
    ) throws(Diagnostic) -> PickleValue {
        let first = arguments.startIndex
        guard case .storage(let storage) = arguments[first], case .int(let offset) = arguments[first + 1],
            let shape = integers(arguments[first + 2]), let strides = integers(arguments[first + 3])
        else { throw damaged("describes a tensor in a way that PyTorch does not") }
        tensors.append(
            PickledTensor(storage: storage, offset: offset, shape: shape, strides: strides, type: type))
        return .tensor(tensors.count - 1)
    }

    /// ('storage', class, key, place, count)
    private mutating func storage(_ id: PickleValue) throws(Diagnostic) -> PickleValue {
        guard case .tuple(let start, 5) = id, case .string("storage") = elements[start],
            case .global(.storage(let type)) = elements[start + 1], case .string(let key) = elements[start + 2],
            case .string = elements[start + 3], case .int(let count) = elements[start + 4]
        else { throw damaged("refers to something that is no storage of numbers") }
        storages.append(PickledStorage(key: key, type: type, count: count))
        return .storage(storages.count - 1)
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let start, let count) = value, count <= StoredTensor.maxDimensionCount else { return nil }
        let integers = elements[start..<start + count].compactMap { if case .int(let int) = $0 { int } else { nil } }
        return integers.count == count ? integers : nil
    }

    private func arguments(_ value: PickleValue) throws(Diagnostic) -> ArraySlice<PickleValue> {
        guard case .tuple(let start, let count) = value else { throw damaged("calls with \(value.kind)") }
        return elements[start..<start + count]
    }

    // MARK: Containers

    private mutating func tuple(_ values: [PickleValue]) -> PickleValue {
        elements.append(contentsOf: values)
        return .tuple(start: elements.count - values.count, count: values.count)
    }

    private mutating func newDictionary() -> PickleValue {
        dictionaries.append([])
        return .dictionary(dictionaries.count - 1)
    }

    private mutating func setItems(_ values: [PickleValue]) throws(Diagnostic) {
        guard case .dictionary(let place) = try top(), values.count.isMultiple(of: 2) else {
            throw damaged("fills something that is no dictionary")
        }
        for i in stride(from: 0, to: values.count, by: 2) {
            // Optimisers count their parameters; weights have names.
            if case .string(let key) = values[i] { dictionaries[place].append((key, values[i + 1])) }
        }
    }

    private func expectList() throws(Diagnostic) {
        guard case .other = try top() else { throw damaged("fills something that is no list") }
    }

    // MARK: Stack and memo

    private mutating func push(_ value: PickleValue) throws(Diagnostic) {
        guard stack.count < Self.maxStackDepth else { throw damaged("is nested too deeply") }
        stack.append(value)
    }

    private func top() throws(Diagnostic) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw damaged("takes what is not there") }
        return value
    }

    private mutating func pop() throws(Diagnostic) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws(Diagnostic) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw damaged("takes what is not there") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popMarked() throws(Diagnostic) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw damaged("takes what is not there") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func remembered(_ place: Int) throws(Diagnostic) -> PickleValue {
        guard let value = memo[place] else { throw damaged("remembers what was not there") }
        return value
    }

    // MARK: Bytes

    private func need<Value>(_ value: Value?) throws(Diagnostic) -> Value {
        guard let value else { throw cutOff }
        return value
    }

    private mutating func text(_ count: Int) throws(Diagnostic) -> String {
        guard let text = String(validating: try need(reader.take(count)), as: UTF8.self) else {
            throw damaged("holds a name that is not UTF-8")
        }
        return text
    }

    /// Up to a line feed: module and name of a global.
    private mutating func line() throws(Diagnostic) -> String {
        var line: [UInt8] = []
        while true {
            let byte = try need(reader.byte())
            if byte == 0x0A { break }
            guard line.count < 1024 else { throw damaged("asks for a name of more than 1024 bytes") }
            line.append(byte)
        }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw damaged("holds a name that is not UTF-8")
        }
        return text
    }

    /// Two's complement of any length; nothing that weights need has more than 8 bytes.
    private mutating func long() throws(Diagnostic) -> PickleValue {
        let bytes = try need(reader.take(try need(reader.int(UInt8.self))))
        guard bytes.count <= 8 else { return .other }
        let sign: UInt64 = bytes.last.map { $0 & 0x80 != 0 } == true ? .max : 0
        return .int(Int(Int64(bitPattern: bytes.reversed().reduce(sign) { $0 << 8 | UInt64($1) })))
    }

    // MARK: Complaints

    private func damaged(_ what: String) -> Diagnostic { Complaint.damaged(file, "its pickle \(what)") }
    private var cutOff: Diagnostic { Complaint.damaged(file, "its pickle is cut off") }
}
