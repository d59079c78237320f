internal import GraphCore

extension OpenAPI {
    /// What goes over `/ws`. OpenAPI has no words for it, hence the `x-`.
    static var messages: JSON {
        func list(_ messages: [(String, String, Schema)]) -> JSON {
            .object(
                JSONObject(
                    messages.map { type, description, data in
                        .init(type, ["description": .string(description), "data": data.json])
                    }))
        }
        return [
            "description":
                "Text messages are {\"type\", \"data\"}; here are the schemas of data by type. Binary ones start with their type in 4 bytes, big-endian, as all numbers in them.",
            "server": list(serverMessages),
            "client": list([
                (
                    "feature_flags",
                    "What the client takes; only as its first message, which is answered in kind.",
                    .object(
                        optional: ["supports_preview_metadata": .boolean, "supports_progress_text_metadata": .boolean],
                        others: .any)
                )
            ]),
            "binary": [
                "1":
                    "A preview: 4 bytes of format (1 JPEG, 2 PNG), then the picture; for clients that take no metadata.",
                "3":
                    "Progress text: with supports_progress_text_metadata the length and text of the prompt id; the length and text of the node id; the text.",
                "4":
                    "A preview with metadata: the length of a JSON object, the object, then the picture; with supports_preview_metadata.",
            ],
        ]
    }

    /// Every message about a run has these.
    private static let numbers: Schema.Fields = [
        "seq": .integer.described("Rises on this server, with gaps."),
        "run_seq": .integer.described("Counts the run's facts, without gaps."),
        "epoch": .string.described("The name of this life of the server."),
    ]
    private static let node: Schema.Fields = ["node": .string]
    private static let shownNode: Schema.Fields = ["node": .string, "display_node": .string]
    private static let time: Schema.Fields = ["timestamp": .integer.described("Milliseconds since 1970.")]
    private static let estimate: Schema.Fields = [
        "estimated_seconds_left": .number.described("From measured durations, where there are some.")
    ]

    private static func about(
        _ fields: Schema.Fields..., optional: Schema.Fields = [:]
    ) -> Schema {
        .object(
            fields: [("prompt_id", .string)] + fields.flatMap { Array($0) } + Array(numbers), optional: Array(optional))
    }

    private static let serverMessages: [(String, String, Schema)] = [
        (
            "status", "The length of the queue, to everyone; the first one tells a client its id.",
            .object(["status": .object(["exec_info": .named("ExecInfo")])], optional: ["sid": .string])
        ),
        ("feature_flags", "The answer to the client's.", .named("Features")),
        (
            "resumed", "What came after seq follows.",
            .object(["epoch": .string, "seq": .integer], optional: ["replayed": .integer])
        ),
        (
            "resync", "Read /queue and /history anew and go on from here.",
            .object(["epoch": .string, "seq": .integer])
        ),
        ("run_queued", "A prompt was accepted.", about()),
        ("execution_start", "Its run began.", about(time)),
        ("execution_cached", "Nodes whose results are there already.", about(["nodes": .list(.string)], time)),
        (
            "run_progress", "How far the run is.",
            about(["finished": .integer, "nodes": .integer], optional: estimate)
        ),
        (
            "executing", "A node runs; without a node: the run is over.",
            about(
                ["node": .stringOrNull],
                optional: [
                    "display_node": .string, "node_type": .string,
                    "because": .string.described("Why it is not taken from the cache."),
                    "because_code": .string.described("The same as a word for programs."),
                    "because_input": .string.described("The input that changed."),
                    "blocked": .boolean.described("It does not run: what it needs was withheld."),
                ])
        ),
        (
            "progress_state", "All nodes touched so far; above 64 those that run or changed.",
            about([
                "nodes": .map(
                    .object([
                        "value": .number, "max": .number, "state": .oneOf("running", "finished"), "node_id": .string,
                        "prompt_id": .string, "display_node_id": .string, "parent_node_id": .stringOrNull,
                        "real_node_id": .string,
                    ]))
            ])
        ),
        (
            "progress", "How far a node is.",
            about(["value": .number, "max": .number, "node": .string], optional: estimate)
        ),
        (
            "node_phase", "What a node does now.",
            about(
                shownNode,
                ["stage": .string, "message": .string, "progress": .number.described("0 to 100."), "source": .string])
        ),
        (
            "node_waiting", "A node asked for more inputs, or answered with a graph.",
            about(node, optional: ["inputs": .list(.string), "expansion": .integer])
        ),
        ("node_cached", "An equal node's result is used.", about(node)),
        ("node_log", "A node has something to say.", about(node, ["level": .string, "message": .string])),
        (
            "node_preview", "A file shows a node's work so far.",
            about(node, ["file": .object(["filename": .string, "subfolder": .string, "type": .string])])
        ),
        ("executed", "What a node put out.", about(shownNode, ["output": .named("NodeOutput")])),
        ("node_finished", "A node is done.", about(node)),
        ("node_interrupted", "A node was running when the run was ended.", about(node)),
        (
            "execution_error", "A node failed, or was blocked with a message.",
            .object(fields: errorFields + Array(numbers), optional: Array(optionalErrorFields))
        ),
        (
            "execution_interrupted", "The run was ended, or the prompt taken out of the queue.",
            about(["node_id": .stringOrNull, "node_type": .string, "executed": .list(.string)], time)
        ),
        ("execution_success", "The run is done.", about(time)),
    ]
}
