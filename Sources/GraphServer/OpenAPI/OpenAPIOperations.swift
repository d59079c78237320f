extension OpenAPI {
    /// Posting prompts, what became of them, and the jobs they are.
    static let runOperations: [Operation] = [
        Operation(
            "GET", "/prompt", "How many prompts wait or run.", Answer(200, "The count.", .json("QueueState"))),
        Operation(
            "POST", "/prompt", "Puts a graph into the queue.", body: .json("PromptRequest"),
            Answer(
                200, "It waits or runs; node_errors tells of outputs that will be left out.", .json("PromptAccepted")),
            Answer(400, "It cannot run.", .json("PromptRefused")),
            Answer(409, "There is a prompt with this prompt_id already.", .json("PromptRefused")),
            Answer(429, "The queue is full; Retry-After says when to come again.", .json("PromptRefused"))),
        Operation(
            "POST", "/workflow/convert", "Writes a workflow in the API format; runs nothing.",
            query: [
                Parameter("notes", .boolean, "Also what is odd about the file: {\"prompt\": ..., \"notes\": [...]}.")
            ],
            body: .json(.any),
            Answer(200, "The graph, as /prompt takes it.", .json(.object(others: .any))),
            Answer(400, "It cannot be read.", .json("PromptRefused"))),
        Operation(
            "GET", "/queue", "The prompts that run and those that wait, in order of their turn.",
            Answer(200, "Both lists.", .json("Queue"))),
        Operation(
            "POST", "/queue", "Takes waiting prompts out of the queue.", body: .json("ListChange"),
            Answer(200, "Done; unknown and running ones are passed over."),
            .problem(400, "The body is not valid, or names no prompts.")),
        Operation(
            "POST", "/interrupt", "Ends one prompt, running or waiting, or everything that runs.",
            body: .json("InterruptRequest", isRequired: false),
            Answer(200, "Done, also when there was nothing to end."), .problem(400, "The body is not valid.")),
        Operation(
            "POST", "/free", "Lets go of results that are kept for later prompts.",
            body: .json("FreeRequest", isRequired: false),
            Answer(200, "Done."), .problem(400, "The body is not valid.")),

        Operation(
            "GET", "/history", "What became of the prompts that ended, oldest first.",
            query: [
                Parameter("max_items", .integer, "So many at most: the newest ones, unless there is an offset."),
                Parameter("offset", .integer, "Counts from the oldest; a negative one means none."),
            ],
            Answer(200, "By prompt id.", .json("History")), .problem(400, "A number is no whole number.")),
        Operation(
            "GET", "/history/{id}", "What became of one prompt.",
            Answer(200, "Empty when there is none, or it has not ended.", .json("History"))),
        Operation(
            "POST", "/history", "Forgets prompts that ended; their files stay.", body: .json("ListChange"),
            Answer(200, "Done; unknown ones are passed over."),
            .problem(400, "The body is not valid, or names no prompts.")),

        Operation(
            "GET", "/jobs", "Waiting, running and ended prompts in one list, newest first.",
            query: [
                Parameter(
                    "status", .string,
                    "Comma-separated: pending, in_progress, completed, failed, cancelled; without it all."),
                Parameter("limit", .integer, "So many at most: 1 to 1000, by default 200."),
                Parameter("offset", .integer, "So many are passed over."),
                Parameter("workflow_id", .string, "Only those of the workflow that the editor gave this id."),
                Parameter("sort_order", .oneOf("asc", "desc"), "asc for the oldest first."),
            ],
            Answer(200, "A page of them.", .json("JobList")),
            .problem(400, "A status is unknown, or a number is no whole number.")),
        Operation(
            "GET", "/jobs/{id}", "One prompt with its graph and, once it ended, its outputs.",
            Answer(200, "The job.", .json("JobDetail")), .problem(404, "There is no such prompt.")),
        Operation(
            "POST", "/jobs/{id}/cancel", "Ends one prompt, running or waiting.",
            Answer(200, "Whether there was something to end.", .json("Cancelled")),
            .problem(404, "There is no such prompt.")),
        Operation(
            "POST", "/jobs/cancel", "Ends several prompts.", body: .json("JobIDs"),
            Answer(200, "Done; unknown ones are passed over.", .json("Nothing")),
            .problem(400, "The body is not valid, or names no jobs.")),
    ]

    /// Following what happens.
    static let watchOperations: [Operation] = [
        Operation(
            "GET", "/ws", "A WebSocket with the messages about the prompts of one client.",
            query: [
                Parameter(
                    "clientId", .string,
                    "The client_id of the prompts to hear of, up to 256 bytes; without it one is made."),
                Parameter(
                    "since", .string, "EPOCH:SEQ of the last message that was handled: what came after it follows."),
                Parameter(
                    "supports_preview_metadata", .string,
                    "\"true\" for pictures that say whose they are from the first message on, as the feature flag does."
                ),
            ],
            Answer(101, "The connection is a WebSocket now."), .problem(400, "The clientId is too long."),
            .problem(426, "It was not asked for as a WebSocket.")),
        Operation(
            "GET", "/events", "The same messages as server-sent events.",
            query: [
                Parameter("prompt_id", .string, "Only the messages about this prompt, whoever posted it."),
                Parameter("clientId", .string, "What the sockets of this client get."),
                Parameter("since", .string, "EPOCH:SEQ, as in Last-Event-ID."),
            ],
            Answer(200, "A stream without end; every id is EPOCH:SEQ.", .bytes("text/event-stream")),
            .problem(404, "There is no such prompt.")),
    ]

    /// What this server is and knows.
    static let systemOperations: [Operation] = [
        Operation(
            "GET", "/object_info", "Every type of node.", Answer(200, "By type.", .json("NodeInfos"))),
        Operation(
            "GET", "/object_info/{node}", "One type of node.",
            Answer(200, "Empty when there is none.", .json("NodeInfos"))),
        Operation(
            "GET", "/extensions", "Scripts that extend the frontend; there are none.",
            Answer(200, "Their paths.", .json(.list(.string)))),
        Operation(
            "GET", "/system_stats", "The machine and the versions.",
            Answer(200, "Sizes are in bytes.", .json("SystemStats"))),
        Operation(
            "GET", "/features", "What this server can do.", Answer(200, "By feature.", .json("Features"))),
        Operation("GET", "/users", "Whether there are accounts.", Answer(200, "There are none.", .json("Users"))),
        Operation("GET", "/i18n", "Translations of nodes.", Answer(200, "None.", .json("Nothing"))),
        Operation(
            "GET", "/workflow_templates", "Templates of extensions.", Answer(200, "None.", .json("Nothing"))),
        Operation(
            "GET", "/global_subgraphs", "Subgraphs that are offered to everyone.",
            Answer(200, "None.", .json("Nothing"))),
        Operation(
            "GET", "/node_replacements", "Types of node that took the place of others.",
            Answer(200, "None.", .json("Nothing"))),
        Operation(
            "GET", "/internal/logs", "The newest lines of the server's log.",
            Answer(200, "One text.", .json(.string))),
        Operation(
            "GET", "/internal/logs/raw", "The same line by line.", Answer(200, "Oldest first.", .json("LogEntries"))),
        Operation(
            "PATCH", "/internal/logs/subscribe", "Taken for the frontend's sake; the log is not pushed.",
            body: .json(.object(others: .any), isRequired: false),
            Answer(200, "Taken."), .problem(400, "The body is not valid.")),
        Operation(
            "GET", "/openapi.json", "This document.", Answer(200, "OpenAPI 3.1.", .json(.object(others: .any)))),
    ]
}
