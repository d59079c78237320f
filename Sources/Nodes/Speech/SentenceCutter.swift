internal import GraphCore

/// Cuts a paragraph into sentences, by the punctuation of Latin, Chinese, Japanese and kindred scripts.
///
/// The rules are those people follow when they write, not a grammar: where a full stop is in doubt, cutting costs a
/// pause of a fraction of a second, and not cutting costs nothing but a later step of progress.
struct SentenceCutter {
    private let text: [Unicode.Scalar]
    private let maxLength: Int

    /// - Parameters:
    ///   - text: without white space at the ends, with single spaces within (`SpokenParagraphs`).
    ///   - maxLength: Unicode scalars a sentence may have; longer ones are cut at commas, else at spaces, else between
    ///     any two characters.
    init(_ text: [Unicode.Scalar], maxLength: Int) { (self.text, self.maxLength) = (text, max(8, maxLength)) }

    /// Ranges of `text`, in order, without the spaces between them. Takes linear time.
    func sentences() -> [Range<Int>] {
        var sentences: [Range<Int>] = []
        var start = 0
        var index = 0
        func close(at end: Int) {
            sentences += parts(of: start..<end)
            start = end < text.count && text[end] == " " ? end + 1 : end
            index = start
        }
        while index < text.count {
            if Mark(text[index]) == nil {
                index += 1
                continue
            }
            var end = index
            var isWide = false
            while end < text.count, let mark = Mark(text[end]) {
                isWide = isWide || mark == .wide
                end += 1
            }
            let marks = index..<end
            while end < text.count, Self.closers.contains(text[end]) { end += 1 }
            if isWide || isEnd(marks, end, sentenceStart: start) { close(at: end) } else { index = end }
        }
        if start < text.count { close(at: text.count) }
        return sentences
    }

    // MARK: Where a sentence ends

    private enum Mark {
        /// Ends a sentence wherever it stands.
        case wide
        /// Ends one when white space follows, and what is around it agrees.
        case narrow

