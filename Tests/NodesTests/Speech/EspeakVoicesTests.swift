import GraphCore
import Testing

@testable import Nodes

@Suite("The voices of espeak")
struct EspeakVoicesTests {
    private static let voices = EspeakVoices(
        list: """
            Pty Language       Age/Gender VoiceName          File                 Other Languages
             5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
             5  cmn-latn-pinyin --/M      Chinese_(Mandarin,_latin_as_Pinyin) sit/cmn-Latn-pinyin  (zh-cmn 5)(zh 5)
             5  de              --/M      German             gmw/de               
             5  en-029          --/M      English_(Caribbean) gmw/en-029           (en 10)
             2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
             2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
             5  es              --/M      Spanish_(Spain)    roa/es               
             5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)(es 6)
             5  eu              --/M      Basque             eu                   
             5  fr-be           --/M      French_(Belgium)   roa/fr-BE            (fr 8)
             5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
             5  ja              --/M      Japanese           jpx/ja               
             5  nb              --/M      Norwegian_Bokmål  gmq/nb               (no 5)
             5  pt              --/M      Portuguese_(Portugal) roa/pt               (pt-pt 5)
             5  pt-br           --/M      Portuguese_(Brazil) roa/pt-BR            (pt 6)
             5  vi-vn-x-south   --/M      Vietnamese_(Southern) aav/vi-VN-x-south    
             5  yue             --/M      Chinese_(Cantonese) sit/yue              (zh-yue 5)(zh 8)
            """,
        variantList: """
            Pty Language       Age/Gender VoiceName          File                 Other Languages
             5  variant         --/F      female3            !v/f3                
             5  variant         --/F      Alicia             !v/Alicia            
            """)

    private static func argument(
        voice: String = "", language: String = "", script: Script? = nil
    ) throws -> String {
        try voices.argument(voice: voice, language: language, script: script) ?? "none"
    }

    @Test("are read from its list")
    func list() {
        #expect(Self.voices.voices.count == 17)
        #expect(
            Self.voices.voices[1]
                == EspeakVoices.Voice(
                    language: "cmn-latn-pinyin", name: "Chinese_(Mandarin,_latin_as_Pinyin)",
                    identifier: "sit/cmn-Latn-pinyin", others: ["zh-cmn": 5, "zh": 5]))
        #expect(EspeakVoices(list: "").voices.isEmpty)
        #expect(EspeakVoices(list: "head\n\n5 x\nnonsense").voices.isEmpty)
    }

    @Test(
        "are chosen by a language's tag",
        arguments: [
            ("en", "gmw/en"), ("en-GB", "gmw/en"), ("en_US", "gmw/en-US"), ("EN-us", "gmw/en-US"), ("en-AU", "gmw/en"),
            ("pt", "roa/pt"), ("pt-PT", "roa/pt"), ("pt-BR", "roa/pt-BR"), ("es-MX", "roa/es-419"), ("de-AT", "gmw/de"),
            ("fr", "roa/fr"), ("fr-CA", "roa/fr"), ("no", "gmq/nb"), ("vi", "aav/vi-VN-x-south"), ("eu", "eu"),
            ("zh", "sit/cmn-Latn-pinyin"), ("cmn", "sit/cmn-Latn-pinyin"), ("zh-CN", "sit/cmn-Latn-pinyin"),
            ("zh-Hans-CN", "sit/cmn-Latn-pinyin"), ("zh-TW", "sit/cmn-Latn-pinyin"), ("zh-cmn", "sit/cmn-Latn-pinyin"),
            ("cmn-latn-pinyin", "sit/cmn-Latn-pinyin"), ("yue", "sit/yue"), ("zh-yue", "sit/yue"),
        ])
    func language(tag: String, expected: String) throws { #expect(try Self.argument(language: tag) == expected) }

    @Test("speak Chinese with what there is when the right one is missing")
    func otherChinese() throws {
        let voices = EspeakVoices(list: "head\n 5  cmn  --/M  Chinese_(Mandarin)  sit/cmn  (zh-cmn 5)(zh 5)")
        #expect(try voices.argument(voice: "", language: "zh", script: nil) == "sit/cmn")
        #expect(try voices.argument(voice: "", language: "zh-CN", script: nil) == "sit/cmn")
    }

    @Test(
        "are chosen by name, file or language",
        arguments: [
            ("English_(America)", "gmw/en-US"), ("english (america)", "gmw/en-US"), ("gmw/en-US", "gmw/en-US"),
            ("en-us", "gmw/en-US"), ("Basque", "eu"), ("zh", "sit/cmn-Latn-pinyin"), ("cmn", "sit/cmn-Latn-pinyin"),
            ("sit/cmn", "sit/cmn"), ("German+f3", "gmw/de+f3"), ("de+FEMALE3", "gmw/de+f3"), ("f3", "en+f3"),
            ("+alicia", "en+Alicia"),
        ])
    func voice(name: String, expected: String) throws { #expect(try Self.argument(voice: name) == expected) }

    @Test("are the language's when only a variant is named, and their own when both are")
    func both() throws {
        #expect(try Self.argument(voice: "Alicia", language: "zh") == "sit/cmn-Latn-pinyin+Alicia")
        #expect(try Self.argument(voice: "German", language: "zh") == "gmw/de")
    }

    @Test("are the script's when nothing is named")
    func script() throws {
        #expect(try Self.argument() == "none")
        #expect(try Self.argument(script: .latin) == "none")
        #expect(try Self.argument(script: .han) == "sit/cmn-Latn-pinyin")
        #expect(try Self.argument(script: .kana) == "jpx/ja")
        #expect(try Self.argument(voice: "f3", script: .han) == "sit/cmn-Latn-pinyin+f3")
        #expect(try Self.argument(language: "en", script: .han) == "gmw/en")
        // There is no voice for it here.
        #expect(try Self.argument(script: .thai) == "none")
    }

    @Test(
        "that there are not are told with what comes near",
        arguments: [
            ("Germen", "espeak-ng has no voice 'Germen'", "Did you mean 'German'?"),
            ("German+Alicio", "espeak-ng has no voice 'German+Alicio'", "Run 'espeak-ng --voices' to list them."),
            ("alloy", "espeak-ng has no voice 'alloy'", "Run 'espeak-ng --voices' to list them."),
        ])
    func unknownVoice(voice: String, message: String, suggestion: String) {
        #expect(throws: Diagnostic(.badInput, node: nil, input: "voice", message, suggestion: suggestion)) {
            try Self.argument(voice: voice)
        }
    }

    @Test(
        "for a language that there is not are told with what comes near",
        arguments: [("en-g", nil), ("xx", "Run 'espeak-ng --voices' to list them."), ("ptbr", "Did you mean 'pt-br'?")])
    func unknownLanguage(tag: String, suggestion: String?) throws {
        guard let suggestion else {
            // Its first part is a language.
            #expect(try Self.argument(language: tag) == "gmw/en")
            return
        }
        #expect(
            throws: Diagnostic(
                .badInput, node: nil, input: "language", "espeak-ng has no voice for the language '\(tag)'",
                suggestion: suggestion)
        ) { try Self.argument(language: tag) }
    }
}
