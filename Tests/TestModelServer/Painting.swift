internal import GraphCore
internal import HTTP
internal import Synchronization

/// `POST /v1/images/...`.
enum Painting {
    static func generate(_ request: Recorded, _ stage: ScriptedServer.Stage) async -> Response {
        for name in ["model", "prompt"] where request.field(name) == nil { return stage.missingField(name) }
        return await paint(request, stage)
    }

    static func edit(_ request: Recorded, _ stage: ScriptedServer.Stage) async -> Response {
        if request.path.hasSuffix("/edits"), request.field("prompt") == nil { return stage.missingField("prompt") }
        guard request.parts.contains(where: { $0.name.hasPrefix("image") && $0.fileName != nil }) else {
            return Response(400, json: ["detail": "At least one image file is required"])
        }
        if request.path.hasSuffix("/inpainting"), request.part("mask_image") == nil {
            return stage.missingField("mask_image")
        }
        return await paint(request, stage)
    }

    private static func paint(_ request: Recorded, _ stage: ScriptedServer.Stage) async -> Response {
        if let missing = stage.missing(request.field("model") ?? "") { return missing }
        let id = request.kwargs?["request_id"]?.string
        if let id, stage.kind == .xinference {
            stage.script.withLock { script in _ = script.knownRequests.insert(id) }
            let isOver = await stage.waits { $0.progress.isEmpty || $0.aborted.contains(id) }
            if stage.script.withLock({ $0.aborted.contains(id) }) {
                return Response(409, json: ["detail": .string("The request has been cancelled: \(id)")])
            }
            if !isOver { return Response(500, text: "nobody asked for the progress") }
        }
        let (width, height) = size(request.field("size")) ?? (64, 48)
        let count = request.field("n").flatMap { Int($0) } ?? 1
        let data = (0..<count).map { number -> JSON in
            ["b64_json": .string(Base64.encode(MadePicture.png(width: width, height: height, number: number)))]
        }
        return Response(200, json: ["created": 1_700_000_000, "data": .array(data)])
    }

    /// `1024*768` as Xinference has it, `1024x768` as OpenAI.
    private static func size(_ text: String?) -> (Int, Int)? {
        let numbers = (text ?? "").split { $0 == "*" || $0 == "x" }.compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}
