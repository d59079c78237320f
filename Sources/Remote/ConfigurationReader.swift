internal import Files
internal import GraphCore

/// Reads the section `providers` of a YAML file; JSON is YAML, too.
struct ConfigurationReader {
    private let file: String
    private let environment: [String: String]
    private(set) var providers: [Provider] = []
    private(set) var warnings: [String] = []
    /// A key stands in the file itself.
    private var holdsKey = false

    private static let members = [
        "kind", "url", "key", "key_env", "key_file", "limit", "connect_timeout", "timeout", "models", "model", "voice",
        "certificate_file",
    ]
    private static let example = "docs/MODEL-SERVERS.md shows an example."

    init(file: String, environment: [String: String]) { (self.file, self.environment) = (file, environment) }

    /// - Throws: `.fileNotReadable`, `.tooLarge`, `.badFile` with the line.
    mutating func read() throws(Diagnostic) {
        let bytes = try YAML.bytes(of: file, example: "Name a YAML file with the section 'providers'.")
        do throws(YAML.Complaint) {
            guard let root = try YAML.read(bytes), !root.isNull else { return }
            guard case .mapping(let sections) = root.content else {
                throw wrong(root, "the file is \(root.kind); the section 'providers' is expected")
            }
            var seen = false
            for section in sections {
                let name = try self.name(section.key)
                guard name == "providers" else {
                    throw wrong(
                        section.key, "'\(name)' is no section of a configuration",
                        NearestName.sentence(name, among: ["providers"]) ?? "Name the servers under 'providers'.")
                }
                if seen {
                    throw wrong(section.key, "'providers' stands here a second time", "Put both into one section.")
                }
                seen = true
                try read(providers: section.value)
            }
        } catch {
            throw Diagnostic(
                .badFile, node: nil, "\(file), line \(error.line): \(error.message)", suggestion: error.suggestion)
        }
        if holdsKey, SmallFile.isReadableByOthers(file) {
            warnings.append("\(file) holds a key, and others may read it; run: chmod 600 \(file)")
        }
    }

