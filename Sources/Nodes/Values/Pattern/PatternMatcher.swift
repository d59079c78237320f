internal import GraphCore

/// Looks for a pattern by trying and taking back, as Python's `re` does, on memory and in time that are bounded: a
/// pattern such as `(a+)+b` tries more ways than there are atoms.
struct PatternMatcher {
    /// Why a search was given up.
    enum Failure: Error {
        /// Tried more than so many steps.
        case tooManySteps(Int)
        /// Whoever asked does not want the answer any more.
        case stopped(any Error)
    }

    /// What a match takes: for each group its scalars, nil for one that took no part. The first is the whole match.
    typealias Match = [Range<Int>?]

    /// About a second.
    private static let maxStepCount = 20_000_000
    /// Ways to go back to.
    private static let maxTrailCount = 4_000_000

    private let program: PatternProgram
    private let text: [UInt32]
    private let check: () throws -> Void
    private var stepCount = 0
    private var nextCheck = 8192
    private var registers: [Int]
    private var trail: [Trail] = []

    /// What to undo, and where to go on.
    private enum Trail {
        case way(instruction: Int, position: Int)
        case register(Int, was: Int)
        /// A loop over a set that may take fewer (or, when lazy, more): positions `least...most` are left to try.
        case positions(instruction: Int, least: Int, most: Int, isLazy: Bool)
    }

    /// - Parameter check: called every now and then; when it throws, the search stops.
    init(_ program: PatternProgram, _ text: [UInt32], check: @escaping () throws -> Void) {
        (self.program, self.text, self.check) = (program, text, check)
        registers = Array(repeating: -1, count: program.registerCount)
    }

    /// Python's `finditer`: from left to right, an empty match not where the last empty one was.
    /// - Parameter maxCount: stops after so many.
    mutating func matches(maxCount: Int = .max) throws(Failure) -> [Match] {
        var found: [Match] = []
        var (start, mustAdvance) = (0, false)
        while found.count < maxCount, let match = try first(from: start, mustAdvance), let range = match[0] {
            found.append(match)
            start = range.upperBound
            mustAdvance = range.isEmpty
        }
        return found
    }

    /// - Parameter mustAdvance: a match that starts at `start` may not be empty.
    private mutating func first(from start: Int, _ mustAdvance: Bool) throws(Failure) -> Match? {
        // A search that failed has undone its marks, so one clearing does for all positions.
        for i in registers.indices { registers[i] = -1 }
        stepCount += registers.count
        for position in start...max(start, text.count) where position <= text.count {
            trail.removeAll(keepingCapacity: true)
            let forbidden = mustAdvance && position == start ? position : -1
            guard let end = try run(0, position, forbiddenEnd: forbidden) else { continue }
            return [position..<end]
                + (1..<program.groupCount + 1).map { group in
                    let (low, high) = (registers[2 * group], registers[2 * group + 1])
                    return low >= 0 && high >= low ? low..<high : nil
                }
        }
        return nil
    }

    private mutating func step() throws(Failure) {
        stepCount += 1
        guard stepCount >= nextCheck else { return }
        nextCheck = stepCount + 8192
        guard stepCount < Self.maxStepCount, trail.count < Self.maxTrailCount else {
            throw .tooManySteps(stepCount)
        }
        do { try check() } catch { throw .stopped(error) }
    }

    private mutating func set(_ register: Int, _ position: Int) {
        trail.append(.register(register, was: registers[register]))
        registers[register] = position
    }

    /// From an instruction on to its `accept`: where the match ends. What it marked stays undoable on the trail.
    private mutating func run(_ first: Int, _ start: Int, forbiddenEnd: Int = -1) throws(Failure) -> Int? {
        let base = trail.count
        var (at, position) = (first, start)
        while true {
            try step()
            var goesOn = true
            switch program.instructions[at] {
            case .accept:
                if position != forbiddenEnd { return position }
                goesOn = false
            case .set(let set):
                goesOn = position < text.count && program.sets[set].contains(text[position])
                position += 1
                at += 1
            case .setLoop(let set, let minimum, let maximum, let eagerness):
                goesOn = try loop(set, minimum, maximum, eagerness, at, &position)
                at += 1
            case .split(let one, let other):
                trail.append(.way(instruction: other, position: position))
                at = one
            case .jump(let target): at = target
            case .mark(let register):
                set(register, position)
                at += 1
            case .leaveIfEmpty(let register, let exit): at = registers[register] == position ? exit : at + 1
            case .backreference(let group, let ignoresCase):
                goesOn = skip(group, ignoresCase, &position)
                at += 1
            case .assertion(let assertion):
                goesOn = holds(assertion, position)
                at += 1
            case .look(let behind, let isNegative, let end):
                goesOn = try looks(at + 1, position - (behind ?? 0)) != isNegative
                at = end
            case .atomic(let end):
                if let reached = try alone(at + 1, position) { position = reached } else { goesOn = false }
                at = end
            case .conditional(let group, let no):
                at = 2 * group + 1 < registers.count && registers[2 * group + 1] >= 0 ? at + 1 : no
            }
            if !goesOn {
                guard let way = back(to: base) else { return nil }
                (at, position) = way
            }
        }
    }

