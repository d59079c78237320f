extension OpenAPI {
    /// Files that prompts read and write, and what an editor keeps here.
    static let fileOperations: [Operation] = [
        Operation(
            "GET", "/view", "A file of the input, output or temp folder, whole, in part (Range) or in another form.",
            query: [
                Parameter("filename", .string, "Its name, or 'name [input]', which goes before type."),
                Parameter("subfolder", .string, "Where it lies below the folder."),
                Parameter("type", .oneOf("input", "output", "temp"), "The folder; by default output."),
                Parameter("channel", .oneOf("rgb", "rgba", "a"), "The picture without its transparency, or only that."),
                Parameter("preview", .string, "As webp or jpeg, with a quality: webp;90."),
            ],
            Answer(200, "The file; as an attachment unless it is the picture or sound it claims to be.", .bytes("*/*")),
            Answer(206, "A part of it.", .bytes("*/*")), Answer(304, "It has not changed."),
            .problem(400, "The name or type is not valid, or the picture cannot be read."),
            .problem(403, "The subfolder leads elsewhere."), .problem(404, "There is no such file."),
            .problem(416, "The range lies behind the end."),
            .problem(429, "Too many previews are being made; Retry-After says when to come again.")),
        Operation(
            "POST", "/upload/image", "Takes a file of any kind into a folder.", body: form(),
            Answer(200, "Where it is; another file of that name makes it 'a (1).png'.", .json("UploadedFile")),
            .problem(400, "There is no file, or it may not go there."),
            .problem(409, "A folder or a file is in the way."), .problem(413, "It is too large.")),
        Operation(
            "POST", "/upload/mask", "Puts the transparency of one picture into another.",
            body: form(
                ("original_ref", .string.described("The picture the mask is for, a FileReference as JSON text."))),
            Answer(200, "Where the result is.", .json("UploadedFile")),
            .problem(400, "A picture is missing or cannot be read."),
            .problem(409, "A folder or a file is in the way."), .problem(413, "It is too large.")),

        Operation(
            "GET", "/settings", "What the editor set.", Answer(200, "By id.", .json(.object(others: .any)))),
        Operation(
            "POST", "/settings", "Changes some settings.", body: .json(.object(others: .any)),
            Answer(200, "Done."), .problem(400, "The body is no JSON object.")),
        Operation(
            "GET", "/settings/{id}", "One setting.", Answer(200, "Its value; null when it is not set.", .json(.any))),
        Operation(
            "POST", "/settings/{id}", "Changes one setting.", body: .json(.any),
            Answer(200, "Done."), .problem(400, "The body is not valid JSON.")),

        Operation(
            "GET", "/userdata", "The user's files in a folder.",
            query: [
                Parameter("dir", .string, "The folder, such as workflows; it must be named."),
                Parameter("recurse", .boolean, "Also those in its folders."),
                Parameter("full_info", .boolean, "With size and times."),
                Parameter("split", .boolean, "Each as a list: the path, then its parts."),
            ],
            Answer(200, "Paths below the folder.", .json("UserFiles")),
            .problem(400, "No folder is named."), .problem(403, "The folder lies elsewhere."),
            Answer(404, "There is no such folder.", .bytes("text/plain"))),
        Operation(
            "GET", "/v2/userdata", "The user's files and folders below one, folders first.",
            query: [Parameter("path", .string, "The folder; without it all.")],
            Answer(200, "Paths below the user's folder.", .json(.list(.named("UserEntry")))),
            .problem(403, "The folder lies elsewhere."), .problem(404, "There is no such folder.")),
        Operation(
            "GET", "/userdata/{file}", "One of the user's files; a path has its / as %2F.",
            Answer(200, "The file.", .bytes("*/*")), Answer(206, "A part of it.", .bytes("*/*")),
            Answer(304, "It has not changed."), .problem(403, "The path leads elsewhere."),
            .problem(404, "There is no such file.")),
        Operation(
            "POST", "/userdata/{file}", "Writes one whole or not at all.", query: [overwrite, fullInfo],
            body: .bytes("application/octet-stream"),
            Answer(200, "Its path, or all about it.", .json("UserFileOrPath")),
            .problem(400, "The name is not valid."), .problem(403, "The path leads elsewhere."),
            .problem(409, "There is one already, or a folder or a file is in the way.")),
        Operation(
            "DELETE", "/userdata/{file}", "Deletes one.", Answer(204, "It is gone."),
            .problem(403, "The path leads elsewhere."), .problem(404, "There is no such file.")),
        Operation(
            "POST", "/userdata/{file}/move/{destination}", "Renames one.", query: [overwrite, fullInfo],
            Answer(200, "Its new path, or all about it.", .json("UserFileOrPath")),
            .problem(403, "A path leads elsewhere."), .problem(404, "There is no such file."),
            .problem(409, "There is one already, or a folder or a file is in the way.")),
    ]

    /// Models, and what a browser opens.
    static let pageOperations: [Operation] = [
        Operation("GET", "/models", "Kinds of models.", Answer(200, "Their folders.", .json(.list(.string)))),
        Operation(
            "GET", "/models/{folder}", "The models of one kind.", Answer(200, "Paths.", .json(.list(.string))),
            .problem(404, "There is no such kind.")),
        Operation(
            "GET", "/experiment/models", "Kinds of models with their folders.",
            Answer(
                200, "Below the base folder, or by the section of a file that names further ones.",
                .json("ModelFolders"))),
        Operation(
            "GET", "/experiment/models/{folder}", "The models of one kind.",
            Answer(200, "Their folders by number.", .json("ModelFiles")), .problem(404, "There is no such kind.")),
        Operation(
            "GET", "/experiment/models/preview/{folder}/{index}/{name}",
            "The picture beside a model; index is its pathIndex.",
            Answer(200, "As WebP.", .bytes("image/webp")), Answer(304, "It has not changed."),
            .problem(404, "There is no such model, or no picture of it.")),
        Operation(
            "GET", "/embeddings", "Text embeddings.", Answer(200, "Names without .safetensors.", .json(.list(.string)))),
        Operation(
            "GET", "/view_metadata/{folder}", "What a .safetensors file says of itself.",
            query: [Parameter("filename", .string, "As /models/{folder} lists it.")],
            Answer(200, "The __metadata__ of its header.", .json(.object(others: .any))),
            .problem(404, "Nothing is known of it.")),
        Operation(
            "GET", "/internal/files/{type}", "The files in the input, output or temp folder, newest first.",
            Answer(200, "As 'a.png [input]'.", .json(.list(.string))), .problem(400, "There is no such folder.")),
        Operation(
            "GET", "/internal/folder_paths", "Where models are looked for.",
            Answer(200, "Folders by kind, in order, named as in /experiment/models.", .json(.map(.list(.string))))),
        Operation(
            "GET", "/", "The frontend given by --front-end-root, or a page about the server.",
            Answer(200, "A page.", .bytes("text/html"))),
        Operation(
            "GET", "/user.css", "The user's style for the frontend.", Answer(200, "A style sheet.", .bytes("text/css")),
            Answer(404, "There is none; the body is empty.", .bytes("text/css"))),
        Operation(
            "GET", "/templates/index.json", "The workflows that the editor offers.",
            Answer(200, "By group.", .json("Templates"))),
        Operation(
            "GET", "/templates/index_logo.json", "Logos of templates.",
            Answer(200, "By name.", .json(.object(others: .any)))),
        Operation(
            "GET", "/templates/{file}", "A workflow, or its picture.", Answer(200, "The file.", .bytes("*/*")),
            .problem(404, "There is none.")),
    ]

    static let fileSchemas: Schema.Fields = [
        "UploadedFile": .object([
            "name": .string, "subfolder": .string, "type": .oneOf("input", "output", "temp"),
        ]),
        "UserFile": .object([
            "path": .string, "size": .integer.described("In bytes."),
            "modified": .integer.described("Milliseconds since 1970."), "created": .integer,
        ]),
        "UserFileOrPath": .anyOf(.string, .named("UserFile")),
        "UserFiles": .anyOf(.list(.string), .list(.list(.string)), .list(.named("UserFile"))),
        "ModelFolders": .list(.object(["name": .string, "folders": .list(.string)])),
        "ModelFiles": .list(.object(["name": .string, "pathIndex": .integer])),
        "Templates": .list(
            .object(
                [
                    "moduleName": .string, "title": .string, "type": .string,
                    "templates": .list(
                        .object(
                            [
                                "name": .string, "title": .string, "mediaType": .string, "mediaSubtype": .string,
                                "description": .string,
                            ], others: .any)),
                ], others: .any)),
    ]

    private static let overwrite = Parameter(
        "overwrite", .boolean, "false keeps a file that is there; by default true.")
    private static let fullInfo = Parameter("full_info", .boolean, "Answer with size and times.")

    private static func form(_ more: Schema.Fields.Element...) -> Content {
        let fields: Schema.Fields = [
            "type": .oneOf("input", "output", "temp").described("The folder; by default input."),
            "subfolder": .string, "overwrite": .oneOf("true", "1", "false").described("Take the place of that name."),
        ]
        return Content(
            mediaType: "multipart/form-data",
            schema: .object(fields: [("image", .any.described("The file."))], optional: fields + more))
    }
}
