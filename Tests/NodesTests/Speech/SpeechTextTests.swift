import Testing

@testable import Nodes

@Suite("A text that is to be spoken")
struct SentenceCutterTests {
    /// The sentences, `|` between them and `¶` between paragraphs.
    private static func cut(_ text: String, maxLength: Int = 500) -> String {
        SpokenParagraphs.of(text).map { paragraph in
            SentenceCutter(paragraph, maxLength: maxLength).sentences().map { SentenceCutter.string(paragraph[$0]) }
                .joined(separator: "|")
        }.joined(separator: "¶")
    }

    @Test(
        "is cut at sentences",
        arguments: [
            // Latin punctuation
            ("Hello there. How are you?  Fine! Good", "Hello there.|How are you?|Fine!|Good"),
            ("What?! No way!! Yes", "What?!|No way!!|Yes"),
            ("She said \"Stop!\" He ran. (She too.) «Oui.» Fin", "She said \"Stop!\"|He ran.|(She too.)|«Oui.»|Fin"),
            ("¿Qué? ¡Sí! Bien", "¿Qué?|¡Sí!|Bien"),
            ("هل أنت هنا؟ نعم", "هل أنت هنا؟|نعم"),
            ("Привет, мир. Как дела?", "Привет, мир.|Как дела?"),
            // Chinese and Japanese
            ("你好。世界！真的吗？好；再见", "你好。|世界！|真的吗？|好；|再见"),
            ("“真的吗？”他问。（是的。）「はい。」と", "“真的吗？”|他问。|（是的。）|「はい。」|と"),
            ("我想……算了。", "我想……|算了。"),
            ("半角｡です", "半角｡|です"),
            ("中文. 你好.世界", "中文.|你好.|世界"),
            ("नमस्ते। आप", "नमस्ते।|आप"),
            // One sentence of nothing but marks
            ("...", "..."), ("。", "。"), ("? ", "?"),
        ])
    func ends(text: String, expected: String) { #expect(Self.cut(text) == expected) }

    @Test(
        "is not cut where a mark ends no sentence",
        arguments: [
            "Pi is 3.14 and $10.50 is 1.000,50", "Visit example.com or mail a.b@c.de today",
            "Mr. Smith and Dr. Jones met Prof. Li", "See e.g. this, i.e. that, z.B. dies",
            "Das ist z. B. so, d. h. gut",
            "J. R. R. Tolkien and J.R.R. Tolkien", "At 5 p.m. we left", "1. Cut the bread", "Am 3. Oktober war es",
            "Well... maybe", "no way… maybe", "\"Oh!\" she said", "cats, dogs etc. are here", "Yahoo!Answers", "3.苹果",
        ])
    func stays(text: String) { #expect(Self.cut(text) == text) }

    @Test(
        "is cut where a mark looks like one of those",
        arguments: [
            ("So do I. Then", "So do I.|Then"), ("It was 1999. Then", "It was 1999.|Then"),
            ("Well... Maybe", "Well...|Maybe"), ("cats etc. Dogs", "cats etc.|Dogs"), ("a. b. c", "a.|b.|c"),
            ("He said no. Then", "He said no.|Then"), ("In the U.S. Then", "In the U.S.|Then"),
            ("1. Cut it. 2. Eat it.", "1. Cut it.|2. Eat it."),
        ])
    func looksAlike(text: String, expected: String) { #expect(Self.cut(text) == expected) }

    @Test(
        "has its paragraphs at blank lines, and its white space made one",
        arguments: [
            ("one\ntwo\n\nthree", "one two¶three"), ("one\r\ntwo\r\n\r\nthree", "one two¶three"),
            ("\n\n one \t  two \n \t \n\n\n three \n", "one two¶three"), ("one\u{2029}two\u{0C}three", "one¶two¶three"),
            ("a\u{A0}b\u{3000}c\u{2028}d", "a b c d"), ("", ""), (" \n\n\t", ""),
        ])
    func paragraphs(text: String, expected: String) { #expect(Self.cut(text) == expected) }

    @Test(
        "loses what nobody speaks",
        arguments: [
            ("a\u{0}b\u{1}c\u{1B}[31m", "abc[31m"), ("\u{FEFF}so\u{AD}ft\u{200B}", "soft"),
            ("\u{E000}a\u{F8FF}b\u{202E}c", "abc"), ("\u{0}\u{7}\u{200B}", ""),
        ])
    func unspoken(text: String, expected: String) { #expect(Self.cut(text) == expected) }

    @Test("keeps emoji, joined letters and marks on letters")
    func kept() {
        for text in ["👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿👍🏽", "می‌خواهم", "e\u{301}a\u{308}", "Ångström"] {
            #expect(Self.cut(text) == text)
        }
        // What is stacked on one letter without end is no writing.
        #expect(Self.cut("e" + String(repeating: "\u{301}", count: 1000)).unicodeScalars.count == 31)
    }

    @Test(
        "is cut in a long sentence: at a comma of its second half, else at a space, else anywhere",
        arguments: [
            ("aaaa, bbbbb, ccccc ddddd", "aaaa, bbbbb,|ccccc ddddd"), ("aaaa bbbb cccc dddd", "aaaa bbbb|cccc dddd"),
            ("aaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaa|aaaaaaaaaaa"), ("一二三四五六，七八九十、一二三四", "一二三四五六，七八九十、|一二三四"),
            ("1,000,000,000,000", "1,000,000,00|0,000"), ("a bbbbbbbbbbbbbbb", "a bbbbbbbbbb|bbbbb"),
        ])
    func long(text: String, expected: String) { #expect(Self.cut(text, maxLength: 12) == expected) }

    @Test("is never cut within what people see as one character")
    func graphemes() {
        let family = "👨‍👩‍👧‍👦"
        #expect(
            Self.cut(String(repeating: family, count: 6), maxLength: 16)
                == Array(repeating: family + family, count: 3).joined(separator: "|"))
        #expect(
            Self.cut(String(repeating: "e\u{301}", count: 10), maxLength: 9).split(separator: "|").map(\.count) == [
                4, 4, 2,
            ])
        // Longer than a sentence may be: no writing.
        let chain = String(repeating: "👨\u{200D}", count: 20)
        #expect(Self.cut(chain, maxLength: 16).unicodeScalars.split(separator: "|").map(\.count) == [16, 16, 8])
    }
}

@Suite("The pieces of a text")
struct SpeechTextTests {
    /// `¶` before a paragraph, and how many sentences each piece has.
    private static func pieces(_ text: String, length: Int = 20) -> [String] {
        SpeechText(text, pieceLength: length).pieces.map {
            "\($0.startsParagraph ? "¶" : "")\($0.text)#\($0.sentenceCount)"
        }
    }

    @Test("begin with the first sentence alone, then join short ones, never beyond a paragraph")
    func joined() {
        #expect(
            Self.pieces("One. Two. Three. Four. Five.\n\nSix. Seven.")
                == ["¶One.#1", "Two. Three. Four.#3", "Five.#1", "¶Six. Seven.#2"])
        #expect(
            Self.pieces("A sentence that is longer than a piece. Bo. Cy") == [
                "¶A sentence that is longer than a piece.#1", "Bo. Cy#2",
            ])
    }

    @Test("begin with the first words when nothing is said before them")
    func opening() {
        #expect(Self.pieces("... ! One. Two.") == ["¶... ! One.#3", "Two.#1"])
        #expect(Self.pieces("***\n\nOne. Two.") == ["¶***#1", "¶One.#1", "Two.#1"])
    }

    @Test("count all sentences")
    func count() {
        #expect(SpeechText("One. Two.\n\nThree").sentenceCount == 3)
        #expect(SpeechText(" \n").sentenceCount == 0)
        #expect(SpeechText(" \n").pieces.isEmpty)
    }

    @Test("are of one script each")
    func scripts() {
        func scripts(_ text: String) -> [String] {
            SpeechText(text).pieces.map { "\($0.text) \($0.script.map { "\($0)" } ?? "none")" }
        }
        #expect(scripts("Hi. Hello. 你好。世界。42! Bye.") == ["Hi. latin", "Hello. latin", "你好。世界。42! han", "Bye. latin"])
        #expect(scripts("我用 Python 写代码。") == ["我用 Python 写代码。 han"])
        #expect(scripts("これはペンです。東京大学。") == ["これはペンです。 kana", "東京大学。 kana"])
        #expect(scripts("他喜欢吃寿司和の字。") == ["他喜欢吃寿司和の字。 han"])
        #expect(scripts("12 + 30") == ["12 + 30 none"])
        #expect(
            scripts("Привет. Γειά. שלום. नमस्ते। สวัสดี. 안녕. مرحبا.").map { $0.split(separator: " ").last } == [
                "cyrillic", "greek", "hebrew", "devanagari", "thai", "hangul", "arabic",
            ])
    }

    @Test(
        "of a million characters are few and short, whatever the characters",
        arguments: [
            "a. ", "x", "x ", "你好世界。", "，", ".", "\"", ". (", "👨\u{200D}", "🇩", "Mr. ", "Mr", "1. ", "!?",
        ])
    func million(unit: String) {
        let text = SpeechText(String(repeating: unit, count: 1_000_000 / unit.unicodeScalars.count))
        #expect(text.pieces.count < 5_000)
        #expect(text.pieces.allSatisfy { $0.text.unicodeScalars.count <= 500 })
        let total = text.pieces.reduce(0) { $0 + $1.text.unicodeScalars.count }
        #expect(total > 990_000)
    }
}
