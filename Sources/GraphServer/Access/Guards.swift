internal import HTTP

/// Who may use the server at all: decided from the head alone, before anything is routed or read.
///
/// A server on loopback is open to every page the person's browser shows, unless it looks at what only a browser sends:
/// `Host` tells a name an attacker pointed at 127.0.0.1 (DNS rebinding), `Origin` a page of another site.
struct Guards: Sendable {
    private let allowedNames: Set<String>
    /// The origin that answers name as allowed; nil when there is nothing to say.
    let corsOrigin: String?

    /// - Parameter listen: addresses and names listened on: these are always allowed.
    init(listen: [String], allowedHosts: [String], corsOrigin: String?) {
        allowedNames = Set((listen + allowedHosts + ["localhost"]).map { $0.lowercased() })
        self.corsOrigin = corsOrigin
    }

    func check(_ request: Request) throws {
        // Only HTTP/1.0 clients may leave it out, and no browser speaks that.
        let host = request.head.headers["Host"]
        if let host { try checkHost(host) }
        if let origin = request.head.headers["Origin"] { try checkOrigin(origin, host: host) }
    }

    private func checkHost(_ host: String) throws {
        let name = Self.split(host).name.lowercased()
        if allowedNames.contains(name) || Self.isIPLiteral(name) { return }
        throw HTTPProblem(
            403, "this server does not answer to the name '\(name.prefix(100))'",
            suggestion: "Use its IP address, or start it with --allowed-host \(name.prefix(100)).")
    }

    private func checkOrigin(_ origin: String, host: String?) throws {
        if corsOrigin == "*" || corsOrigin == origin { return }
        if let host, let authority = Self.authority(ofOrigin: origin),
            Self.isSame(authority, Self.split(host.lowercased()))
        {
            return
        }
        throw HTTPProblem(
            403, "pages of '\(origin.prefix(100))' may not use this server",
            suggestion: "Open the page from this server, or start it with --enable-cors-header \(origin.prefix(100)).")
    }

    // MARK: Names

    private static func authority(ofOrigin origin: String) -> (scheme: String, name: String, port: Int?)? {
        let lower = origin.lowercased()
        for scheme in ["http", "https"] where lower.hasPrefix(scheme + "://") {
            let (name, port) = split(String(lower.dropFirst(scheme.count + 3)))
            return name.isEmpty || name.contains("/") ? nil : (scheme, name, port)
        }
        return nil
    }

    /// Behind a proxy that ends TLS the page's scheme is not ours: a missing port may be either scheme's own.
    private static func isSame(
        _ origin: (scheme: String, name: String, port: Int?), _ host: (name: String, port: Int?)
    ) -> Bool {
        guard origin.name == host.name else { return false }
        let ownPort = origin.scheme == "https" ? 443 : 80
        return (origin.port ?? ownPort) == (host.port ?? ownPort)
    }

    /// `name`, `name:port`, `[::1]:port`; the brackets go.
    private static func split(_ authority: String) -> (name: String, port: Int?) {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            let rest = authority[authority.index(after: end)...]
            return (
                String(authority[authority.index(after: authority.startIndex)..<end]),
                rest.hasPrefix(":") ? Int(rest.dropFirst()) : nil
            )
        }
        guard let colon = authority.lastIndex(of: ":") else { return (authority, nil) }
        return (String(authority[..<colon]), Int(authority[authority.index(after: colon)...]))
    }

    private static func isIPLiteral(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return true }
        // An IPv6 address may name its interface behind a percent sign.
        let address = name.prefix { $0 != "%" }
        return address.contains(":")
            && address.utf8.allSatisfy { byte in
                byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || Character(Unicode.Scalar(byte)).isHexDigit
            }
    }
}
