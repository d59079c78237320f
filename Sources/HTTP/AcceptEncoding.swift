/// What a client says about content codings (RFC 9110 section 12.5.3).
public enum AcceptEncoding {
    /// Whether gzip is welcome, and not less so than a body as it is.
    public static func allowsGzip(_ headers: Headers) -> Bool {
        var weights: [String: Double] = [:]
        for member in headers.tokens("Accept-Encoding") {
            let parts = member.split(separator: ";").map { trimmed($0) }
            guard let coding = parts.first else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { weight($0.dropFirst(2)) } ?? 1
            weights[coding == "x-gzip" ? "gzip" : coding] = quality
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        return gzip > 0 && gzip >= weights["identity"] ?? 0
    }

    /// 0 to 1 with at most three decimals (section 12.4.2); what is malformed asks for nothing.
    private static func weight(_ text: Substring) -> Double {
        guard text.utf8.count <= 5, let weight = Double(text), weight >= 0, weight <= 1 else { return 0 }
        return weight
    }
}

extension Response {
    /// Below this the answer fits one packet anyway.
    public static let gzipByteCount = 1 << 10

    /// Compressed if it is JSON of more than 1 KiB, held in memory, and the client asks for it.
    ///
    /// Takes about 10 ms a megabyte, on the caller's thread.
    public func gzipped(for request: Request) -> Response {
        guard case .bytes(let bytes) = body, bytes.count > Self.gzipByteCount, headers["Content-Encoding"] == nil,
            status != 206, let type = headers["Content-Type"].flatMap({ ParameterizedValue($0) }),
            type.value == "application/json" || type.value.hasSuffix("+json")
        else { return self }
        var response = self
        if !headers.tokens("Vary").contains("accept-encoding") { response.headers.add("Vary", "Accept-Encoding") }
        guard AcceptEncoding.allowsGzip(request.head.headers), let small = Gzip.compress(bytes) else { return response }
        response.body = .bytes(small)
        response.headers["Content-Encoding"] = "gzip"
        // Other bytes may not share a strong tag (section 8.8.1).
        if let tag = headers["ETag"], tag.hasPrefix("\"") { response.headers["ETag"] = "W/" + tag }
        return response
    }
}
