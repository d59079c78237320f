import Foundation
import GraphCore
import Testing

@testable import Remote

@Suite("A configuration of model servers")
final class ConfigurationTests {
    private let base: URL

    init() throws {
        base = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: base) }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        let url = base.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    private func read(
        _ text: String, mode: Int = 0o600, environment: [String: String] = [:]
    ) throws -> Configuration {
        try write("graphrun.yaml", text, mode: mode)
        return try Configuration(file: nil, baseDirectory: base.path, environment: environment)
    }

    /// What is wrong, without the folder's name.
    private func wrong(_ text: String, environment: [String: String] = [:]) -> String? {
        do {
            _ = try read(text, environment: environment)
            return nil
        } catch let diagnostic as Diagnostic {
            return diagnostic.text.replacing(base.path + "/", with: "")
        } catch { return "\(error)" }
    }

    @Test("names servers with all that can be said of one, in order")
    func everything() throws {
        try write("key", "  sk-from-file\n")
        try write("authority.pem", "PEM")
        let configuration = try read(
            """
            providers:
              local:
                kind: xinference
                url: http://127.0.0.1:9997/v1/
                key_file: key
                limit: 3
                connect_timeout: 2.5
                timeout: 1200
                models:
                  CosyVoice3: CosyVoice2-0.5B
                  TextToImage: [Z-Image-Turbo, FLUX.1-schnell]
                model: other
                voice: 中文女
                certificate_file: authority.pem
              cloud: {url: "https://API.example.org/proxy/v1", key_env: CLOUD_KEY}
            """, environment: ["CLOUD_KEY": "sk-from-environment"])
        #expect(configuration.warnings == [])
        #expect(configuration.file == base.path + "/graphrun.yaml")
        let (local, cloud) = (configuration.providers[0], configuration.providers[1])
        #expect(configuration.providers.map(\.name) == ["local", "cloud"])
        #expect(local.kind == .xinference && cloud.kind == .openai)
        #expect(local.url.text == "http://127.0.0.1:9997" && cloud.url.text == "https://api.example.org/proxy")
        #expect(local.key?.revealed == "sk-from-file" && cloud.key?.revealed == "sk-from-environment")
        #expect(local.limit == 3 && cloud.limit == 2)
        #expect(local.connectTimeout == .milliseconds(2500) && cloud.connectTimeout == .seconds(10))
        #expect(local.timeout == .seconds(1200) && cloud.timeout == .seconds(600))
        #expect(
            local.models == ["CosyVoice3": ["CosyVoice2-0.5B"], "TextToImage": ["Z-Image-Turbo", "FLUX.1-schnell"]])
        #expect(local.model == "other" && local.voice == "中文女")
        #expect(local.certificateFile == base.path + "/authority.pem")
    }

    @Test("may be JSON, empty, or not there")
    func forms() throws {
        #expect(try read(#"{"providers": {"a": {"url": "http://h", "limit": 1}}}"#).providers.map(\.limit) == [1])
        #expect(try read("").providers.isEmpty)
        #expect(try read("providers:\n").providers.isEmpty)
        let nowhere = try Configuration(file: nil, baseDirectory: base.path + "/none", environment: [:])
        #expect(nowhere.providers.isEmpty && nowhere.file == nil)
    }

    @Test("is the file that is named, else graphrun.yaml of the base folder, else the user's own")
    func places() throws {
        func names(_ file: String?, _ environment: [String: String]) throws -> [String] {
            try Configuration(file: file, baseDirectory: base.path + "/project", environment: environment)
                .providers.map(\.name)
        }
        try write("home/.config/graphrun/config.yaml", "providers: {home: {url: http://h}}")
        try write("xdg/graphrun/config.yaml", "providers: {xdg: {url: http://h}}")
        try write("named.yaml", "providers: {named: {url: http://h}}")
        let home = ["HOME": base.path + "/home"]
        #expect(try names(nil, home) == ["home"])
        #expect(try names(nil, home.merging(["XDG_CONFIG_HOME": base.path + "/xdg"]) { $1 }) == ["xdg"])
        try write("project/graphrun.yaml", "providers: {project: {url: http://h}}")
        #expect(try names(nil, home) == ["project"])
        #expect(try names(base.path + "/named.yaml", home) == ["named"])
        #expect(throws: Diagnostic.self) { try names(base.path + "/missing.yaml", home) }
    }

    @Test("takes what the environment says before the file, and makes providers of it")
    func environment() throws {
        let text = "providers: {my-gpu: {url: http://one, kind: openai, model: a, limit: 1}}"
        let configuration = try read(
            text,
            environment: [
                "GRAPHRUN_PROVIDER_MY_GPU_URL": "https://two/v1", "GRAPHRUN_PROVIDER_MY_GPU_KIND": "xinference",
                "GRAPHRUN_PROVIDER_MY_GPU_KEY": "k", "GRAPHRUN_PROVIDER_MY_GPU_MODEL": "b",
                "GRAPHRUN_PROVIDER_MY_GPU_LIMIT": "7", "GRAPHRUN_PROVIDER_NEW_URL": "http://three",
                "GRAPHRUN_PROVIDER_EMPTY_URL": "",
            ])
        #expect(configuration.providers.map(\.name) == ["my-gpu", "new"])
        let gpu = configuration.providers[0]
        #expect(gpu.url.text == "https://two" && gpu.kind == .xinference && gpu.model == "b" && gpu.limit == 7)
        #expect(gpu.key?.revealed == "k" && gpu.keySource == "the environment variable GRAPHRUN_PROVIDER_MY_GPU_KEY")
    }

    @Test("says of the environment what is wrong or leads nowhere")
    func badEnvironment() throws {
        #expect(
            wrong("", environment: ["GRAPHRUN_PROVIDER_A_URL": "ftp://h"]) == """
                the environment variable GRAPHRUN_PROVIDER_A_URL: 'ftp' is neither http nor https
                  Write it as http://127.0.0.1:9997 or https://api.example.org/v1.
                """)
        let url = ["GRAPHRUN_PROVIDER_A_URL": "http://h"]
        #expect(
            wrong("", environment: url.merging(["GRAPHRUN_PROVIDER_A_LIMIT": "0"]) { $1 }) == """
                the environment variable GRAPHRUN_PROVIDER_A_LIMIT: '0' is no number of requests
                  Set it to a number from 1 to 1000.
                """)
        #expect(
            wrong("", environment: url.merging(["GRAPHRUN_PROVIDER_A_KIND": "x"]) { $1 }) == """
                the environment variable GRAPHRUN_PROVIDER_A_KIND: 'x' is no kind of provider
                  Set it to openai or xinference.
                """)
        #expect(
            wrong("", environment: url.merging(["GRAPHRUN_PROVIDER_A_KEY": "two words"]) { $1 }) == """
                the environment variable GRAPHRUN_PROVIDER_A_KEY: it holds no key
                  Set it to one line without blanks.
                """)
        #expect(
            try read("", environment: ["GRAPHRUN_PROVIDER_A_PORT": "1", "GRAPHRUN_PROVIDER_B_LIMIT": "2"]).warnings == [
                "the environment variable GRAPHRUN_PROVIDER_A_PORT means nothing; after the provider's name one of _URL, "
                    + "_KIND, _KEY, _MODEL, _LIMIT is expected",
                "GRAPHRUN_PROVIDER_B_... is set, but there is no provider of that name and no GRAPHRUN_PROVIDER_B_URL",
            ])
    }

    @Test(
        "says what is wrong with a file, in which line, and what to write",
        arguments: [
            (
                "a",
                "the file is the text 'a'; the section 'providers' is expected|docs/MODEL-SERVERS.md shows an example."
            ),
            ("providres: {}", "'providres' is no section of a configuration|Did you mean 'providers'?"),
            ("servers: {}", "'servers' is no section of a configuration|Name the servers under 'providers'."),
            (
                "providers: [a]",
                "'providers' is a list; names with their settings are expected|docs/MODEL-SERVERS.md shows an example."
            ),
            ("providers: {}\nproviders: {}", "'providers' stands here a second time|Put both into one section."),
            ("providers: {a: }", "provider 'a' has no settings|Write 'a: {url: \"http://127.0.0.1:9997\"}'."),
            (
                "providers: {a b: {}}",
                "'a b' is no name of a provider|Use letters, digits, '-', '_' and '.', up to 60 of them."
            ),
            ("providers: {a: {}}", "provider 'a' has no url|Write 'url: http://127.0.0.1:9997' below it."),
            (
                "providers: {a: {url: h}}",
                "'url': 'h' is not a URL|Write it as http://127.0.0.1:9997 or https://api.example.org/v1."
            ),
            (
                "providers: {a: {url: 'http://u:p@h'}}",
                "'url': the URL holds a name or a password|Leave out what stands before @, and name the key with key_env or key_file."
            ),
            ("providers: {a: {url: http://h, urk: 1}}", "provider 'a' has no setting 'urk'|Did you mean 'url'?"),
            (
                "providers: {a: {url: http://h, hue: 1}}",
                "provider 'a' has no setting 'hue'|Use one of: kind, url, key, key_env, key_file, limit, connect_timeout, timeout, models, model, voice, certificate_file."
            ),
            ("providers: {a: {url: http://h, url: http://h}}", "'url' stands here a second time|Leave one of them."),
            (
                "providers: {a: {url: http://h, kind: xinferense}}",
                "'xinferense' is no kind of provider|Did you mean 'xinference'?"
            ),
            (
                "providers: {a: {url: http://h, limit: 0}}",
                "'limit' is no number of requests|Write a number from 1 to 1000."
            ),
            (
                "providers: {a: {url: http://h, timeout: -1}}",
                "'timeout' is no time|Write a number of seconds above 0, up to 86400."
            ),
            (
                "providers: {a: {url: http://h, timeout: nan}}",
                "'timeout' is no time|Write a number of seconds above 0, up to 86400."
            ),
            (
                "providers: {a: {url: http://h, models: x}}",
                "'models' is the text 'x'; node types with their models are expected|Write 'models: {CosyVoice3: CosyVoice2-0.5B}'."
            ),
            (
                "providers: {a: {url: http://h, key: k, key_env: K}}",
                "provider 'a' has both key and key_env|Leave one of them."
            ),
            (
                "providers: {a: {url: http://h, key: [sk-hidden]}}",
                "'key' is no text; one line of text is expected|Write 'key: ...' in one line."
            ),
            ("providers: {a: {url: http://h, key: sk hidden}}", "'key' is no key|Write one line without blanks."),
            (
                "providers: {a: {url: http://h, key_file: no}}",
                "'key_file': 'no' cannot be read: no such file or folder|Name a file with the key in one line."
            ),
            (
                "providers: {a: {url: http://h, certificate_file: no}}",
                "'certificate_file': there is no file no|Name a file of certificates (PEM)."
            ),
            (
                "providers: {my-a: {url: http://h}, my_a: {url: http://h}}",
                "provider 'my_a' is too much like 'my-a'|Give it another name."
            ),
            (
                "providers: {a: {url: http://h}, a: {url: http://h}}",
                "provider 'a' stands here a second time|Give it another name."
            ),
        ])
    func mistakes(text: String, words: String) {
        let line = text.contains("\n") ? 2 : 1
        #expect(wrong(text) == "graphrun.yaml, line \(line): " + words.replacing("|", with: "\n  "))
    }

    @Test("warns of keys that others may see")
    func warnings() throws {
        try write("key", "sk", mode: 0o644)
        let text = """
            providers:
              a: {url: "http://127.0.0.1:1", key: sk-a}
              b: {url: "http://example.org", key_file: key}
              c: {url: "http://localhost", key_env: NO_SUCH}
            """
        #expect(
            try read(text, mode: 0o644).warnings.map { $0.replacing(base.path, with: "BASE") } == [
                "BASE/key holds a key, and others may read it; run: chmod 600 BASE/key",
                "provider 'c': the environment variable NO_SUCH is not set",
                "BASE/graphrun.yaml holds a key, and others may read it; run: chmod 600 BASE/graphrun.yaml",
                "provider 'b': its key goes to example.org over http, where others can read it; use https",
            ])
    }
}

