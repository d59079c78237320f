/// What a node's result depends on, as a value: type, literals, change token and, for each link, the ancestor's
/// signature as one integer. Two nodes with equal keys give equal results.
struct SignatureKey: Hashable {
    enum Part: Hashable {
        case literal(input: String, Literal)
        case link(input: String, ancestor: Int32, slot: Int32)
    }

    let type: Int
    /// The id of a node that must not stand in for another.
    let identity: NodeID?
    let token: String?
    let parts: [Part]

    static func == (one: SignatureKey, other: SignatureKey) -> Bool {
        one.type == other.type && one.parts == other.parts && one.token == other.token && one.identity == other.identity
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        for part in parts {
            switch part {
            case .literal(_, let literal): hasher.combine(literal)
            // Names follow from the type and the position; equality compares them.
            case .link(_, let ancestor, let slot): hasher.combine(Int(ancestor) << 32 | Int(slot))
            }
        }
        if let identity { hasher.combine(identity) }
        if let token { hasher.combine(token) }
    }

    /// Why a node with this key runs although one with `earlier` has run in its place.
    func difference(from earlier: SignatureKey) -> RunEvent.Reason {
        if type != earlier.type { return .typeChanged }
        for (part, before) in zip(parts, earlier.parts) where part != before { return .inputChanged(part.input) }
        if parts.count != earlier.parts.count {
            let longer = parts.count > earlier.parts.count ? parts : earlier.parts
            return .inputChanged(longer[min(parts.count, earlier.parts.count)].input)
        }
        return token == earlier.token ? .evicted : .contentChanged
    }
}

extension SignatureKey.Part {
    var input: String {
        switch self {
        case .literal(let input, _), .link(let input, _, _): input
        }
    }
}

/// Numbers for signatures. A number lives while something refers to it: a cached result, a run, or the key of a
/// living signature that names it as an ancestor.
struct SignatureTable {
    private struct Record {
        var key: SignatureKey?
        var referenceCount: Int32 = 0
    }

    private var numbers: [SignatureKey: Int32] = [:]
    private var records: [Record] = []
    private var free: [Int32] = []

    var count: Int { numbers.count }

    /// Room for this many more, so that a large plan does not grow the table step by step.
    mutating func reserve(_ additional: Int) {
        if additional > numbers.capacity - numbers.count { numbers.reserveCapacity(numbers.count + additional) }
        records.reserveCapacity(records.count + additional)
    }

    /// The number of `key`, with one reference for the caller.
    mutating func intern(_ key: SignatureKey) -> (number: Int32, isNew: Bool) {
        if let number = numbers[key] {
            records[Int(number)].referenceCount += 1
            return (number, false)
        }
        let number = newNumber(key)
        numbers[key] = number
        for part in key.parts {
            if case .link(_, let ancestor, _) = part { records[Int(ancestor)].referenceCount += 1 }
        }
        return (number, true)
    }

    /// A number that equals no other: the signature of a result that never holds.
    mutating func unique() -> Int32 { newNumber(nil) }

    subscript(number: Int32) -> SignatureKey? { records[Int(number)].key }

    mutating func retain(_ number: Int32) { records[Int(number)].referenceCount += 1 }

    mutating func release(_ number: Int32) {
        var released = [number]
        while let number = released.popLast() {
            records[Int(number)].referenceCount -= 1
            guard records[Int(number)].referenceCount == 0 else { continue }
            if let key = records[Int(number)].key {
                numbers[key] = nil
                for part in key.parts {
                    if case .link(_, let ancestor, _) = part { released.append(ancestor) }
                }
            }
            records[Int(number)].key = nil
            free.append(number)
        }
    }

    private mutating func newNumber(_ key: SignatureKey?) -> Int32 {
        let record = Record(key: key, referenceCount: 1)
        if let number = free.popLast() {
            records[Int(number)] = record
            return number
        }
        records.append(record)
        return Int32(records.count - 1)
    }
}
