internal import HTTP

/// What a browser asks before a page of another origin may send more than a form could (Fetch section 4.8). Only when
/// `--enable-cors-header` names that origin; the guards have looked at it by then.
struct Preflight {
    let context: ServerContext

    var routes: [Route] {
        guard context.options.corsOrigin != nil else { return [] }
        return ["/", "/{path...}"].map { pattern in
            Route(
                "OPTIONS", pattern,
                handler: .whole(maxByteCount: 64 << 10) { _ in
                    // The other fields are on every answer.
                    .now(Response(204, headers: ["Access-Control-Max-Age": "600"]))
                })
        }
    }
}
