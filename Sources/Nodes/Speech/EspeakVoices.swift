internal import GraphCore

/// The voices that espeak-ng lists, and which one speaks what.
struct EspeakVoices: Sendable, Equatable {
    struct Voice: Sendable, Equatable {
        /// A tag in lower case: `en-gb`, `cmn-latn-pinyin`.
        let language: String
        /// With underscores for spaces: `English_(America)`.
        let name: String
        /// The file that defines it, which no other voice shares: `gmw/en-US`.
        let identifier: String
        /// Further languages, with how well it speaks them: 1 is best.
        let others: [String: Int]
    }

    let voices: [Voice]
    /// Changes of a voice, such as `f3` and `whisper`: the name, and what stands behind the `+`.
    let variants: [(name: String, suffix: String)]

    static func == (one: Self, other: Self) -> Bool {
        one.voices == other.voices && one.variants.map(\.suffix) == other.variants.map(\.suffix)
    }

    /// - Parameters:
    ///   - list: what `espeak-ng --voices` says.
    ///   - variantList: what `espeak-ng --voices=variant` says.
    init(list: String, variantList: String = "") {
        voices = Self.rows(list).map { row in
            Voice(language: row.language.lowercased(), name: row.name, identifier: row.file, others: row.others)
        }
        variants = Self.rows(variantList).compactMap { row in
            row.file.hasPrefix("!v/") ? (row.name, String(row.file.dropFirst(3))) : nil
        }
    }

    private struct Row {
        let language, name, file: String
        let others: [String: Int]
    }

    /// `Pty Language Age/Gender VoiceName File Other-Languages`, none of which has a space but the last:
    /// ` 5  cmn  --/M  Chinese_(Mandarin)  sit/cmn  (zh-cmn 5)(zh 5)`.
    private static func rows(_ list: String) -> [Row] {
        list.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard words.count >= 5 else { return nil }
            var others: [String: Int] = [:]
            if words.count == 6 {
                for other in words[5].split(whereSeparator: { $0 == "(" || $0 == ")" }) {
                    let parts = other.split(separator: " ")
                    if parts.count == 2, let rank = Int(parts[1]) { others[parts[0].lowercased()] = rank }
                }
            }
            return Row(language: String(words[1]), name: String(words[3]), file: String(words[4]), others: others)
        }
    }

    // MARK: Choosing

    /// What `-v` takes; nil for espeak's own default.
    /// - Parameters:
    ///   - voice: a name, an identifier, a language, a variant, or one of these with `+` and a variant; may be empty.
    ///   - language: a tag; may be empty. A voice that says a language itself wins.
    ///   - script: what the text is written in, which decides when the other two say nothing.
    /// - Throws: `.badInput` for a voice or a language that there is not, with what comes near.
    func argument(voice: String, language: String, script: Script?) throws(Diagnostic) -> String? {
        let parts = voice.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        var (base, variant) = (parts.first.map(String.init) ?? "", String?.none)
        if parts.count == 2 {
            variant = self.variant(String(parts[1]))
            if variant == nil { throw unknown(voice: voice) }
        } else if !base.isEmpty, self.voice(named: base) == nil {
            variant = self.variant(base)
            if variant == nil { throw unknown(voice: base) }
            base = ""
        }
        let identifier = try identifier(base, language, script)
        guard let variant else { return identifier }
        return (identifier ?? Self.plainVoice) + "+" + variant
    }

    /// What espeak speaks with when it is told nothing.
    private static let plainVoice = "en"

    private func identifier(_ base: String, _ language: String, _ script: Script?) throws(Diagnostic) -> String? {
        if !base.isEmpty {
            guard let voice = voice(named: base) else { throw unknown(voice: base) }
            return voice.identifier
        }
        if !language.isEmpty {
            guard let voice = voice(speaking: language) else { throw unknown(language: language) }
            return voice.identifier
        }
        return script?.language.flatMap { voice(speaking: $0) }?.identifier
    }

    private func voice(named text: String) -> Voice? {
        let wanted = Self.plain(text)
        if let named = voices.first(where: { Self.plain($0.identifier) == wanted || Self.plain($0.name) == wanted }) {
            return named
        }
        if Self.isChinese(wanted) || voices.contains(where: { $0.language == wanted || $0.others[wanted] != nil }) {
            return voice(speaking: wanted)
        }
        return voices.first { Self.plain($0.identifier).hasSuffix("/" + wanted) }
    }

    private func variant(_ text: String) -> String? {
        let wanted = Self.plain(text)
        return (variants.first { Self.plain($0.suffix) == wanted } ?? variants.first { Self.plain($0.name) == wanted })?
            .suffix
    }

    /// The voice that speaks a language best: its own, else one that lists it, else the same for the tag without its
    /// last part (`de-AT`: `de`).
    private func voice(speaking language: String) -> Voice? {
        var tag = language.lowercased().replacing("_", with: "-")
        // espeak-ng 1.51 reads hanzi wrongly with `cmn`: as English letters.
        if Self.isChinese(tag), let right = voices.first(where: { $0.language == "cmn-latn-pinyin" }) { return right }
        while !tag.isEmpty {
            if let own = voices.first(where: { $0.language == tag }) { return own }
            let speakers = voices.filter { $0.others[tag] != nil }
            if let best = speakers.min(by: { $0.others[tag, default: 0] < $1.others[tag, default: 0] }) { return best }
            // `en` is `en-gb` by what the voices list; where a list says nothing, `fr` is `fr-fr`.
            if let longer = voices.first(where: { $0.language.hasPrefix(tag + "-") }) { return longer }
            tag = tag.lastIndex(of: "-").map { String(tag[..<$0]) } ?? ""
        }
        return nil
    }

    /// Mandarin, by whichever of its tags: `zh`, `zh-CN`, `zh-Hans`, `cmn`, `zh-cmn`. Not Cantonese.
    private static func isChinese(_ tag: String) -> Bool {
        let parts = tag.split(separator: "-")
        guard let first = parts.first, first == "zh" || first == "cmn" else { return false }
        return !parts.contains { $0 == "yue" || $0 == "hk" || $0 == "mo" }
    }

    private static func plain(_ text: String) -> String { text.lowercased().replacing(" ", with: "_") }

    // MARK: Complaints

    private static let listing = "Run 'espeak-ng --voices' to list them."

    private func unknown(voice: String) -> Diagnostic {
        let names =
            voices.flatMap { [$0.name, $0.language, $0.identifier] } + variants.flatMap { [$0.name, $0.suffix] }
        return Diagnostic(
            .badInput, node: nil, input: "voice", "espeak-ng has no voice '\(voice.prefix(60))'",
            suggestion: NearestName.sentence(String(voice.prefix(60)), among: names) ?? Self.listing)
    }

    private func unknown(language: String) -> Diagnostic {
        let tags = voices.flatMap { [$0.language] + $0.others.keys.sorted() }
        return Diagnostic(
            .badInput, node: nil, input: "language",
            "espeak-ng has no voice for the language '\(language.prefix(60))'",
            suggestion: NearestName.sentence(String(language.prefix(60)), among: tags) ?? Self.listing)
    }
}
