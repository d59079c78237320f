import Foundation
import GraphCore
import Media
import Processes
import Synchronization
import Testing

@testable import Nodes

@Suite("TTS with espeak", .timeLimit(.minutes(5)))
struct TTSTests {
    @Test("speaks: one channel of 22,050 Hz, as long as speech is, and to be heard")
    func speaks() async throws {
        let audio = try await Spoken.audio("Hello, this is a sentence of nine words.")
        #expect(audio.sampleRate == 22_050 && audio.channelCount == 1 && audio.items.count == 1)
        #expect((1.5...5).contains(audio.duration))
        #expect((0.03...0.5).contains(try Spoken.level(audio)))
        #expect(try Spoken.samples(audio).allSatisfy { abs($0) <= 1 })
    }

    @Test("speaks the same each time, whatever the seed")
    func repeatable() async throws {
        let one = try await Spoken.audio("The same.", ["seed": .int(1)])
        let other = try await Spoken.audio("The same.", ["seed": .literal(.int(Int128(UInt64.max)))])
        #expect(try Spoken.samples(one) == Spoken.samples(other))
    }

    @Test("speaks faster and slower, higher and lower")
    func speedAndPitch() async throws {
        let text = "How fast and how high do I speak?"
        let usual = try await Spoken.audio(text)
        #expect(try await Spoken.audio(text, ["speed": .double(2)]).duration < 0.7 * usual.duration)
        #expect(try await Spoken.audio(text, ["speed": .double(0.5)]).duration > 1.5 * usual.duration)
        var crossings: [Double] = []
        for pitch in [0, 1, 2.0] {
            let audio = try await Spoken.audio("Aaaaaaaaaah, ooooooooh.", ["pitch": .double(pitch)])
            crossings.append(try Self.fundamental(audio))
        }
        #expect(crossings[0] < 0.9 * crossings[1] && crossings[1] < 0.9 * crossings[2], "\(crossings)")
    }

    /// The pitch of most of the voiced parts in Hz, by the shift at which the sound is most like itself.
    private static func fundamental(_ audio: Audio) throws -> Double {
        let samples = try Spoken.samples(audio)
        var pitches: [Int] = []
        for start in stride(from: 0, to: samples.count - 2048, by: 1024) {
            func product(_ shift: Int) -> Float {
                (start..<start + 1024).reduce(0) { $0 + samples[$1] * samples[$1 + shift] }
            }
            guard product(0) > 5 else { continue }
            pitches.append((80...500).max { product($0) < product($1) } ?? 0)
        }
        pitches.sort()
        return Double(audio.sampleRate) / Double(try #require(pitches.isEmpty ? nil : pitches[pitches.count / 2]))
    }

    @Test("speaks Chinese as Chinese, not as English letters with numbers between them")
    func chinese() async throws {
        let text = "你好世界。今天天气很好。"
        let right = try await Spoken.audio(text, ["language": .text("zh")])
        // The voice that reads hanzi as spelled-out pinyin takes longer for it.
        let wrong = try await Spoken.audio(text, ["voice": .text("sit/cmn")])
        #expect(wrong.duration > 1.2 * right.duration)
        let english = try await Spoken.audio(text, ["language": .text("en")])
        #expect(english.duration > 1.5 * right.duration)
        // Ten syllables.
        #expect((1.5...6).contains(right.duration))
        for tag in ["cmn", "zh-CN", "zh_Hans"] {
            let same = try await Spoken.audio(text, ["language": .text(tag)])
            #expect(try Spoken.samples(same) == Spoken.samples(right), "\(tag)")
        }
        // Nobody has to say that it is Chinese.
        #expect(try await Spoken.samples(Spoken.audio(text)) == Spoken.samples(right))
    }

    @Test("chooses a voice for each sentence of a text in two scripts")
    func twoScripts() async throws {
        let espeak = try await FakeEspeak(Self.recording)
        _ = try await Spoken.audio("Hello there. 你好，世界。 Goodbye.", espeak: espeak.program)
        #expect(
            espeak.log.filter { $0.hasPrefix("--stdin") } == [
                "--stdin --stdout -b 1 -s 175 -p 50", "--stdin --stdout -b 1 -v sit/cmn-Latn-pinyin -s 175 -p 50",
                "--stdin --stdout -b 1 -s 175 -p 50",
            ])
    }