        init?(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            // . ! ? and the ellipsis; the Arabic question mark and full stop; ‼ ⁇ ⁈ ⁉; the Ethiopic full stop.
            case 0x2E, 0x21, 0x3F, 0x2026, 0x61F, 0x6D4, 0x203C, 0x2047...0x2049, 0x1362: self = .narrow
            // 。 ｡ ！ ？ ； and the danda and double danda of Indic scripts.
            case 0x3002, 0xFF61, 0xFF01, 0xFF1F, 0xFF1B, 0x964, 0x965: self = .wide
            default: return nil
            }
        }
    }

    private static let closers: Set<Unicode.Scalar> = [
        "\"", "'", "”", "’", "»", "›", ")", "]", "}", "」", "』", "）", "】", "》", "〉", "］", "｝", "〕",
    ]
    private static let openers: Set<Unicode.Scalar> = [
        "\"", "'", "“", "‘", "„", "«", "‹", "(", "[", "{", "「", "『", "（", "【", "《", "¿", "¡",
    ]

    /// - Parameters:
    ///   - marks: the run of narrow marks.
    ///   - end: behind them and the closing quotes and brackets that belong to them.
    private func isEnd(_ marks: Range<Int>, _ end: Int, sentenceStart: Int) -> Bool {
        guard end < text.count else { return true }
        let hasSpace = text[end] == " "
        guard hasSpace || Script(text[end])?.hasNoSpaces == true else { return false }
        var next = hasSpace ? end + 1 : end
        while next < text.count, Self.openers.contains(text[next]) { next += 1 }
        let goesOn = next < text.count && text[next].properties.isLowercase
        // `"Oh!" she said`: the sentence is the outer one.
        if end > marks.upperBound && goesOn { return false }
        let isDots = marks.allSatisfy { text[$0] == "." || text[$0] == "…" }
        guard isDots else { return true }
        if marks.count > 1 || text[marks.lowerBound] == "…" { return !goesOn }
        if end > marks.upperBound { return true }
        return !isAbbreviation(before: marks.lowerBound, next: next, goesOn: goesOn, sentenceStart: sentenceStart)
    }

    /// Whether the full stop at `stop` belongs to the word before it.
    private func isAbbreviation(before stop: Int, next: Int, goesOn: Bool, sentenceStart: Int) -> Bool {
        var start = stop
        while start > sentenceStart, stop - start < 24, text[start - 1] != " ", !Self.openers.contains(text[start - 1])
        {
            start -= 1
        }
        let word = text[start..<stop]
        guard let first = word.first else { return false }
        if word.allSatisfy({ $0.properties.numericType != nil }) {
            // `1. Cut the bread`; `am 3. Oktober`.
            return start == sentenceStart || goesOn || (word.count <= 2 && isMonth(at: next))
        }
        if word.count == 1 && first.properties.isAlphabetic {
            // `J. R. R. Tolkien`, and not `So do I.`
            if first.properties.isUppercase && first != "I" { return true }
            return isPair(first, at: next) || isPair(before: start, first)
        }
        let name = Self.string(word).lowercased()
        if Abbreviations.always.contains(name) { return true }
        if goesOn { return Abbreviations.within.contains(name) || name.contains(".") }
        // `J.R.R. Tolkien`, and not `in the U.S. Then`.
        return isInitials(word) && !Abbreviations.capitals.contains(name)
    }

    private func isInitials(_ word: ArraySlice<Unicode.Scalar>) -> Bool {
        word.count >= 3 && word.count % 2 == 1
            && word.enumerated().allSatisfy { $0 % 2 == 1 ? $1 == "." : $1.properties.isUppercase }
    }

    /// `z. B.`, with a space.
    private func isPair(_ first: Unicode.Scalar, at next: Int) -> Bool {
        guard next + 1 < text.count, text[next + 1] == "." else { return false }
        return Abbreviations.always.contains("\(first).\(text[next])".lowercased())
    }

    private func isPair(before start: Int, _ second: Unicode.Scalar) -> Bool {
        guard start >= 3, text[start - 1] == " ", text[start - 2] == "." else { return false }
        return Abbreviations.always.contains("\(text[start - 3]).\(second)".lowercased())
    }

    private func isMonth(at start: Int) -> Bool {
        Abbreviations.germanMonths.contains(
            Self.string(text[start...].prefix(12).prefix { $0.properties.isAlphabetic }))
    }

    // MARK: Sentences that are too long

    private func parts(of range: Range<Int>) -> [Range<Int>] {
        var rest = range
        var parts: [Range<Int>] = []
        while rest.count > maxLength {
            let cut = cut(rest.prefix(maxLength))
            parts.append(trimmed(rest.lowerBound..<cut))
            rest = trimmed(cut..<rest.upperBound)
        }
        return (parts + [trimmed(rest)]).filter { !$0.isEmpty }
    }

    /// Behind the last comma of the second half, else behind the last space of the last three quarters, else at the end.
    private func cut(_ window: Range<Int>) -> Int {
        let half = window.lowerBound + window.count / 2
        for index in (half..<window.upperBound).reversed() where isPause(at: index) { return index + 1 }
        let quarter = window.lowerBound + window.count / 4
        for index in (quarter..<window.upperBound).reversed() where text[index] == " " { return index + 1 }
        return lastBoundary(window)
    }

    /// The end of the last whole character; the window's end when it is all one character.
    private func lastBoundary(_ window: Range<Int>) -> Int {
        // What follows decides whether the last character is whole.
        let characters = Self.string(text[window.lowerBound..<min(window.upperBound + 1, text.count)])
        var end = window.lowerBound
        for character in characters {
            let next = end + character.unicodeScalars.count
            guard next <= window.upperBound else { break }
            end = next
        }
        return end > window.lowerBound ? end : window.upperBound
    }

    private func isPause(at index: Int) -> Bool {
        switch text[index] {
        case "、", "，", "：": true
        case ",", ";", ":", "–", "—", "،": index + 1 < text.count && text[index + 1] == " "
        default: false
        }
    }

    static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        // Appending to a string's own view of scalars takes ten times as long.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.count + 8)
        for scalar in scalars {
            if scalar.isASCII { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) } else { bytes += scalar.utf8 }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, text[start] == " " { start += 1 }
        while end > start, text[end - 1] == " " { end -= 1 }
        return start..<end
    }
}

/// Words that a full stop is written behind without ending a sentence, in lower case and without that full stop.
private enum Abbreviations {
    /// Something always follows.
    static let always: Set<String> = [
        // English
        "mr", "mrs", "ms", "mx", "dr", "prof", "rev", "hon", "st", "mt", "ft", "gen", "col", "capt", "lt", "sgt", "sen",
        "rep", "gov", "pres", "vs", "cf", "e.g", "i.e", "eg", "ie", "viz", "fig", "figs", "eq", "vol", "pp", "approx",
        "dept", "univ",
        // German
        "hr", "fr", "frl", "nr", "bzw", "bzgl", "ca", "vgl", "evtl", "ggf", "inkl", "zzgl", "abs", "abb", "bspw", "z.b",
        "d.h", "u.a", "o.g", "s.o", "s.u", "i.d.r", "z.t", "u.u", "sog", "str",
        // French, Spanish, Italian, Portuguese, Dutch
        "mme", "mlle", "mm", "p.ex", "sr", "sra", "srta", "sig", "dott", "ing", "dhr", "mevr", "bijv",
        // Russian
        "т.е", "т.к", "г", "ул", "им", "см", "напр",
    ]
    /// A sentence may end here, but not when a small letter follows.
    static let within: Set<String> = [
        "etc", "usw", "usf", "u.s.w", "et al", "al", "inc", "ltd", "co", "corp", "jr", "bros", "est", "ed", "eds",
        "min",
        "max", "sec", "hrs", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "tel",
        "geb", "gest", "jh", "др", "пр",
    ]
    /// Capitals with full stops that a sentence ends with more often than a surname follows.
    static let capitals: Set<String> = ["u.s", "u.s.a", "u.k", "u.n", "e.u", "d.c", "a.m", "p.m", "b.c", "a.d"]
    static let germanMonths: Set<String> = [
        "Januar", "Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ]
}
