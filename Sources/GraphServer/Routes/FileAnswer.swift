internal import HTTP
internal import Media

/// A file of the folders as an answer that runs nothing in a browser.
enum FileAnswer {
    /// Shows a picture or sound that is what its name says; everything else is for saving.
    ///
    /// - Parameters:
    ///   - path: already known to lie where the client may read.
    ///   - name: as the client knows it.
    ///   - contentType: of a file that is no picture or sound, when it must be another than its name's.
    static func response(
        path: String, name: String, request: Request, contentType: String? = nil
    ) throws(HTTPProblem) -> Response {
        let file = try OpenedFile(path: path)
        let fileExtension = name.lastIndex(of: ".").map { String(name[$0...].dropFirst()) } ?? ""
        var shown = InlineDisplay.contentType(of: try file.prefix(64 << 10), claiming: fileExtension)
        // A camera's data may stand before what matters.
        if shown == nil, file.byteCount > 64 << 10, fileExtension.lowercased().hasPrefix("j") {
            shown = InlineDisplay.contentType(
                of: try file.prefix(InlineDisplay.prefixByteCount), claiming: fileExtension)
        }
        return try .file(
            file, request: request, contentType: shown ?? contentType ?? passiveType(ofExtension: fileExtension),
            headers: headers(name, isAttachment: shown == nil))
    }

    /// Fields of whatever comes from the folders.
    static func headers(_ name: String, isAttachment: Bool) -> Headers {
        [
            "Content-Disposition": disposition(name, isAttachment: isAttachment),
            // Should a browser take one for a page after all, the page can do nothing.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
        ]
    }

    /// Types that no browser runs. An editor's own requests need the true one of a sound or a film, also when it comes as
    /// an attachment.
    private static func passiveType(ofExtension fileExtension: String) -> String {
        let type = MIMETypes.type(ofExtension: fileExtension)
        if type == "image/svg+xml" { return "application/octet-stream" }
        let isPassive =
            ["image/", "audio/", "video/", "text/plain", "text/csv", "text/markdown"].contains { type.hasPrefix($0) }
            || type == "application/json"
        return isPassive ? type : "application/octet-stream"
    }

    /// `inline; filename="up.png"`. What a quoted string cannot hold is told by `filename*` (RFC 6266, RFC 8187). ComfyUI
    /// leaves the type out, and clients that read the field by the standard then find no name.
    private static func disposition(_ name: String, isAttachment: Bool) -> String {
        let plain = String(
            decoding: name.unicodeScalars.map { scalar -> UInt8 in
                scalar.isASCII && scalar.value >= 32 && scalar.value != 127 && scalar != "\"" && scalar != "\\"
                    ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "_")
            }, as: UTF8.self)
        var text = (isAttachment ? "attachment" : "inline") + "; filename=\"\(plain)\""
        if plain != name { text += "; filename*=UTF-8''" + PercentCoding.encode(name) }
        return text
    }
}