    /// Undoes what was done since the last other way to go, and gives that way.
    private mutating func back(to base: Int) -> (Int, Int)? {
        while trail.count > base {
            switch trail.removeLast() {
            case .way(let instruction, let position): return (instruction, position)
            case .register(let register, let was): registers[register] = was
            case .positions(let instruction, let least, let most, let isLazy):
                if isLazy {
                    guard let set = loopSet(instruction - 1), least < text.count,
                        program.sets[set].contains(text[least])
                    else { continue }
                    if least + 1 < most {
                        trail.append(.positions(instruction: instruction, least: least + 1, most: most, isLazy: true))
                    }
                    return (instruction, least + 1)
                }
                if least < most {
                    trail.append(.positions(instruction: instruction, least: least, most: most - 1, isLazy: false))
                }
                return (instruction, most)
            }
        }
        return nil
    }

    private func loopSet(_ at: Int) -> Int? {
        if case .setLoop(let set, _, _, _) = program.instructions[at] { set } else { nil }
    }

    private mutating func loop(
        _ index: Int, _ minimum: Int, _ maximum: Int, _ eagerness: PatternSyntax.Eagerness, _ at: Int,
        _ position: inout Int
    ) throws(Failure) -> Bool {
        let start = position
        let set = program.sets[index]
        let room = text.count - start
        guard minimum <= room else { return false }
        let wanted = eagerness == .lazy ? minimum : min(maximum, room)
        while position - start < wanted, set.contains(text[position]) {
            position += 1
            try step()
        }
        guard position - start >= minimum else { return false }
        let next = at + 1
        switch eagerness {
        case .possessive: break
        case .greedy:
            if position > start + minimum {
                trail.append(
                    .positions(instruction: next, least: start + minimum, most: position - 1, isLazy: false))
            }
        case .lazy:
            let most = start + min(maximum, room)
            if position < most {
                trail.append(.positions(instruction: next, least: position, most: most, isLazy: true))
            }
        }
        return true
    }

    private mutating func looks(_ first: Int, _ start: Int) throws(Failure) -> Bool {
        guard start >= 0 else { return false }
        return try alone(first, start) != nil
    }

    /// A part that is not tried in another way once it matched. What it marked is undone when what follows fails.
    private mutating func alone(_ first: Int, _ start: Int) throws(Failure) -> Int? {
        let base = trail.count
        guard let end = try run(first, start) else { return nil }
        let marks = trail[base...].filter { if case .register = $0 { true } else { false } }
        trail.removeSubrange(base...)
        trail += marks
        return end
    }

    private func skip(_ group: Int, _ ignoresCase: Bool, _ position: inout Int) -> Bool {
        let (low, high) = (registers[2 * group], registers[2 * group + 1])
        guard low >= 0, high >= low, position + high - low <= text.count else { return false }
        for i in low..<high {
            let (one, other) = (text[i], text[position + i - low])
            let areEqual =
                one == other
                || ignoresCase
                    && ScalarClass.folded(one, isASCII: false) == ScalarClass.folded(other, isASCII: false)
            if !areEqual { return false }
        }
        position += high - low
        return true
    }

    private func holds(_ assertion: PatternSyntax.Assertion, _ position: Int) -> Bool {
        switch assertion {
        case .textStart: return position == 0
        case .textEnd: return position == text.count
        case .lineStart: return position == 0 || text[position - 1] == 10
        case .lineEnd: return position == text.count || text[position] == 10
        case .lastLineEnd:
            return position == text.count || position == text.count - 1 && text[position] == 10
        case .wordBoundary(let isNegative, let isASCII):
            func isWord(_ i: Int) -> Bool { text.indices.contains(i) && ScalarClass.isWord(text[i], isASCII: isASCII) }
            return (isWord(position - 1) != isWord(position)) != isNegative
        }
    }
}