    /// Writes its arguments down, then is the real program.
    private static let recording = "echo \"$@\" >> \"$log\"; exec /usr/bin/env espeak-ng \"$@\""

    @Test(
        "calls espeak with what was asked for, and asks for the voices only when it has to",
        arguments: [
            ([:], ["--stdin --stdout -b 1 -s 175 -p 50"]),
            (
                ["language": "zh"],
                ["--voices", "--stdin --stdout -b 1 -v sit/cmn-Latn-pinyin -s 175 -p 50"]
            ),
            (
                ["voice": "en-us+f3"],
                ["--voices", "--voices=variant", "--stdin --stdout -b 1 -v gmw/en-US+f3 -s 175 -p 50"]
            ),
        ] as [([String: String], [String])])
    func arguments(values: [String: String], expected: [String]) async throws {
        let espeak = try await FakeEspeak(Self.recording)
        _ = try await Spoken.audio("--version $(id) text", values.mapValues { .text($0) }, espeak: espeak.program)
        // The two lists are asked for at the same time.
        #expect(espeak.log.sorted() == expected.sorted())
    }

    @Test("takes speeds and pitches in espeak's units")
    func units() async throws {
        let espeak = try await FakeEspeak(Self.recording)
        for (speed, pitch) in [(0.5, 0.0), (3, 2), (1.2, 1.5)] {
            let values: [String: Value] = ["speed": .double(speed), "pitch": .double(pitch)]
            _ = try await Spoken.audio("Hi", values, espeak: espeak.program)
        }
        #expect(
            espeak.log == [
                "--stdin --stdout -b 1 -s 88 -p 0", "--stdin --stdout -b 1 -s 525 -p 99",
                "--stdin --stdout -b 1 -s 210 -p 75",
            ])
    }

    @Test("pauses between paragraphs for as long as it is told")
    func pauses() async throws {
        let text = "One.\n\nTwo.\n\nThree."
        let none = try await Spoken.audio(text, ["paragraph_pause": .double(0)])
        let usual = try await Spoken.audio(text)
        let long = try await Spoken.audio(text, ["paragraph_pause": .double(2)])
        #expect(usual.frameCount - none.frameCount == 2 * 13_230)
        #expect(long.frameCount - none.frameCount == 2 * 44_100)
    }

    @Test("sounds the same in one piece and in many: the sentences one after another")
    func joined() async throws {
        let one = try await Spoken.audio("This is one.")
        let other = try await Spoken.audio("This is two.")
        let both = try await Spoken.audio("This is one. This is two.")
        #expect(try Spoken.samples(both) == Spoken.samples(one) + Spoken.samples(other))
    }
}

@Suite("A text that TTS is given", .timeLimit(.minutes(5)))
struct SpokenTextTests {
    @Test(
        "is text, whatever it looks like",
        arguments: [
            "--version", "--voices", "-f /etc/passwd", "$(reboot) `id` ; exit",
            "<speak><voice name=\"de\">so</voice></speak>",
            "[[h@loU]] there", "[[[h@loU]]] there", "<audio src=\"/etc/passwd\"/> gone", "😀 is a face", "\u{1}5a loud",
            "&lt; &amp; &#65;", "zero\u{0}byte", "%s %n %d", "\"quoted\" 'words' \\n",
        ])
    func literal(text: String) async throws {
        let audio = try await Spoken.audio(text)
        #expect((0.3...20).contains(audio.duration))
        #expect(try Spoken.level(audio) > 0.01)
    }

