/// What a node's result depends on, as a value: type, literals, change token and, for each link, the ancestor's
/// signature as one integer. Two nodes with equal keys give equal results.
struct SignatureKey: Hashable {
    enum Part: Hashable {
        case literal(input: String, Literal)
        case link(input: String, ancestor: Int32, slot: Int32)
        /// The id of a node that must not stand in for another.
        case identity(NodeID)
        case token(String)
    }

    let type: Int
    let parts: [Part]

    func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        for part in parts {
            switch part {
            case .literal(_, let literal): hasher.combine(literal)
            // Names follow from the type and the position; equality compares them.
            case .link(_, let ancestor, let slot): hasher.combine(Int(ancestor) << 32 | Int(slot))
            case .identity(let id): hasher.combine(id)
            case .token(let token): hasher.combine(token)
            }
        }
    }

    /// Why a node with this key runs although one with `earlier` has run in its place.
    func difference(from earlier: SignatureKey) -> RunEvent.Reason {
        if type != earlier.type { return .typeChanged }
        for index in 0..<max(parts.count, earlier.parts.count) {
            let part = index < parts.count ? parts[index] : nil
            let before = index < earlier.parts.count ? earlier.parts[index] : nil
            if part != before { return (part ?? before)?.change ?? .evicted }
        }
        return .evicted
    }
}

extension SignatureKey.Part {
    /// What it means when this part is another one than before.
    fileprivate var change: RunEvent.Reason {
        switch self {
        case .literal(let input, _), .link(let input, _, _): .inputChanged(input)
        case .identity: .neverRan
        case .token: .contentChanged
        }
    }
}

/// Numbers for signatures, and the results kept under them. A number lives while something refers to it: a kept result,
/// a run, or the key of a living signature that names it as an ancestor.
struct SignatureTable {
    private struct Record {
        var key: SignatureKey?
        var referenceCount: Int32 = 0
        /// Whether there has been a result, although it may be gone.
        var hasGivenResult = false
        var result: NodeResult?
        var lastUse: UInt64 = 0
    }

    private var numbers: [SignatureKey: Int32] = [:]
    private var records: [Record] = []
    private var free: [Int32] = []

    var count: Int { numbers.count }

    /// Room for this many more, so that a large plan does not grow the table step by step.
    mutating func reserve(_ additional: Int) {
        if numbers.count + additional > numbers.capacity { numbers.reserveCapacity(numbers.count + additional) }
        if records.count + additional - free.count > records.capacity {
            records.reserveCapacity(max(records.count + additional - free.count, 2 * records.capacity))
        }
    }

    /// The number of `key`, with one reference for the caller.
    mutating func intern(_ key: SignatureKey) -> (number: Int32, isNew: Bool) {
        let next = free.last ?? Int32(records.count)
        // One search for both: is it there, and where would it go.
        let number = { (value: inout Int32) -> Int32 in
            if value < 0 { value = next }
            return value
        }(&numbers[key, default: -1])
        if number != next {
            records[Int(number)].referenceCount += 1
            return (number, false)
        }
        place(key, at: number)
        for part in key.parts {
            if case .link(_, let ancestor, _) = part { records[Int(ancestor)].referenceCount += 1 }
        }
        return (number, true)
    }

    /// A number that equals no other: the signature of a result that never holds.
    mutating func unique() -> Int32 {
        let number = free.last ?? Int32(records.count)
        place(nil, at: number)
        return number
    }

    subscript(number: Int32) -> SignatureKey? { records[Int(number)].key }

    /// Whether other nodes may have the same signature.
    func isShared(_ number: Int32) -> Bool { records[Int(number)].key != nil }

    mutating func retain(_ number: Int32) { records[Int(number)].referenceCount += 1 }

    mutating func release(_ number: Int32) {
        records[Int(number)].referenceCount -= 1
        guard records[Int(number)].referenceCount == 0 else { return }
        var dead = [number]
        while let number = dead.popLast() {
            if let key = records[Int(number)].key {
                numbers[key] = nil
                for part in key.parts {
                    guard case .link(_, let ancestor, _) = part else { continue }
                    records[Int(ancestor)].referenceCount -= 1
                    if records[Int(ancestor)].referenceCount == 0 { dead.append(ancestor) }
                }
            }
            records[Int(number)] = Record()
            free.append(number)
        }
    }

    /// Gives back the room of a large plan once no signature is left.
    mutating func shrink() { if free.count == records.count { self = SignatureTable() } }

    // MARK: Results

    func result(_ number: Int32) -> NodeResult? { records[Int(number)].result }

    func hasGivenResult(_ number: Int32) -> Bool { records[Int(number)].hasGivenResult }

    func lastUse(of number: Int32) -> UInt64 { records[Int(number)].lastUse }

    mutating func set(_ result: NodeResult?, for number: Int32, use: UInt64) {
        records[Int(number)].result = result
        if result != nil { records[Int(number)].hasGivenResult = true }
        records[Int(number)].lastUse = use
    }

    /// Notes the use of a kept result.
    /// - Returns: whether there is one.
    @discardableResult
    mutating func touch(_ number: Int32, use: UInt64) -> Bool {
        guard records[Int(number)].result != nil else { return false }
        records[Int(number)].lastUse = use
        return true
    }

    private mutating func place(_ key: SignatureKey?, at number: Int32) {
        if Int(number) == records.count {
            records.append(Record(key: key, referenceCount: 1))
        } else {
            free.removeLast()
            records[Int(number)] = Record(key: key, referenceCount: 1)
        }
    }
}
