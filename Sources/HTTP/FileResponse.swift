extension Response {
    /// A file, or the part of it that is asked for, or 304; HEAD reads nothing of it.
    ///
    /// - Parameters:
    ///   - path: already known to lie where the client may read.
    ///   - contentType: by the path's extension if there is none.
    ///   - headers: further fields, for 304 too.
    /// - Throws: `HTTPProblem` 404, 403, 503, or 416 with `Content-Range`.
    public static func file(
        path: String, request: Request, contentType: String? = nil, headers: Headers = Headers()
    ) throws(HTTPProblem) -> Response {
        try .file(
            try OpenedFile(path: path), request: request, contentType: contentType ?? MIMETypes.type(ofPath: path),
            headers: headers)
    }

    /// The same of a file that was opened already: what was looked at is what is sent.
    /// - Throws: `HTTPProblem` 416 with `Content-Range`.
    public static func file(
        _ file: OpenedFile, request: Request, contentType: String, headers: Headers = Headers()
    ) throws(HTTPProblem) -> Response {
        let (etag, modified) = (file.etag, file.modifiedSeconds)
        var headers = headers
        headers["ETag"] = etag
        headers["Last-Modified"] = HTTPDate.text(secondsSince1970: modified)
        headers["Accept-Ranges"] = "bytes"
        if Conditional.isNotModified(request.head, etag: etag, lastModified: modified) {
            return Response(304, headers: headers)
        }
        headers["Content-Type"] = contentType
        switch ByteRange(request.head, byteCount: file.byteCount, etag: etag, lastModified: modified) {
        case .whole:
            let source = FileSource(file, range: 0..<file.byteCount)
            return Response(200, headers: headers, body: .source(source, byteCount: file.byteCount))
        case .part(let range):
            headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.byteCount)"
            let source = FileSource(file, range: range)
            return Response(206, headers: headers, body: .source(source, byteCount: range.count))
        case .unsatisfiable:
            throw HTTPProblem(
                416, "the file has only \(file.byteCount) bytes", suggestion: "Ask for a range within them.",
                headers: ["Content-Range": "bytes */\(file.byteCount)"])
        }
    }
}
