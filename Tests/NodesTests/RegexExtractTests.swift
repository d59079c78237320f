import Foundation
import GraphCore
import TestData
import Testing

@testable import Nodes

@Suite("RegexExtract")
struct RegexExtractTests {
    private struct Case: Encodable {
        let mode: RegexExtract.Mode, group: Int, flags: String, pattern: String, text: String

        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(mode.rawValue)
            try container.encode(group)
            try container.encode(flags)
            try container.encode(pattern)
            try container.encode(text)
        }
    }

    private func extract(_ test: Case) async throws -> String {
        let values: [String: Value] = [
            "string": .literal(.string(test.text)), "regex_pattern": .literal(.string(test.pattern)),
            "mode": .literal(.string(test.mode.rawValue)),
            "case_insensitive": .literal(.bool(test.flags.contains("i"))),
            "multiline": .literal(.bool(test.flags.contains("m"))),
            "dotall": .literal(.bool(test.flags.contains("s"))), "group_index": .literal(.int(Int128(test.group))),
        ]
        let bound = try await RegexExtract().run(Inputs(RegexExtract().schema, values), NodeContext())
        guard case .value(_, let value)? = bound.first else { return "no text" }
        return try #require(String(value))
    }

    private func extract(_ pattern: String, _ text: String, flags: String = "") async throws -> String {
        try await extract(Case(mode: .firstMatch, group: 1, flags: flags, pattern: pattern, text: text))
    }

    private static let texts = [
        "", "a", "aab abb\nab\n", "Foo: 12, bar = 345\r\nBAZ 6", "héllo wörld ÄÖÜ straße ſ K ı İ", "x\n", "\n\n",
        "aaaaaaaab",
        "((1+2)*3) [a-z] {2,3} a|b ^$ .", "2024-05-31T12:00:59Z and 1999-12-31", "tab\tspace  end ", "٣٤ ² ½ Ⅷ _x1",
        "<b>bold</b><i>it</i>", "key=value; other=\"quoted \\\"text\\\"\"", "ΣΑΣ σας ςα µ μ", "aXbXc", "abcabcabc",
        "éé e\u{301}",
    ]

    private static let patterns = [
        "", "a", "a*", "a*?", "a+b", "(a|ab)(c|bcd)?", "(a*)*", "(a*)+", "(a|b)*?b", "(?:a|b)+", "^", "$", "^\\w+",
        "\\w+$",
        "\\b", "\\B", "\\bb", "(\\w+)\\s*[:=]\\s*(\\d+)", "(?P<year>\\d{4})-(?P<month>\\d\\d)-(\\d\\d)",
        "(?P<q>[\"'])(.*?)(?P=q)",
        "<(\\w+)>(.*?)</\\1>", ".", ".+", ".*", "\\d", "\\D+", "\\s", "\\S+", "\\W", "[^a-z]", "[a-zé]+", "[]x]",
        "[^]x]+", "[\\w-]+",
        "[a-c-]", "a{2}", "a{2,}", "a{,2}", "a{1,2}?", "a{", "a{,", "a{x}", "{", "}", "a{0}", "(a{2}){2}", "(?=a)",
        "(?!a).",
        "(?<=a)b", "(?<!a)b", "(?<=aa|bb)b", "a++", "a*+a", "(?>a+)b", "(?>a|ab)b", "(a)?(?(1)b|x)", "(?P<n>a)?(?(n)b)",
        "(?i)A", "(?i:A)b", "(?-i:a)B", "(?s:.)+", "(?m:^)a", "(?#note)a", "(?x) a # b\n b", "\\Aa", "b\\Z", "\\n",
        "\\t", "\\x61",
        "\\u0061", "\\101", "\\0", "\\.", "\\\\", "\\/", "[A-Z]+", "[à-ü]+", "[α-ω]+", "straSSe", "STRASSE", "ß", "S",
        "K", "I", "[i]",
        "[s]", "[j-l]", "σ", "Μ", "(?a)\\w+", "(?ai)k", "(a)|b", "((a)|(b))+", "(?:(a)|b)*", "(a)\\1", "(a)(?:\\1)+",
        "()", "(|a)+", "(a|)+?",
        "x*", "(?:x|)*", "\\w*?\\b", "(?=(a+))a*b\\1", "(.)(.)(.)", "(?:abc){2}", "(abc){2,}?", "(ab?)*?c", "[[a]",
        "[a&&b]", "[a--b]",
        "(?=.*b)a+", "(a+)+b", "\\s+$", "^$", "(^a|b$)", "(?:^|\\n)a", "[^\\s\\d]+", "[\\D\\s]", "\\d+(?!\\d)",
        "(\\d)(?=\\1)?", "(?<=^)a", "(?<=(a))b",
        // Refused:
        "(", ")", "[", "a**", "*a", "a{2}{3}", "(?P<1>a)", "(?P<a>x)(?P<a>y)", "\\q", "[z-a]", "(?<=a*)b", "\\2",
        "(a\\1)", "(?P=x)", "a(?i)",
        "(?<n>a)", "(?", "(?P", "[a-\\d]", "\\x1", "a{3,2}", "^*", "(?z)", "a\\",
    ]

    @Test("finds what Python finds, in every mode")
    func peer() async throws {
        var cases: [Case] = []
        for (i, pattern) in Self.patterns.enumerated() {
            for (j, text) in Self.texts.enumerated() {
                let flags = ["", "i", "m", "ims", "s"][(i + j) % 5]
                for mode in RegexExtract.Mode.allCases {
                    cases.append(Case(mode: mode, group: (i + 2 * j) % 3, flags: flags, pattern: pattern, text: text))
                }
            }
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-patterns-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "cases.json")
        try JSONEncoder().encode(cases).write(to: file)
        let output = try await Python.run("NodesTests/peers/patterns.py", [file.path])
        let expected = try JSONDecoder().decode([String?].self, from: Data(output))
        #expect(expected.count == cases.count)
        for (test, expected) in zip(cases, expected) {
            let found: String?
            do {
                found = try await extract(test)
            } catch is Diagnostic {
                found = nil
            }
            #expect(
                found == expected,
                "\(test.pattern.debugDescription) \(test.flags) \(test.mode.rawValue) \(test.group) in \(test.text.debugDescription)"
            )
        }
    }

    @Test(
        "says what is wrong with a pattern",
        arguments: [
            ("(a", "missing ), unterminated subpattern at position 0"), ("a)", "unbalanced parenthesis at position 1"),
            ("*", "nothing to repeat at position 0"), ("[a", "unterminated character set at position 0"),
            ("a\\q", "bad escape \\q at position 1"),
            ("(?<=a+)b", "look-behind requires fixed-width pattern at position 0"),
            ("((ab){1000}){1000}", "it is too large when its repetitions are written out at position 0"),
        ])
    func malformed(pattern: String, reason: String) async {
        let error = await #expect(throws: Diagnostic.self) { _ = try await extract(pattern, "a") }
        #expect(error?.message == "the pattern '\(pattern)' cannot be read: \(reason)")
        #expect(error?.suggestion == "Correct it, or put a backslash before a character that is meant as itself.")
    }

    @Test("gives up a pattern that can match in too many ways", arguments: ["(a+)+$", "(a|a)*b", "(.*)*x.*y"])
    func catastrophe(pattern: String) async {
        let error = await #expect(throws: Diagnostic.self) {
            _ = try await extract(pattern, String(repeating: "a", count: 60) + "!")
        }
        #expect(error?.message == "the pattern can match in so many ways that the search was given up")
        #expect(error?.suggestion == "Replace repetitions inside repetitions, such as (a+)+, by simpler ones.")
    }

    @Test("stops when the run is cancelled")
    func cancelled() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await extract("(a+)+$", String(repeating: "a", count: 60) + "!")
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("takes a long text without a deep stack")
    func long() async throws {
        let text = String(repeating: "ab", count: 200_000)
        #expect(try await extract("(?:ab)*", text) == text)
        #expect(try await extract(".*b", text) == text)
    }

    @Test("refuses to look behind by more than there are numbers, as by any other width that is not fixed")
    func widthBeyondNumbers() async {
        let part = "(?:a{2147483647}){4294967295}"
        for pattern in ["(?<=\(part)\(part))b", "((?:\(part)\(part)))(?<=\\1)"] {
            let error = await #expect(throws: Diagnostic.self) { _ = try await extract(pattern, "ab") }
            #expect(error?.message.contains("look-behind requires fixed-width pattern") == true, "\(error as Any)")
        }
        let wide = await #expect(throws: Diagnostic.self) { _ = try await extract("(\(part)\(part))", "a") }
        #expect(wide?.message.contains("it is too large when its repetitions are written out") == true)
    }

    @Test("repeats nothing 2^64 times at once", arguments: ["(?:){4294967295}", "(?:(?:){4294967295}){4294967295}x?"])
    func emptyRepetition(pattern: String) async throws {
        #expect(try await extract(pattern, "abc") == "")
    }

    @Test("folds the case of no more characters than a set may list")
    func manyRanges() async throws {
        let ranges = (0..<16_000).map { _ in "a-\u{fff}" }.joined()
        #expect(try await extract("[\(ranges)]", "B", flags: "i") == "B")
    }

    @Test("refuses parentheses inside each other without end")
    func deep() async {
        let error = await #expect(throws: Diagnostic.self) {
            _ = try await extract(String(repeating: "(", count: 60_000), "a")
        }
        #expect(error?.message.hasSuffix("more than 100 groups inside each other at position 100") == true)
    }
}
