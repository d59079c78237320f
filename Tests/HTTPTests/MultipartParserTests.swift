import Testing

@testable import HTTP

@Suite("A form")
struct MultipartParserTests {
    /// One line an event, content put together, and the refusal if there is one.
    private static func read(
        _ text: String, _ cut: Cut, boundary: String = "XX", limits: MultipartParser.Limits = .init()
    ) -> [String] {
        guard var parser = MultipartParser(contentType: "multipart/form-data; boundary=\(boundary)", limits: limits)
        else { return ["no boundary"] }
        var lines: [String] = []
        var content: [UInt8] = []
        do {
            for piece in cut.pieces(of: Array(text.utf8)) {
                parser.append(piece)
                while let event = try parser.next() {
                    switch event {
                    case .part(let name, let filename, let type):
                        lines.append("part \(name) \(filename ?? "-") \(type ?? "-")")
                    case .data(let bytes): content += bytes
                    case .partEnd:
                        lines.append("data \(String(decoding: content, as: UTF8.self))")
                        content = []
                    case .end: lines.append("end")
                    }
                }
            }
            try parser.finish()
        } catch {
            lines.append("\(error.status) \(error.message)")
        }
        return lines
    }

    private static func part(_ name: String, _ content: String) -> String {
        "--XX\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
    }