@Suite("The URL of a provider")
struct ProviderURLTests {
    @Test(
        "is taken as people write it",
        arguments: [
            ("http://127.0.0.1:9997", "http://127.0.0.1:9997"), ("http://127.0.0.1:9997/", "http://127.0.0.1:9997"),
            ("HTTPS://Api.Example.Org/v1", "https://api.example.org"), ("http://h/v1///", "http://h"),
            ("http://h/a/V2/", "http://h/a/V2"), ("http://[::1]:80/v1", "http://[::1]:80"),
        ])
    func accepted(given: String, text: String) throws { #expect(try ProviderURL(given).text == text) }

    @Test(
        "is refused when it is none, or leads elsewhere",
        arguments: [
            "", "h", "http://", "http:///v1", "ftp://h", "file:///etc/passwd", "http://u@h", "http://h?x=1",
            "http://h#x",
            "http://h:0", "http://h:65536", "http://h:x", "http://h/../x", "http://h/%2e%2E/x", "http://h /",
            "http://h\\x",
            "http://[::1", "http://a,b", "http://h/a\\b",
        ])
    func refused(given: String) { #expect(throws: ProviderURL.Complaint.self) { try ProviderURL(given) } }

    @Test("knows this machine by its names")
    func loopback() throws {
        for host in ["127.0.0.1", "127.8.9.1", "localhost", "a.localhost", "[::1]"] {
            #expect(try ProviderURL("http://\(host):1").isLoopback)
        }
        for host in ["127.0.0.1.example.org", "example.org", "localhost.example.org", "10.0.0.1"] {
            #expect(try !ProviderURL("http://\(host)").isLoopback)
        }
    }

    @Test("takes addresses that an answer names only when they are its own")
    func own() throws {
        let url = try ProviderURL("http://h:80/proxy")
        #expect(url.ownURL("/files/a.png?x=1") == "http://h:80/files/a.png?x=1")
        #expect(url.ownURL("http://h/files/a.png?x=/../#f") == "http://h/files/a.png?x=/../#f")
        #expect(url.ownURL("http://H:80/a") == "http://H:80/a")
        for other in [
            "https://h/a", "http://h:81/a", "//evil/a", "http://evil/a", "http://h@evil/a", "http://h.evil/a", "a.png",
            "/a b", "/\\evil", "file:///etc/passwd", "/tmp/\u{1}",
        ] { #expect(url.ownURL(other) == nil, "\(other)") }
    }
}

@Suite("A secret")
struct SecretTests {
    @Test("shows itself to nobody")
    func masked() throws {
        let secret = try #require(Secret(" sk-123\n"))
        #expect(secret.revealed == "sk-123")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped] {
            #expect(!text.contains("123"), "\(text)")
        }
        #expect(secret.scrubbed(from: "key sk-123 is wrong: sk-123") == "key (secret) is wrong: (secret)")
    }

    @Test("is one line of letters, digits and signs", arguments: ["", " \n", "a b", "a\nb", "ä", "a\u{0}"])
    func refused(text: String) { #expect(Secret(text) == nil) }
}