    @Test("is never read as phonemes or markup")
    func notInterpreted() async throws {
        // With its brackets apart, espeak spells what stands between them.
        let spelled = try await Spoken.audio("[[h@loU]]")
        let phonemes = try await Spoken.audio("hello")
        #expect(spelled.duration > 1.3 * phonemes.duration)
        #expect(EspeakEngine.input("a [[b]] [[[c [ [") == Array("a [ [b]] [ [ [c [ [".utf8))
        let marked = try await Spoken.audio("<speak>slow <break time=\"9s\"/> end</speak>")
        #expect(marked.duration < 9)
    }

    @Test("has to have something in it", arguments: ["", " \n\t ", "\u{0}", "\u{FEFF}\u{200B}"])
    func empty(text: String) async {
        #expect(
            await Spoken.complaint(text)
                == Diagnostic(
                    .badInput, node: nil, input: "text", "there is no text to speak",
                    suggestion: "Write something into 'text', or link a text to it."))
    }

    @Test("has to have something to say in it", arguments: ["...", "?!\n\n—", "。。。"])
    func nothingToSay(text: String) async {
        #expect(
            await Spoken.complaint(text)
                == Diagnostic(
                    .badInput, node: nil, input: "text", "the voice found nothing to say in the text",
                    suggestion: "Write words, or choose the language that the text is in."))
    }

    @Test("may have pieces that say nothing between others")
    func somePieces() async throws {
        let audio = try await Spoken.audio("One.\n\n***\n\n...\n\nTwo.", ["paragraph_pause": .double(0)])
        let plain = try await Spoken.audio("One.\n\nTwo.", ["paragraph_pause": .double(0)])
        #expect(audio.frameCount >= plain.frameCount)
    }

    @Test("may not have more than four million characters")
    func tooLong() async {
        #expect(
            await Spoken.complaint(String(repeating: "x", count: 4_000_001))
                == Diagnostic(
                    .tooLarge, node: nil, input: "text", "the text has more than 4,000,000 characters",
                    suggestion: "Speak it in parts, such as chapters."))
    }

    @Test("of 10,000 characters is spoken to its end")
    func tenThousand() async throws {
        let sentence = "It was the best of times, it was the worst of times, and nobody minded. "
        let one = try await Spoken.audio(sentence)
        let count = 10_000 / sentence.count + 1
        let audio = try await Spoken.audio(String(repeating: sentence, count: count))
        #expect(abs(audio.duration / (Double(count) * one.duration) - 1) < 0.1)
    }
}

@Suite("TTS that cannot speak", .timeLimit(.minutes(5)))
struct TTSFailureTests {
    @Test("says how to install espeak-ng when it is missing")
    func missing() async {
        #expect(
            await Spoken.complaint("Hello", espeak: EspeakProgram(searchPath: "/nowhere"))
                == Diagnostic(
                    .fileNotFound, node: nil, "the program 'espeak-ng' is not installed",
                    suggestion: "Install it with: sudo apt-get install -y espeak-ng"))
    }

    @Test("names the voice and the language that there are not")
    func unknown() async {
        #expect(
            await Spoken.complaint("Hello", ["voice": .text("Germen")])
                == Diagnostic(
                    .badInput, node: nil, input: "voice", "espeak-ng has no voice 'Germen'",
                    suggestion: "Did you mean 'German'?"))
        #expect(
            await Spoken.complaint("Hello", ["language": .text("xx")])
                == Diagnostic(
                    .badInput, node: nil, input: "language", "espeak-ng has no voice for the language 'xx'",
                    suggestion: "Run 'espeak-ng --voices' to list them."))
    }

    @Test(
        "tells what espeak-ng said",
        arguments: [
            ("echo no data >&2; exit 1", "espeak-ng ended with code 1: no data"),
            ("kill -SEGV $$", "espeak-ng was killed by signal 11"),
            ("echo nonsense that is no sound", "espeak-ng: the sound is not a WAV file: it starts with 'nons'"),
        ])
    func failing(script: String, message: String) async throws {
        let espeak = try await FakeEspeak(script)
        #expect(
            await Spoken.complaint("Hello", espeak: espeak.program)
                == Diagnostic(
                    .nodeFailed, node: nil, message, suggestion: "Run 'espeak-ng --version' to see whether it works."))
    }
}