    @Test("is its parts, with names and types", arguments: Cut.allCases)
    func parts(cut: Cut) {
        let text =
            "--XX\r\nContent-Disposition: form-data; name=\"image\"; filename=\"ä b;c.png\"\r\n"
            + "Content-Type: image/png\r\n\r\nPNG\r\n\r\n-\r\n--XY\r\n--X\r\n" + Self.part("overwrite", "true")
            + Self.part("empty", "") + "--XX--\r\n"
        #expect(
            Self.read(text, cut) == [
                "part image ä b;c.png image/png", "data PNG\r\n\r\n-\r\n--XY\r\n--X", "part overwrite - -", "data true",
                "part empty - -", "data ", "end",
            ])
    }

    @Test("may have something before and behind it, and blanks behind a boundary", arguments: Cut.allCases)
    func around(cut: Cut) {
        let part = Self.part("a", "b").replacing("--XX", with: "--XX \t")
        #expect(
            Self.read("This is a form.\r\n\r\n" + part + "--XX--\r\nBye. \r\n--XX\r\n", cut) == [
                "part a - -", "data b", "end",
            ])
        #expect(Self.read("x--XX\r\n" + Self.part("a", "b") + "--XX--", cut) == ["part a - -", "data b", "end"])
    }

    @Test("may be empty", arguments: Cut.allCases)
    func empty(cut: Cut) { #expect(Self.read("--XX--", cut) == ["end"]) }

    @Test("may have a part without content, not even an empty line", arguments: Cut.allCases)
    func withoutContent(cut: Cut) {
        #expect(
            Self.read("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--", cut) == [
                "part a - -", "data ", "end",
            ])
        #expect(
            Self.read("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XY\r\n--XX--", cut) == [
                "part a - -", "data --XY", "end",
            ])
    }

    @Test("keeps content that looks like its boundary", arguments: Cut.allCases)
    func lookalikes(cut: Cut) {
        for content in [
            "\r", "\n", "\r\n", "\r\r\n", "\r\n-", "\r\n--", "\r\n--X", "\r\n--X\r\n--", "--XX", "\r\n\r\n\r\n",
            "\n--XX",
            "\r--XX", "\r\n--X\r\r\n--X", "\r\n -XX",
        ] {
            #expect(
                Self.read(Self.part("a", "." + content) + "--XX--", cut) == ["part a - -", "data ." + content, "end"])
        }
    }

    @Test(
        "names files as browsers, curl and others write them",
        arguments: [
            ("filename=\"a.png\"", "a.png"), ("filename=a.png", "a.png"), ("FileName=\"a.png\"", "a.png"),
            ("filename=\"a\\\"b\\\\c.png\"", "a\"b\\c.png"), ("filename=\"a%22b.png\"", "a%22b.png"),
            ("filename=\"C:\\dir\\a.png\"", "C:\\dir\\a.png"), ("filename=\"\"", ""),
            ("filename*=UTF-8''na%C3%AFve%20a.png", "naïve a.png"),
            ("filename*=utf-8'en'a.png; filename=\"b\"", "a.png"),
            ("filename=\"b\"; filename*=utf-8''a.png", "a.png"), ("filename=\"b\"; filename*=latin1''%E4", "b"),
            ("filename=\"b\"; filename*=utf-8''%E4", "b"), ("filename=\"日本語.png\"", "日本語.png"), ("x=y", "-"),
            ("filename=\"a.png\" ;", "a.png"),
        ])
    func filenames(parameter: String, filename: String) {
        for cut in Cut.allCases {
            let text = "--XX\r\ncontent-disposition: Form-Data; name=\"f\"; \(parameter)\r\n\r\n\r\n--XX--"
            #expect(Self.read(text, cut) == ["part f \(filename) -", "data ", "end"])
        }
    }

    @Test(
        "is refused for a part without a clear name",
        arguments: [
            "", "Content-Disposition: form-data\r\n", "Content-Disposition: form-data; filename=\"a\"\r\n",
            "Content-Disposition: attachment; name=\"a\"\r\n", "Content-Disposition: form-data; name=\"a\r\n",
            "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n", "Content-Type: text/plain\r\n",
            "Content-Disposition: form-data; name=\"a\" x\r\n", "Content-Disposition: form-data; name\r\n",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n",
        ])
    func nameless(head: String) {
        for cut in Cut.allCases {
            #expect(Self.read("--XX\r\n\(head)\r\nx\r\n--XX--", cut) == ["400 a part of the form has no name"])
        }
    }

    @Test("is refused for heads that are malformed or too long", arguments: Cut.allCases)
    func heads(cut: Cut) {
        for head in ["X : y", "X: a\r\n b", "X", "X: \u{0}", String(repeating: "X: y\r\n", count: 17)] {
            #expect(Self.read("--XX\r\n\(head)\r\n\r\n", cut) == ["400 a part of the form has a malformed head"])
        }
        #expect(Self.read("--XX\r\nX: y\n\r\n", cut) == ["400 a line ends with a line feed alone"])
        #expect(
            Self.read("--XX\r\nX: \(String(repeating: "y", count: 8200))\r\n\r\n", cut) == [
                "400 the head of a part of the form is longer than 8192 bytes"
            ])
        let encoded = "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        #expect(Self.read("--XX\r\n" + encoded, cut) == ["400 the part 'a' of the form has the encoding 'base64'"])
    }

    @Test("is refused when it has too many parts, or never begins", arguments: Cut.allCases)
    func limits(cut: Cut) {
        var limits = MultipartParser.Limits()
        (limits.partCount, limits.preambleByteCount) = (2, 10)
        let part = Self.part("a", "b")
        #expect(
            Self.read(part + part + part, cut, limits: limits) == [
                "part a - -", "data b", "part a - -", "data b", "400 the form has more than 2 parts",
            ])
        #expect(Self.read("0123456789\r\n" + part + "--XX--", cut, limits: limits).last == "end")
        #expect(
            Self.read("0123456789a\r\n" + part, cut, limits: limits) == [
                "400 the form does not begin with its boundary"
            ])
    }

    @Test("is refused when a boundary is part of a longer word", arguments: Cut.allCases)
    func longerBoundary(cut: Cut) {
        for rest in ["X", "-\r\n", "\r\r", "\n", " --", " x"] {
            #expect(
                Self.read(Self.part("a", "b") + "--XX" + rest + "....", cut) == [
                    "part a - -", "data b", "400 a boundary in the form is not followed by a line end",
                ])
        }
    }

    @Test("is refused when it ends early", arguments: Cut.allCases)
    func early(cut: Cut) {
        let text = Array((Self.part("a", "b") + "--XX--").utf8)
        for count in text.indices {
            let lines = Self.read(String(decoding: text[..<count], as: UTF8.self), cut)
            #expect(lines.last == "400 the form ends before its last boundary", "\(count)")
        }
    }

    @Test(
        "is known by its content type",
        arguments: [
            ("multipart/form-data; boundary=a", true), ("Multipart/Form-Data;boundary=\"a b\"", true),
            ("multipart/form-data; charset=utf-8; boundary=----=_Part_1.2'()+,/:?", true),
            ("multipart/form-data; boundary=\(String(repeating: "a", count: 70))", true),
            ("multipart/form-data; boundary=\(String(repeating: "a", count: 71))", false),
            ("multipart/form-data; boundary=", false), ("multipart/form-data", false),
            ("multipart/form-data; boundary=\"a \"", false), ("multipart/form-data; boundary=ä", false),
            ("multipart/mixed; boundary=a", false), ("multipart/form-data; boundary=a; boundary=b", false),
            ("application/json", false),
            ("multipart/form-data" + (1...31).map { "; a\($0)=b" }.joined() + "; boundary=a", true),
            ("multipart/form-data" + (1...32).map { "; a\($0)=b" }.joined() + "; boundary=a", false),
            ("multipart/form-data; boundary=\"a", false),
        ])
    func contentTypes(type: String, expected: Bool) {
        #expect((MultipartParser(contentType: type) != nil) == expected)
    }
}
