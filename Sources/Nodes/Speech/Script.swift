internal import GraphCore

/// A script of writing, as far as it says which language to speak.
enum Script: Int, CaseIterable {
    case latin, han, kana, hangul, cyrillic, greek, arabic, hebrew, devanagari, thai

    /// Nil for what all scripts share: digits, punctuation, emoji.
    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A: self = .latin
        case 0x21...0xBF, 0xD7, 0xF7: return nil
        case 0xC0...0x24F, 0x1E00...0x1EFF: self = .latin
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0xF900...0xFAFF, 0x20000...0x323AF, 0x3005, 0x3007: self = .han
        case 0x3041...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F: self = .kana
        case 0xAC00...0xD7A3, 0x1100...0x11FF, 0x3131...0x318E: self = .hangul
        case 0x400...0x52F: self = .cyrillic
        case 0x370...0x3FF, 0x1F00...0x1FFF: self = .greek
        case 0x600...0x6FF, 0x750...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFC: self = .arabic
        case 0x591...0x5F4: self = .hebrew
        case 0x900...0x97F: self = .devanagari
        case 0xE01...0xE5B: self = .thai
        default: return nil
        }
    }

    /// Sentences follow each other without a space.
    var hasNoSpaces: Bool { self == .han || self == .kana || self == .thai }

    /// The language that is most often written in it; nil for Latin, which hundreds are.
    var language: String? {
        switch self {
        case .latin: nil
        case .han: "zh"
        case .kana: "ja"
        case .hangul: "ko"
        case .cyrillic: "ru"
        case .greek: "el"
        case .arabic: "ar"
        case .hebrew: "he"
        case .devanagari: "hi"
        case .thai: "th"
        }
    }

    /// How many letters of another script one letter stands for: a hanzi is a syllable.
    private var weight: Int {
        switch self {
        case .han, .kana, .hangul: 3
        default: 1
        }
    }

    /// The script that most of `text` is written in; Japanese when kana stand among hanzi. Nil without letters.
    static func main(of text: some Sequence<Unicode.Scalar>) -> Script? {
        var weights = [Int](repeating: 0, count: allCases.count)
        for scalar in text {
            if let script = Script(scalar) { weights[script.rawValue] += script.weight }
        }
        // Japanese has about as many kana as hanzi; a Japanese name in a Chinese sentence does not.
        let (han, kana) = (weights[Script.han.rawValue], weights[Script.kana.rawValue])
        if kana * 4 >= han && kana > 0 {
            (weights[Script.kana.rawValue], weights[Script.han.rawValue]) = (kana + han, 0)
        }
        guard let most = allCases.max(by: { weights[$0.rawValue] < weights[$1.rawValue] }) else { return nil }
        return weights[most.rawValue] > 0 ? most : nil
    }
}
