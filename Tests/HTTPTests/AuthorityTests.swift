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

    @Test("is this machine only by an address that can be no other, or a name kept for it")
    func loopback() {
        for text in [
            "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:80", "[::ffff:127.0.0.1]", "localhost:1", "a.localhost",
        ] {
            #expect(Authority(text)?.isLoopback == true, "\(text)")
        }
        for text in [
            "127.evil.example", "127.0.0.1.evil.example", "127.1", "1270.0.0.1", "10.0.0.1", "[::2]", "[fe80::1]",
            "localhost.evil.example", "notlocalhost", "0.0.0.0",
        ] {
            #expect(Authority(text)?.isLoopback == false, "\(text)")
            #expect(!Authority.isLoopback(host: text.filter { $0 != "[" && $0 != "]" }), "\(text)")
        }
        #expect(Authority.isLoopback(host: "::1"))
    }
}