    private mutating func read(providers node: YAML) throws(YAML.Complaint) {
        if node.isNull { return }
        guard case .mapping(let entries) = node.content else {
            throw wrong(node, "'providers' is \(node.kind); names with their settings are expected")
        }
        guard entries.count <= Configuration.maxProviderCount else {
            throw wrong(node, "there are more than \(Configuration.maxProviderCount) providers", "Name fewer.")
        }
        for entry in entries {
            let name = try self.name(entry.key)
            guard name.utf8.count <= 60, name.utf8.allSatisfy({ Self.isNameByte($0) }) else {
                throw wrong(
                    entry.key, "'\(name.prefix(60))' is no name of a provider",
                    "Use letters, digits, '-', '_' and '.', up to 60 of them.")
            }
            if let other = providers.first(where: {
                Provider.environmentName(of: $0.name) == Provider.environmentName(of: name)
            }) {
                let same = other.name == name ? "stands here a second time" : "is too much like '\(other.name)'"
                throw wrong(entry.key, "provider '\(name)' \(same)", "Give it another name.")
            }
            providers.append(try provider(name, entry.key, entry.value))
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    private mutating func provider(_ name: String, _ key: YAML, _ node: YAML) throws(YAML.Complaint) -> Provider {
        guard case .mapping(let entries) = node.content else {
            throw wrong(
                node.isNull ? key : node, "provider '\(name)' has no settings",
                "Write '\(name): {url: \"http://127.0.0.1:9997\"}'.")
        }
        var members: [String: YAML] = [:]
        for entry in entries {
            let member = try self.name(entry.key)
            guard Self.members.contains(member) else {
                throw wrong(
                    entry.key, "provider '\(name)' has no setting '\(member.prefix(60))'",
                    NearestName.sentence(member, among: Self.members)
                        ?? "Use one of: \(Self.members.joined(separator: ", ")).")
            }
            if members[member] != nil {
                throw wrong(entry.key, "'\(member)' stands here a second time", "Leave one of them.")
            }
            members[member] = entry.value
        }
        guard let url = members["url"] else {
            throw wrong(key, "provider '\(name)' has no url", "Write 'url: http://127.0.0.1:9997' below it.")
        }
        var provider = Provider(name: name, url: try self.url(url))
        if let node = members["kind"] { provider.kind = try kind(node) }
        try readKey(members, into: &provider)
        if let node = members["limit"] {
            guard let limit = Int(try text(node, "limit")), (1...1_000).contains(limit) else {
                throw wrong(node, "'limit' is no number of requests", "Write a number from 1 to 1000.")
            }
            provider.limit = limit
        }
        if let node = members["connect_timeout"] { provider.connectTimeout = try seconds(node, "connect_timeout") }
        if let node = members["timeout"] { provider.timeout = try seconds(node, "timeout") }
        if let node = members["model"] { provider.model = try text(node, "model") }
        if let node = members["voice"] { provider.voice = try text(node, "voice") }
        if let node = members["models"] { provider.models = try models(node) }
        if let node = members["certificate_file"] {
            let path = path(try text(node, "certificate_file"))
            guard SmallFile.exists(path) else {
                throw wrong(node, "'certificate_file': there is no file \(path)", "Name a file of certificates (PEM).")
            }
            provider.certificateFile = path
        }
        return provider
    }

    // MARK: Members

    private func url(_ node: YAML) throws(YAML.Complaint) -> ProviderURL {
        let text = try text(node, "url")
        do throws(ProviderURL.Complaint) { return try ProviderURL(text) } catch {
            throw wrong(node, "'url': \(error.message)", error.suggestion)
        }
    }

    private func kind(_ node: YAML) throws(YAML.Complaint) -> Provider.Kind {
        let text = try text(node, "kind")
        if let kind = Provider.Kind(rawValue: text) { return kind }
        throw wrong(
            node, "'\(text.prefix(60))' is no kind of provider",
            NearestName.sentence(text, among: Provider.Kind.allCases.map(\.rawValue)) ?? "Use openai or xinference.")
    }

    private mutating func readKey(_ members: [String: YAML], into provider: inout Provider) throws(YAML.Complaint) {
        let given = ["key", "key_env", "key_file"].filter { members[$0] != nil }
        if given.count > 1, let node = members[given[1]] {
            throw wrong(node, "provider '\(provider.name)' has both \(given[0]) and \(given[1])", "Leave one of them.")
        }
        if let node = members["key"] {
            let text = try text(node, "key")
            provider.key = Secret(text)
            // The text itself is not repeated.
            if provider.key == nil { throw wrong(node, "'key' is no key", "Write one line without blanks.") }
            provider.keySource = file
            holdsKey = true
        }
        if let node = members["key_env"] {
            let variable = try text(node, "key_env")
            provider.keySource = "the environment variable \(variable)"
            provider.key = environment[variable].flatMap { Secret($0) }
            if provider.key == nil {
                let state = (environment[variable] ?? "").isEmpty ? "is not set" : "holds no key"
                warnings.append("provider '\(provider.name)': the environment variable \(variable) \(state)")
            }
        }
        if let node = members["key_file"] {
            let path = path(try text(node, "key_file"))
            do throws(Diagnostic) { provider.key = Secret(try SmallFile.text(path)) } catch {
                throw wrong(node, "'key_file': \(error.message)", "Name a file with the key in one line.")
            }
            if provider.key == nil {
                throw wrong(node, "'key_file': '\(path)' holds no key", "Name a file with the key in one line.")
            }
            provider.keySource = path
            if SmallFile.isReadableByOthers(path) {
                warnings.append("\(path) holds a key, and others may read it; run: chmod 600 \(path)")
            }
        }
    }

    private func seconds(_ node: YAML, _ member: String) throws(YAML.Complaint) -> Duration {
        guard let seconds = Double(try text(node, member)), seconds > 0, seconds <= 86_400 else {
            throw wrong(node, "'\(member)' is no time", "Write a number of seconds above 0, up to 86400.")
        }
        return .seconds(seconds)
    }

    private func models(_ node: YAML) throws(YAML.Complaint) -> [String: [String]] {
        guard case .mapping(let entries) = node.content else {
            throw wrong(
                node, "'models' is \(node.kind); node types with their models are expected",
                "Write 'models: {CosyVoice3: CosyVoice2-0.5B}'.")
        }
        var models: [String: [String]] = [:]
        for entry in entries {
            let type = try name(entry.key)
            if case .sequence(let names) = entry.value.content {
                var list: [String] = []
                for node in names { list.append(try text(node, type)) }
                models[type] = list
            } else {
                models[type] = [try text(entry.value, type)]
            }
        }
        return models
    }

    // MARK: Words

    private func wrong(_ node: YAML, _ message: String, _ suggestion: String = Self.example) -> YAML.Complaint {
        YAML.Complaint(line: node.line, message: message, suggestion: suggestion)
    }

    private func name(_ node: YAML) throws(YAML.Complaint) -> String {
        guard case .scalar(let text, _) = node.content, !text.isEmpty, text.utf8.count <= 255,
            text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
        else { throw wrong(node, "a name is expected before ':'") }
        return text
    }

    private func text(_ node: YAML, _ member: String) throws(YAML.Complaint) -> String {
        guard case .scalar(let text, _) = node.content, !node.isNull, !text.isEmpty, text.utf8.count <= 4096,
            text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
        else {
            let kind = node.isNull ? "empty" : member == "key" ? "no text" : node.kind
            throw wrong(
                node, "'\(member)' is \(kind); one line of text is expected", "Write '\(member): ...' in one line.")
        }
        return text
    }

    /// Relative to the file; `~` is the home folder.
    private func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        if text.hasPrefix("~/"), let home = environment["HOME"] { return home + text.dropFirst() }
        guard let slash = file.lastIndex(of: "/") else { return text }
        return file[...slash] + text
    }
}
