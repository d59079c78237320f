import Testing

@testable import HTTP

@Suite("An authority")
struct AuthorityTests {
    @Test(
        "is a host and perhaps a port",
        arguments: [
            ("a", "a", nil, false), ("Studio.Local:80", "studio.local", 80, false),
            ("a_b-c.d~", "a_b-c.d~", nil, false),
            ("a:", "a", nil, false), ("a:0", "a", 0, false), ("a:65535", "a", 65535, false),
            ("127.0.0.1:8188", "127.0.0.1", 8188, true), ("256.0.0.1", "256.0.0.1", nil, false),
            ("+1.2.3.4", "+1.2.3.4", nil, false), ("1.2.3", "1.2.3", nil, false), ("1.2.3.4.", "1.2.3.4.", nil, false),
            ("[::]", "::", nil, true), ("[::1]:80", "::1", 80, true),
            ("[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", nil, true),
            ("[FE80::1%25eth0]:80", "fe80::1%25eth0", 80, true), ("[::ffff:1.2.3.4]", "::ffff:1.2.3.4", nil, true),
            ("[1::8]", "1::8", nil, true), ("[1:2:3:4:5:6:1.2.3.4]", "1:2:3:4:5:6:1.2.3.4", nil, true),
        ] as [(String, String, Int?, Bool)])
    func good(text: String, host: String, port: Int?, isAddress: Bool) {
        let authority = Authority(text)
        #expect(authority?.host == host)
        #expect(authority?.port == port)
        #expect(authority?.isAddress == isAddress)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", ":", ":80", "a:b", "a:80:80", "a:-1", "a:+80", "a:65536", "a:99999999999999999999", "a b", "a/b", "a@b",
            "a%41", "a#", "a?", "\u{212A}.example", "[", "[]", "[:]", "[::1", "::1", "[::1]evil.example", "[::1]:80x",
            "[::1]80", "[[::1]]", "[:::1]", "[1::2::3]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7::8]",
            "[12345::]", "[g::1]", "[::1.2.3]", "[1.2.3.4::]", "[::1%]", "[1.2.3.4]", "[evil.example]",
        ])
    func bad(text: String) { #expect(Authority(text) == nil) }
}
