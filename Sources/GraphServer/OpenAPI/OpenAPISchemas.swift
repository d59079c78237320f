extension OpenAPI {
    static let schemas: [Schema.Fields.Element] =
        Array(errorSchemas) + Array(promptSchemas) + jobSchemas + Array(nodeSchemas) + Array(systemSchemas)
        + Array(fileSchemas)

    // MARK: Refusals

    private static let errorSchemas: Schema.Fields = [
        "Error": .object(
            [
                "type": .string.described("A word for programs, such as prompt_no_outputs or http_404."),
                "message": .string.described("What is wrong, in one sentence."),
                "details": .string.described("Where; may be empty."),
                "extra_info": .map(.any),
            ], optional: ["suggestion": .string.described("What to try next.")]),
        "Problem": .object(["error": .named("Error")]),
        "PromptRefused": .object(["error": .named("Error"), "node_errors": .named("NodeErrors")]),
        "NodeErrors": .map(
            .object([
                "errors": .list(.named("NodeError")),
                "dependent_outputs": .list(.string).described("The output nodes that need this node."),
                "class_type": .string,
            ])
        ).described("What is wrong with nodes, by node id."),
        "NodeError": .object(
            [
                "type": .oneOf(
                    "required_input_missing", "return_type_mismatch", "bad_linked_input", "invalid_input_type",
                    "value_smaller_than_min", "value_bigger_than_max", "value_not_in_list", "custom_validation_failed",
                    "dependency_cycle", "invalid_prompt"),
                "message": .string, "details": .string, "extra_info": .named("ErrorPlace"),
                "explanation": .string.described("The same in one plain sentence."),
            ], optional: ["suggestion": .string]),
        "ErrorPlace": .object(
            optional: [
                "input_name": .string, "input_config": .any, "received_value": .any, "received_type": .string,
                "linked_node": .any, "exception_message": .string,
            ]
        ).described("Where in the node, as far as the error has a place."),
    ]

    // MARK: Prompts

    private static let promptSchemas: Schema.Fields = [
        "QueueState": .object(["exec_info": .named("ExecInfo")]),
        "ExecInfo": .object(["queue_remaining": .integer.described("Prompts that wait or run.")]),
        "Graph": .map(.named("GraphNode")).described("A workflow in the API format, by node id."),
        "GraphNode": .object(
            ["class_type": .string],
            optional: ["inputs": .map(.any).described("Values, or links: [node id, output].")], others: .any),
        "PromptRequest": .object(
            optional: [
                "prompt": .named("Graph"),
                "workflow": .map(.any).described("Instead of prompt: a workflow in any format that graphrun reads."),
                "client_id": .string.described("Whose sockets hear of it."),
                "prompt_id": .string.described("1 to 256 bytes; without it one is made."),
                "number": .number.described("Its place: lower ones run first."),
                "front": .boolean.described("Before all that wait."),
                "extra_data": .map(.any).described("Kept with it; extra_pnginfo goes into saved pictures."),
                "partial_execution_targets": .list(.string).described("Run only these output nodes."),
            ], others: .any
        ).described("With prompt or workflow, or a workflow itself."),
        "PromptAccepted": .object(
            [
                "prompt_id": .string, "number": .number.described("Its place in the queue."),
                "node_errors": .named("NodeErrors"),
            ], optional: ["notes": .list(.string).described("What is odd about a file of the editor.")]),
        "QueuedPrompt": .tuple(
            .number, .string, .named("Graph"), .map(.any), .list(.string)
        ).described("Number, prompt id, graph, extra_data, output nodes."),
        "Queue": .object([
            "queue_running": .list(.named("QueuedPrompt")), "queue_pending": .list(.named("QueuedPrompt")),
        ]),
        "ListChange": .object(
            optional: ["clear": .boolean.described("All of them."), "delete": .list(.string).described("These.")]),
        "InterruptRequest": .object(
            optional: [
                "prompt_id": .anyOf(.string, .null).described("Only this one; without it everything that runs.")
            ]),
        "FreeRequest": .object(optional: ["unload_models": .boolean, "free_memory": .boolean]),

        "History": .map(.named("HistoryEntry")),
        "HistoryEntry": .object([
            "prompt": .named("QueuedPrompt"), "outputs": .named("Outputs"), "status": .named("RunStatus"),
            "meta": .named("OutputPlaces"),
        ]),
        "Outputs": .map(.named("NodeOutput")).described("What nodes put out, by node id."),
        "NodeOutput": .object(
            optional: [
                "images": .list(.named("FileReference")), "audio": .list(.named("FileReference")),
                "text": .list(.string),
            ], others: .any),
        "FileReference": .object([
            "filename": .string, "subfolder": .string, "type": .oneOf("input", "output", "temp"),
        ]).described("The query of GET /view."),
        "RunStatus": .object([
            "status_str": .oneOf("success", "error"), "completed": .boolean,
            "messages": .list(.tuple(.string, .map(.any))).described("Type and data of what was sent on /ws."),
        ]),
        "OutputPlaces": .map(
            .object([
                "node_id": .string, "display_node": .string, "parent_node": .stringOrNull, "real_node_id": .string,
            ])),
    ]

    // MARK: Jobs

    private static let jobFields: Schema.Fields = [
        "id": .string, "status": .oneOf("pending", "in_progress", "completed", "failed", "cancelled"),
        "priority": .number, "create_time": .integer.described("Milliseconds since 1970, as all times here."),
        "outputs_count": .integer,
    ]
    private static let optionalJobFields: Schema.Fields = [
        "workflow_id": .string, "execution_start_time": .integer, "execution_end_time": .integer,
        "progress": .number.described("How far a run under way is, 0 to 100."),
        "stage": .string.described("What happens now, as a word for programs."),
        "message": .string.described("The same for people."),
        "estimated_seconds_left": .number.described("From measured durations, where there are some."),
        "preview_output": .named("JobPreview"), "execution_error": .named("ExecutionError"),
    ]

    private static let jobSchemas: [Schema.Fields.Element] = [
        ("Job", .object(fields: Array(jobFields), optional: Array(optionalJobFields))),
        (
            "JobDetail",
            .object(
                fields: jobFields + [
                    ("workflow", .object(["prompt": .named("Graph"), "extra_data": .map(.any)]))
                ],
                optional: optionalJobFields + [
                    ("outputs", .named("Outputs")), ("execution_status", .named("RunStatus")),
                    ("execution_meta", .named("OutputPlaces")),
                ])
        ),
        (
            "JobPreview",
            .object([
                "filename": .string, "subfolder": .string, "type": .oneOf("input", "output", "temp"),
                "nodeId": .string, "mediaType": .string,
            ])
        ),
        (
            "JobList",
            .object([
                "jobs": .list(.named("Job")),
                "pagination": .object([
                    "offset": .integer, "limit": .integer, "total": .integer, "has_more": .boolean,
                ]),
            ])
        ),
        ("JobIDs", .object(["job_ids": .list(.string)])),
        ("Cancelled", .object(["cancelled": .boolean])),
        (
            "UserEntry",
            .object(
                ["name": .string, "path": .string, "type": .oneOf("file", "directory")],
                optional: ["size": .integer, "modified": .integer, "created": .integer])
        ),
        ("ExecutionError", .object(fields: Array(errorFields), optional: Array(optionalErrorFields))),
    ]

    static let errorFields: Schema.Fields = [
        "prompt_id": .string, "node_id": .string, "node_type": .string, "executed": .list(.string),
        "exception_message": .string, "exception_type": .string, "traceback": .list(.string),
        "current_inputs": .anyOf(.map(.list(.any)), .list(.any)), "current_outputs": .list(.any),
    ]
    /// A node that was blocked has no time.
    static let optionalErrorFields: Schema.Fields = ["suggestion": .string, "timestamp": .integer]

    // MARK: Nodes

    private static let nodeSchemas: Schema.Fields = [
        "NodeInfos": .map(.named("NodeInfo")),
        "NodeInfo": .object(
            [
                "input": .object(
                    ["required": .named("NodeInputs")],
                    optional: ["optional": .named("NodeInputs"), "hidden": .named("HiddenInputs")]),
                "input_order": .object(
                    ["required": .list(.string)],
                    optional: ["optional": .list(.string), "hidden": .list(.string)]),
                "output": .list(.string), "output_is_list": .list(.boolean), "output_name": .list(.string),
                "name": .string, "display_name": .stringOrNull, "description": .string, "python_module": .string,
                "category": .string, "output_node": .boolean,
            ],
            optional: [
                "output_tooltips": .list(.stringOrNull), "deprecated": .boolean, "experimental": .boolean,
                "api_node": .boolean,
            ]),
        "NodeInputs": .map(
            .anyOf(.tuple(.named("SocketType")), .tuple(.named("SocketType"), .map(.any)))
        ).described("Type and options by input name."),
        "HiddenInputs": .map(.anyOf(.string, .list(.any))),
        "SocketType": .anyOf(.string, .list(.string).described("The choices of a list.")),
    ]

    // MARK: The system

    private static let systemSchemas: Schema.Fields = [
        "Nothing": .nothing,
        "SystemStats": .object([
            "system": .object([
                "os": .string, "ram_total": .integer, "ram_free": .integer, "comfyui_version": .string,
                "required_frontend_version": .string, "installed_templates_version": .stringOrNull,
                "required_templates_version": .stringOrNull, "python_version": .string, "pytorch_version": .string,
                "embedded_python": .boolean, "argv": .list(.string), "graphrun_version": .string,
            ]),
            "devices": .list(
                .object([
                    "name": .string, "type": .string, "index": .anyOf(.integer, .null), "vram_total": .integer,
                    "vram_free": .integer, "torch_vram_total": .integer, "torch_vram_free": .integer,
                ])),
        ]),
        "Features": .object([
            "supports_preview_metadata": .boolean, "max_upload_size": .integer.described("In bytes."),
            "supports_progress_text_metadata": .boolean,
        ]),
        "Users": .object(["storage": .string, "migrated": .boolean]),
        "LogEntries": .object([
            "entries": .list(.object(["t": .string.described("ISO 8601."), "m": .string])),
            "size": .object(["cols": .integer, "rows": .integer]),
        ]),
    ]
}
