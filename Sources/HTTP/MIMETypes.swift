/// Media types by file name extension (the IANA registry's names).
public enum MIMETypes {
    /// - Parameter ofExtension: without its dot, in any case.
    /// - Returns: `application/octet-stream` for one we do not know. Texts are said to be UTF-8.
    public static func type(ofExtension name: some StringProtocol) -> String {
        switch name.lowercased() {
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "webp": "image/webp"
        case "gif": "image/gif"
        case "avif": "image/avif"
        case "bmp": "image/bmp"
        case "tif", "tiff": "image/tiff"
        case "svg": "image/svg+xml"
        case "ico": "image/vnd.microsoft.icon"
        case "wav": "audio/wav"
        case "mp3": "audio/mpeg"
        case "flac": "audio/flac"
        case "ogg", "opus": "audio/ogg"
        case "m4a": "audio/mp4"
        case "mp4": "video/mp4"
        case "webm": "video/webm"
        case "json", "map": "application/json"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "html", "htm": "text/html; charset=utf-8"
        case "txt": "text/plain; charset=utf-8"
        case "csv": "text/csv; charset=utf-8"
        case "md": "text/markdown; charset=utf-8"
        case "xml": "application/xml"
        case "pdf": "application/pdf"
        case "wasm": "application/wasm"
        case "woff2": "font/woff2"
        case "woff": "font/woff"
        case "ttf": "font/ttf"
        case "glb": "model/gltf-binary"
        default: "application/octet-stream"
        }
    }

    /// The type of a path by what stands behind the last dot of its last component.
    public static func type(ofPath path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return type(ofExtension: "") }
        return type(ofExtension: name[dot...].dropFirst())
    }
}
