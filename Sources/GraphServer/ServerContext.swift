internal import Files
internal import GraphCore
internal import HTTP

/// What the routes of one server share.
struct ServerContext: Sendable {
    let options: ServerOptions
    let engine: Engine
    let folders: Folders
    let store: any RunStore
    let dispatcher: Dispatcher
    let log: FrameLog
    let encoding: RunEncoding
    let streams: Subscription.Sources
    let serverLog: ServerLog
    let guards: Guards
    let redactor: PathRedactor
    /// Nothing is put into the temp folder before it was emptied.
    let tempCleanup: TempCleanup
    /// Lets go of the models that nodes have loaded.
    let freeModels: @Sendable () -> Void
    let idleTrim: IdleTrim
    /// For work on whole pictures. Each may take a gigabyte, so there are only two at once.
    let pictures: BlockingPool
    /// Previews that `/view` gives.
    let previews: PreviewCache
    /// For work on files that may be large or many.
    let disk = BlockingPool(width: 4)
    /// For uploads that are compared with what is there: nobody else waits for that.
    let uploads = BlockingPool(width: 2)

    /// For prompts that are checked against folders, and for files of the editor.
    let checks = BlockingPool(width: 4)
    /// For lists of prompts: each may hold all that is kept of them.
    let lists = BlockingPool(width: 2)

    var registry: NodeRegistry { engine.registry }

    var bodyLimits: JSONParser.Limits {
        var limits = JSONParser.Limits()
        limits.maxByteCount = options.maxBodyByteCount
        return limits
    }

    /// A route whose body may be as large as the option says.
    func post(_ pattern: String, _ handler: @escaping @Sendable (Request) throws -> Reply) -> Route {
        Route.post(pattern, maxByteCount: options.maxBodyByteCount, handler).advising(
            "Send less at once, or start the server with a larger --max-body-size (MB).")
    }

    /// What this server can do, as `/features` and the feature flags on `/ws` tell it.
    var features: JSON {
        [
            "supports_preview_metadata": true, "max_upload_size": .number(JSONNumber(options.maxUploadByteCount)),
            "supports_progress_text_metadata": true,
        ]
    }

    /// The body as JSON.
    /// - Throws: `HTTPProblem` 400. ComfyUI looks at no Content-Type here, and browsers send `text/plain`.
    func json(_ request: Request) throws -> JSON {
        do {
            return try JSONParser.parse(request.body, limits: bodyLimits)
        } catch {
            throw HTTPProblem(
                400, "the body is not valid JSON: \(error.message)", suggestion: "Send JSON, such as {\"clear\": true}."
            )
        }
    }

    /// The same, where an empty body means an empty object.
    func options(_ request: Request) throws -> JSON {
        request.body.isEmpty ? .object(JSONObject()) : try json(request)
    }
}

extension Reply {
    static func json(bytes: [UInt8], status: Int = 200) -> Reply { .now(.json(bytes: bytes, status: status)) }

    static func json(_ value: JSON, status: Int = 200) -> Reply {
        .json(bytes: JSONWriter.bytes(value), status: status)
    }

    static let empty = Reply.now(Response(200))
}

extension JSON {
    /// The texts of a list of them; nil when it is something else.
    var strings: [String]? {
        guard let array else { return nil }
        let strings = array.compactMap(\.string)
        return strings.count == array.count ? strings : nil
    }
}
