internal import Arguments
internal import GraphCore
internal import HTTP

/// The page at `/` when no frontend is installed: how the server is doing. It loads itself anew every few seconds and
/// runs no script.
struct StatusPage {
    private static let maxEntryCount = 20
    private static let maxLinkCount = 8
    private static let maxOutputByteCount = 1 << 20

    private let context: ServerContext
    /// As the browser called the server.
    private let origin: String

    init(_ context: ServerContext, _ request: Request) {
        self.context = context
        origin = "\(request.isSecure ? "https" : "http")://\(request.head.headers["Host"] ?? "localhost:8188")"
    }

    var response: Response {
        Response(
            200,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                "Content-Security-Policy":
                    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'",
            ], body: .bytes(Array(text.utf8)))
    }

    private var text: String {
        let origin = Self.escaped(origin)
        let (running, pending) = context.store.livePrompts()
        let list = running.map { "<li><code>\(Self.escaped($0.id.text))</code></li>" }.joined()
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
            <meta name="viewport" content="width=device-width"><title>graphserver</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
            table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2em 1em .2em 0 }
            tr { border-bottom: 1px solid #8884 } pre { background: #8882; padding: 1em; overflow: auto }
            :root { color-scheme: light dark }
            </style></head><body>
            <h1>graphserver \(Self.escaped(Program.version))</h1>
            <p>\(running.count) running, \(pending.count) waiting.</p>
            <ul>\(list)</ul>
            <h2>Finished</h2>
            \(finished)
            <h2>Use it</h2>
            <pre>curl -d @workflow.json \(origin)/prompt
            curl \(origin)/history
            curl -N \(origin)/events
            curl -F image=@photo.png \(origin)/upload/image</pre>
            <p>ComfyUI's editor is served here with <code>--front-end-root DIR</code>.</p>
            </body></html>

            """
    }

    private var finished: String {
        let entries = context.store.startedRuns(maxCount: Self.maxEntryCount, offset: nil).reversed()
        if entries.isEmpty { return "<p>Nothing yet.</p>" }
        let rows = entries.map { entry in
            "<tr><td><code>\(Self.escaped(entry.prompt.id.text))</code></td><td>\(Self.word(entry.status.state))</td>"
                + "<td>\(Self.duration(entry))</td><td>\(Self.links(entry))</td></tr>"
        }
        return "<table><tr><th>Prompt</th><th>Outcome</th><th>Time</th><th>Files</th></tr>\n"
            + rows.joined(separator: "\n") + "</table>"
    }

    private static func word(_ state: RunStatus.State) -> String {
        state == .cancelled ? "interrupted" : state.rawValue
    }

    private static func duration(_ entry: StoredRun) -> String {
        let ended = entry.endedAt ?? 0
        let milliseconds = ended - (entry.startedAt ?? ended)
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }

    private static func links(_ entry: StoredRun) -> String {
        let files = entry.status.outputs.lazy.filter { $0.json.count <= maxOutputByteCount }
            .flatMap { (try? JSONParser.parse($0.json).object)?.members ?? [] }
            .flatMap { $0.value.array ?? [] }.compactMap { SavedFile($0) }
        return files.prefix(maxLinkCount).map { file in
            let query = [
                "filename": file.filename, "subfolder": file.subfolder, "type": file.folder.rawValue,
            ].sorted { $0.key < $1.key }.map { "\($0.key)=\(PercentCoding.encode($0.value))" }
            // What is encoded holds no quotes; the ampersands are the text's.
            return "<a href=\"/view?\(query.joined(separator: "&amp;"))\">\(escaped(file.filename))</a>"
        }.joined(separator: " ")
    }

    /// Text as HTML, in content and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
