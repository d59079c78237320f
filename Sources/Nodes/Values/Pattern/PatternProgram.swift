internal import GraphCore

/// A pattern as instructions for `PatternMatcher`.
struct PatternProgram {
    enum Instruction {
        case set(Int)
        /// As many scalars of a set as wanted; what is taken back is taken back one by one.
        case setLoop(Int, minimum: Int, maximum: Int, PatternSyntax.Eagerness)
        /// Goes on at the first, and at the second when that leads nowhere.
        case split(Int, Int)
        case jump(Int)
        /// Remembers the position in a register.
        case mark(Int)
        /// Leaves a loop whose body, begun where the register says, took nothing.
        case leaveIfEmpty(register: Int, exit: Int)
        case backreference(Int, ignoresCase: Bool)
        case assertion(PatternSyntax.Assertion)
        /// What follows up to `accept` is tried on its own; goes on at `end`.
        case look(behind: Int?, isNegative: Bool, end: Int)
        case atomic(end: Int)
        case conditional(Int, no: Int)
        case accept
    }

    /// Repetitions such as `{1000}` are written out.
    private static let maxInstructionCount = 50_000

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarSet] = []
    /// Two registers a group, the whole match being group 0, then one for each loop.
    private(set) var registerCount: Int
    let groupCount: Int

    init(_ syntax: PatternSyntax, groupCount: Int) throws(PatternParser.Failure) {
        self.groupCount = groupCount
        registerCount = 2 * (groupCount + 1)
        try add(syntax)
        try emit(.accept)
    }

    private mutating func emit(_ instruction: Instruction) throws(PatternParser.Failure) {
        guard instructions.count < Self.maxInstructionCount else {
            throw PatternParser.Failure(message: "it is too large when its repetitions are written out", position: 0)
        }
        instructions.append(instruction)
    }

    private mutating func add(_ syntax: PatternSyntax) throws(PatternParser.Failure) {
        switch syntax {
        case .set(let set):
            sets.append(set)
            try emit(.set(sets.count - 1))
        case .sequence(let parts):
            for part in parts { try add(part) }
        case .alternatives(let parts): try add(alternatives: parts)
        case .repeated(let part, let minimum, let maximum, let eagerness):
            try add(part, minimum, maximum, eagerness)
        case .group(let index, let part):
            try emit(.mark(2 * index))
            try add(part)
            try emit(.mark(2 * index + 1))
        case .backreference(let group, let ignoresCase): try emit(.backreference(group, ignoresCase: ignoresCase))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .look(let part, let behind, let isNegative):
            try add(alone: part) { .look(behind: behind, isNegative: isNegative, end: $0) }
        case .atomic(let part): try add(alone: part) { .atomic(end: $0) }
        case .conditional(let group, let yes, let no):
            let test = instructions.count
            try emit(.accept)
            try add(yes)
            let jump = instructions.count
            try emit(.accept)
            instructions[test] = .conditional(group, no: instructions.count)
            try add(no)
            instructions[jump] = .jump(instructions.count)
        }
    }

    private mutating func add(alone part: PatternSyntax, _ make: (_ end: Int) -> Instruction) throws(PatternParser
        .Failure)
    {
        let start = instructions.count
        try emit(.accept)
        try add(part)
        try emit(.accept)
        instructions[start] = make(instructions.count)
    }

    private mutating func add(alternatives parts: [PatternSyntax]) throws(PatternParser.Failure) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = instructions.count
            try emit(.accept)
            try add(part)
            jumps.append(instructions.count)
            try emit(.accept)
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = parts.last { try add(last) }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    private mutating func add(
        _ part: PatternSyntax, _ minimum: Int, _ maximum: Int?, _ eagerness: PatternSyntax.Eagerness
    ) throws(PatternParser.Failure) {
        if case .set(let set) = part {
            sets.append(set)
            try emit(.setLoop(sets.count - 1, minimum: minimum, maximum: maximum ?? .max, eagerness))
            return
        }
        if eagerness == .possessive {
            return try add(.atomic(.repeated(part, minimum: minimum, maximum: maximum, .greedy)))
        }
        func split(_ body: Int, _ exit: Int) -> Instruction {
            eagerness == .lazy ? .split(exit, body) : .split(body, exit)
        }
        for _ in 0..<minimum {
            let count = instructions.count
            try add(part)
            // What takes no instruction once takes none the other 2^32 times either.
            if instructions.count == count { break }
        }
        var exits: [Int] = []
        if let maximum {
            for _ in 0..<maximum - minimum {
                exits.append(instructions.count)
                try emit(.accept)
                try add(part)
            }
        } else {
            let register = registerCount
            registerCount += 1
            let start = instructions.count
            exits.append(start)
            try emit(.accept)
            try emit(.mark(register))
            try add(part)
            let check = instructions.count
            try emit(.accept)
            try emit(.jump(start))
            instructions[check] = .leaveIfEmpty(register: register, exit: instructions.count)
        }
        for exit in exits { instructions[exit] = split(exit + 1, instructions.count) }
    }
}
