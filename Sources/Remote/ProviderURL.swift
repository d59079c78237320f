internal import GraphCore
internal import HTTP

/// Where a model server answers: `http://host:port`, and a path in front of its routes if a proxy puts one there.
///
/// Every request goes to a place below it, and to nowhere else.
public struct ProviderURL: Sendable, Equatable, CustomStringConvertible {
    /// Without the `/v1` and slashes that people write behind it.
    public let text: String
    /// `https` or not.
    public let isSecure: Bool
    /// Lower case; without the brackets of an IPv6 address.
    public let host: String
    /// Scheme, host and port: what two URLs of one server have in common.
    private let origin: String

    public var description: String { text }

    /// Why a text is no address of a server.
    struct Complaint: Error, Equatable {
        let message: String
        let suggestion: String
    }

    init(_ given: String) throws(Complaint) {
        let example = "Write it as http://127.0.0.1:9997 or https://api.example.org/v1."
        guard given.utf8.count <= 2048, given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let mark = given.firstRange(of: "://")
        else { throw Complaint(message: "'\(given.prefix(80))' is not a URL", suggestion: example) }
        let scheme = given[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Complaint(message: "'\(scheme.prefix(20))' is neither http nor https", suggestion: example)
        }
        let rest = given[mark.upperBound...]
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Complaint(
                message: "the URL has a query or a fragment", suggestion: "Leave out what begins with ? or #.")
        }
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<end].lowercased()
        // Such a URL would stand in messages and logs.
        guard !authority.contains("@") else {
            throw Complaint(
                message: "the URL holds a name or a password",
                suggestion: "Leave out what stands before @, and name the key with key_env or key_file.")
        }
        guard let (host, port) = Self.parts(authority) else {
            throw Complaint(message: "'\(authority.prefix(80))' is no host", suggestion: example)
        }
        var path = String(rest[end...])
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix("/v1") { path.removeLast(3) }
        while path.hasSuffix("/") { path.removeLast() }
        guard Self.isPlain(path) else {
            throw Complaint(message: "the path '\(path.prefix(80))' leads elsewhere", suggestion: example)
        }
        self.host = host
        isSecure = scheme == "https"
        text = "\(scheme)://\(authority)\(path)"
        origin = "\(scheme)://\(host):\(port ?? (scheme == "https" ? 443 : 80))"
    }

    /// Nobody but this machine hears what is sent there.
    public var isLoopback: Bool { Authority.isLoopback(host: host) }

    /// The URL of a route.
    /// - Parameter path: begins with a slash; what is not a route's own words is percent-encoded already.
    func route(_ path: String) -> String? { path.hasPrefix("/") && Self.isPlain(path) ? text + path : nil }

    /// A URL that the server named itself, absolute or a path; nil when it leads to another server.
    func ownURL(_ named: String) -> String? {
        if named.hasPrefix("/"), !named.hasPrefix("//") {
            let origin = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
            return Self.isURLText(named) ? origin.joined(separator: "/") + named : nil
        }
        let address = named.prefix { $0 != "?" && $0 != "#" }
        guard Self.isURLText(named), let other = try? ProviderURL(String(address)), other.origin == origin else {
            return nil
        }
        return named
    }

    private static func isURLText(_ text: String) -> Bool {
        text.utf8.count <= 8192 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
    }

    /// No dots that climb, no backslashes that a server could take for slashes.
    private static func isPlain(_ path: String) -> Bool {
        !path.contains("\\")
            && path.split(separator: "/").allSatisfy {
                !["..", ".", "%2e", "%2e%2e", ".%2e", "%2e."].contains($0.lowercased())
            }
    }

    /// `host`, `host:port`, `[::1]:port`.
    private static func parts(_ authority: String) -> (host: String, port: Int?)? {
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy({ ":.%".utf8.contains($0) || isLetterOrDigit($0) }) else {
                return nil
            }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            guard !host.isEmpty, host.utf8.allSatisfy({ "-._".utf8.contains($0) || isLetterOrDigit($0) }) else {
                return nil
            }
        }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.hasPrefix(":"), rest.utf8.count <= 6, rest.dropFirst().utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = Int(rest.dropFirst()), (1...65_535).contains(port)
        else { return nil }
        return (String(host), port)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x7A
    }
}
