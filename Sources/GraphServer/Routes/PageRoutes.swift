internal import Files
internal import GraphCore
internal import HTTP

/// What a browser opens: an installed frontend, or a page of our own that says how the server is doing. These have no
/// second name under `/api`.
struct PageRoutes {
    let context: ServerContext

    var routes: [Route] {
        let userStyle = Route.get("/user.css") { request in
            context.work(on: context.disk) {
                let type = MIMETypes.type(ofExtension: "css")
                // The editor's page links to it whether or not there is one.
                guard let path = try? context.folders.userFilePath("user.css") else {
                    return Response(404, headers: ["Content-Type": type])
                }
                return try .file(
                    path: path, request: request, contentType: type, headers: ["Cache-Control": "no-cache"])
            }
        }
        guard let root = context.options.frontEndRoot else {
            return [userStyle, .get("/") { request in .later { StatusPage(context, request).response } }]
        }
        let files = StaticFiles(path: root)
        let documentation = PipPackages(beside: root).docs.map { docs in
            Route.get("/docs/{path...}") { request in
                let path = request.parameters["path"] ?? ""
                return context.work(on: context.disk) { try Self.file(path, docs, request) }
            }
        }
        return [documentation].compactMap { $0 } + [
            userStyle,
            .get("/") { request in context.work(on: context.disk) { try Self.file("index.html", files, request) } },
            // Every other route goes before this one.
            .get("/{path...}") { request in
                let path = request.parameters["path"] ?? ""
                return context.work(on: context.disk) { try Self.file(path, files, request) }
            },
        ]
    }

    static func file(_ path: String, _ files: StaticFiles, _ request: Request) throws -> Response {
        let place = try files.locate(path)
        return try .file(
            path: place, request: request, headers: ["Cache-Control": isHashed(path) ? forever : "no-cache"])
    }

    private static let forever = "public, max-age=31536000, immutable"

    /// Whether the name changes with the content, as bundlers name files: `assets/index-DkX2fQ_a.js`.
    private static func isHashed(_ path: String) -> Bool {
        guard path.hasPrefix("assets/"), let name = path.split(separator: "/").last,
            let dot = name.firstIndex(of: "."), dot != name.startIndex
        else { return false }
        let hash = name[..<dot].utf8.suffix(9)
        return hash.count == 9 && hash.first == UInt8(ascii: "-")
            && hash.dropFirst().allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
            // A plain word is no hash.
            && hash.dropFirst().contains { !(0x61...0x7A).contains($0) }
    }

    /// What is wrong with the folder; nil when nothing is.
    static func complaint(_ root: String) -> String? {
        do throws(Diagnostic) {
            _ = try StaticFiles(path: root).locate("index.html")
            return nil
        } catch {
            return "warning: there is no index.html in \(root)\n"
                + "  Give --front-end-root the folder 'static' of an installed comfyui_frontend_package."
        }
    }
}
