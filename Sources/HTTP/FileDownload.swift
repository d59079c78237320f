internal import Foundation

/// Gets one large file: goes on where an earlier attempt ended, checks what came, and gives it its name at one stroke.
///
/// What has come lies in `PATH.part` until it is whole; `PATH.part.etag` says which version of the file it is a part of. A
/// download that fails or is cancelled leaves both, and the next one goes on there (RFC 9110 sections 13.1.5 and 14.2).
public struct FileDownload: Sendable {
    public enum Note: Sendable, Equatable {
        /// There is a part of so many bytes, and the server sends the rest.
        case goesOn(byteCount: Int)
        /// The part is of no use: the file is another one now, or the server sends files only whole.
        case startsAnew
        /// Everything is here and its hash is computed.
        case verifies
    }

    public struct Progress: Sendable, Equatable {
        /// With what was there before.
        public var receivedByteCount: Int
        /// Nil when the server does not say.
        public var byteCount: Int?
    }

    public struct Outcome: Sendable, Equatable {
        public var byteCount: Int
        /// Of what came, 64 digits.
        public var sha256: String
        /// Whether the server named a hash, which was the same then.
        public var isVerified: Bool
    }

    public var url: String
    /// Where the file is to be; its folder is made, and what is there already is never replaced.
    public var path: String
    public var maxByteCount = 8 << 30
    public var connectTimeout = Duration.seconds(10)
    /// How long nothing may come.
    public var stallTimeout: Duration? = .seconds(60)
    /// Told on the transfer's thread.
    public var note: (@Sendable (Note) -> Void)?
    public var progress: (@Sendable (Progress) -> Void)?
    /// Free room of the disk that a folder lies on, for tests to change.
    var freeByteCount: @Sendable (_ folder: String) -> Int? = { Download.freeByteCount(of: $0) }

    private static let maxRedirectCount = 8

    public init(_ url: String, to path: String) { (self.url, self.path) = (url, path) }

    /// - Throws: `.refused` with the response for a status that is neither 200 nor 206, `.damaged` when size or hash are
    ///   wrong, `.insecure` for a redirect to another host that is not https, `.tooLarge`, `.file`, and what a transfer
    ///   throws.
    public func run(_ client: HTTPClient) async throws(HTTPClientError) -> Outcome {
        let part = try DownloadPart(path)
        do {
            try await fetch(part, client)
            return try verified(part)
        } catch {
            part.tidy()
            throw error
        }
    }

    // MARK: The transfer

    /// Follows redirects, for what they say of the file and because not every one is followed.
    private func fetch(_ part: DownloadPart, _ client: HTTPClient) async throws(HTTPClientError) {
        guard let first = ClientURL(url) else { throw HTTPClientError(.invalidRequest, "'\(url)' is not a URL") }
        var (url, text) = (first, self.url)
        for _ in 0...Self.maxRedirectCount {
            let response = try await client.send(request(text, part))
            switch response.status {
            case 200, 206: return
            case 301, 302, 303, 307, 308:
                guard let next = response.headers["Location"].flatMap({ url.resolving($0) }),
                    let nextURL = ClientURL(next)
                else { throw HTTPClientError(.interrupted, "\(url.authority) redirects to no URL") }
                let isSame = first.scheme == "http" && nextURL.scheme == "http" && nextURL.host == first.host
                guard nextURL.scheme == "https" || isSame else {
                    throw HTTPClientError(
                        .insecure,
                        "\(url.authority) redirects to \(nextURL.scheme)://\(nextURL.authority), not to https",
                        suggestion: "Get the file from another place.")
                }
                part.promise(response.headers)
                try check(part.expected.byteCount, url.authority)
                (url, text) = (nextURL, next)
            case 416 where part.byteCount > 0:
                // The part is all there is; or longer than the file, and of another one.
                if ContentRange(response.headers)?.byteCount == part.byteCount { return }
                part.clear()
                note?(.startsAnew)
            default:
                throw HTTPClientError(
                    .refused, "\(url.authority) answered \(response.status)", response: response)
            }
        }
        throw HTTPClientError(
            .tooManyRedirects, "\(first.authority) redirected more than \(Self.maxRedirectCount) times")
    }

