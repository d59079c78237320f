internal import HTTP

/// Who may use the server at all: decided from the head alone, before anything is routed or read.
///
/// A server on loopback is open to every page the person's browser shows, unless it looks at what only a browser sends:
/// `Host` tells a name an attacker pointed at 127.0.0.1 (DNS rebinding), `Origin` a page of another site, and
/// `Sec-Fetch-Site` also what a page embeds (Fetch Metadata).
struct Guards: Sendable {
    private let allowedNames: Set<String>
    /// The origin that answers name as allowed; nil when there is nothing to say.
    let corsOrigin: String?
    /// Paths that a link on another site may open.
    private let pages: Set<Substring>

    /// - Parameters:
    ///   - listen: addresses and names listened on: these are always allowed.
    ///   - hasFrontEnd: an installed frontend has its document under a name of its own, too.
    init(listen: [String], allowedHosts: [String], corsOrigin: String?, hasFrontEnd: Bool = false) {
        allowedNames = Set((listen + allowedHosts + ["localhost"]).map { $0.lowercased() })
        self.corsOrigin = corsOrigin
        pages = hasFrontEnd ? ["/", "/index.html"] : ["/"]
    }

    /// What `Cross-Origin-Resource-Policy` says on every answer: which sites may embed it without asking by CORS.
    var resourcePolicy: String { corsOrigin == "*" ? "cross-origin" : "same-origin" }

    func check(_ request: Request) throws {
        let headers = request.head.headers
        // Only HTTP/1.0 clients may leave it out, and no browser speaks that.
        let host = try headers.only("Host")
        let authority = try host.map { try checked(host: $0) }
        let origin = try headers.only("Origin")
        let isAllowed = corsOrigin == "*" || origin != nil && corsOrigin == origin
        if let origin, !isAllowed { try checkOrigin(origin, host: authority) }
        if !isAllowed, headers.tokens("Sec-Fetch-Site").contains("cross-site"), !isOpening(request) {
            throw HTTPProblem(
                403, "pages of other sites may not use this server",
                suggestion:
                    "Open the page from this server, or start it with --enable-cors-header ORIGIN and ask by CORS.")
        }
    }

    private func checked(host: String) throws -> Authority {
        guard let authority = Authority(host) else {
            throw HTTPProblem(
                400, "the Host field is not a host name with an optional port",
                suggestion: "Send a request as RFC 9112 describes it.")
        }
        if allowedNames.contains(authority.host) || authority.isAddress { return authority }
        throw HTTPProblem(
            403, "this server does not answer to the name '\(authority.host.prefix(100))'",
            suggestion: "Use its IP address, or start it with --allowed-host \(authority.host.prefix(100)).")
    }

    private func checkOrigin(_ origin: String, host: Authority?) throws {
        if let host, let (scheme, authority) = Self.authority(ofOrigin: origin), Self.isSame(authority, host, scheme) {
            return
        }
        throw HTTPProblem(
            403, "pages of '\(origin.prefix(100))' may not use this server",
            suggestion: "Open the page from this server, or start it with --enable-cors-header \(origin.prefix(100)).")
    }

    /// Whether a link, or the address bar, opens a page of this server as a page of its own: it learns nothing for the
    /// site that has the link. In a frame it would.
    private func isOpening(_ request: Request) -> Bool {
        let headers = request.head.headers
        let destinations = headers.tokens("Sec-Fetch-Dest")
        return request.head.method == "GET" && headers.tokens("Sec-Fetch-Mode") == ["navigate"]
            && (destinations.isEmpty || destinations == ["document"]) && pages.contains(request.rawPath)
    }

    // MARK: Names

    private static func authority(ofOrigin origin: String) -> (scheme: String, Authority)? {
        let lower = origin.lowercased()
        for scheme in ["http", "https"] where lower.hasPrefix(scheme + "://") {
            return Authority(lower.dropFirst(scheme.count + 3)).map { (scheme, $0) }
        }
        return nil
    }

    /// Behind a proxy that ends TLS the page's scheme is not ours: a missing port may be either scheme's own.
    private static func isSame(_ origin: Authority, _ host: Authority, _ scheme: String) -> Bool {
        let ownPort = scheme == "https" ? 443 : 80
        return origin.host == host.host && (origin.port ?? ownPort) == (host.port ?? ownPort)
    }
}

extension Headers {
    /// The one field of that name, if there is one. Of two, two readers could take different ones.
    /// - Throws: `HTTPProblem` 400 for more.
    fileprivate func only(_ name: String) throws -> String? {
        let values = values(name)
        guard values.count <= 1 else {
            throw HTTPProblem(400, "the request has more than one \(name) field", suggestion: "Send one of them.")
        }
        return values.first
    }
}