    private func request(_ url: String, _ part: DownloadPart) -> ClientRequest {
        var request = ClientRequest("GET", url, headers: ["Accept-Encoding": "identity"])
        let offset = part.offset
        if let etag = part.etag, offset > 0 {
            request.headers["Range"] = "bytes=\(offset)-"
            request.headers["If-Range"] = etag
        }
        request.destination = .part(path: part.path)
        request.maxByteCount = maxByteCount
        (request.connectTimeout, request.stallTimeout) = (connectTimeout, stallTimeout)
        let authority = ClientURL(url)?.authority ?? url
        request.accept = { status, headers throws(HTTPClientError) in
            guard status == 200 || status == 206 else { return }
            try accept(status, headers, part, askedFor: offset, authority)
        }
        if let progress {
            request.progress = { moved in
                // Before the head there is nothing to say.
                guard let base = part.base else { return }
                progress(
                    Progress(receivedByteCount: base + moved.receivedByteCount, byteCount: part.expected.byteCount))
            }
        }
        return request
    }

    /// Looks at the head of a response with content, before anything is written.
    private func accept(
        _ status: Int, _ headers: Headers, _ part: DownloadPart, askedFor offset: Int, _ authority: String
    ) throws(HTTPClientError) {
        if let encoding = headers["Content-Encoding"], encoding.lowercased() != "identity" {
            throw HTTPClientError(.interrupted, "\(authority) sends the file packed, which was not asked for")
        }
        let range = status == 206 ? ContentRange(headers) : nil
        if status == 206 && (offset == 0 || range?.start != offset) {
            throw HTTPClientError(.interrupted, "\(authority) sent another part than was asked for")
        }
        let byteCount = range.map(\.byteCount) ?? headers.byteCount("Content-Length")
        try check(byteCount, authority)
        let base = status == 206 ? offset : 0
        if let byteCount, let free = freeByteCount(part.folder) {
            // A part that is begun anew makes room.
            let missing = byteCount - (status == 206 ? offset : part.byteCount)
            if missing > free {
                throw HTTPClientError(
                    .file, "the disk has no room for \(path): \(missing) bytes are needed, \(free) are free",
                    suggestion: "Free some space.")
            }
        }
        let hadPart = part.byteCount > 0
        try part.begin(headers, at: base, byteCount: byteCount)
        if base > 0 { note?(.goesOn(byteCount: base)) } else if hadPart { note?(.startsAnew) }
    }

    private func check(_ byteCount: Int?, _ authority: String) throws(HTTPClientError) {
        if let byteCount, byteCount > maxByteCount { throw .tooLarge(authority, limit: maxByteCount) }
    }

    // MARK: The end

    private func verified(_ part: DownloadPart) throws(HTTPClientError) -> Outcome {
        let (count, expected) = (part.byteCount, part.expected)
        if let byteCount = expected.byteCount, count != byteCount {
            guard count > byteCount else {
                throw HTTPClientError(
                    .interrupted, "only \(count) of \(byteCount) bytes came", suggestion: "Try again.")
            }
            part.clear()
            throw HTTPClientError(
                .damaged, "\(count) bytes came instead of \(byteCount), and were deleted", suggestion: "Try again.")
        }
        note?(.verifies)
        let sha256 = try part.sha256()
        if let promised = expected.sha256, promised != sha256 {
            part.clear()
            throw HTTPClientError(
                .damaged, "what came is damaged, and was deleted: its SHA-256 is \(sha256), not \(promised)",
                suggestion: "Try again.")
        }
        try part.finish()
        return Outcome(byteCount: count, sha256: sha256, isVerified: expected.sha256 != nil)
    }
}

extension ClientURL {
    /// Without the port.
    var host: String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return authority.split(separator: ":").first.map { $0.lowercased() } ?? ""
    }

    /// What `reference` means here (RFC 3986 section 5.2, but for paths with dots, which servers resolve).
    func resolving(_ reference: String) -> String? {
        if ClientURL(reference) != nil { return reference }
        if reference.hasPrefix("//") { return "\(scheme):\(reference)" }
        if reference.hasPrefix("/") { return "\(scheme)://\(authority)\(reference)" }
        let path = target.prefix { $0 != "?" }
        guard let slash = path.lastIndex(of: "/"), !reference.isEmpty else { return nil }
        return "\(scheme)://\(authority)\(path[...slash])\(reference)"
    }
}
