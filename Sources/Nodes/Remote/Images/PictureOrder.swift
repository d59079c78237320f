internal import GraphCore
internal import Remote

/// What a model is to paint, and how that is said to each kind of server.
///
/// Xinference 4.1 (api/restful_api.py) takes what is beyond OpenAI's fields in `kwargs`, a JSON text; `request_id` is in
/// it, which asking for progress and aborting need. Its `/v1/images/edits` has no `kwargs`, and so neither steps nor a seed
/// nor progress: a picture is changed by `/v1/images/variations` there, and by `/v1/images/inpainting` when there is a mask.
///
/// OpenAI has `/v1/images/generations` and `/v1/images/edits`. Its own models know only prompt, size and number and refuse
/// what they do not know; other servers with these routes (SGLang, vLLM-Omni and others) take `negative_prompt`,
/// `num_inference_steps`, `guidance_scale` and `seed` beside them.
struct PictureOrder: Sendable, Equatable {
    /// A picture to begin with, as PNG files.
    struct Source: Sendable, Equatable {
        var picture: [UInt8]
        /// As the kind of server has it; nil to change the whole picture.
        var mask: [UInt8]?
        /// 0 keeps the picture, 1 paints over all of it.
        var strength: Double
    }

    var prompt: String
    var negativePrompt = ""
    /// Nil leaves the size to the server.
    var size: (width: Int, height: Int)?
    /// Pictures.
    var count = 1
    /// Nil leaves it to the model.
    var steps: Int?
    /// Nil leaves it to the model.
    var guidance: Double?
    var seed: UInt64 = 0
    var source: Source?

    static func == (a: Self, b: Self) -> Bool {
        a.prompt == b.prompt && a.negativePrompt == b.negativePrompt && a.size?.width == b.size?.width
            && a.size?.height == b.size?.height && a.count == b.count && a.steps == b.steps
            && a.guidance == b.guidance && a.seed == b.seed && a.source == b.source
    }

    /// - Parameter requestID: what progress is asked for by, and what is aborted; Xinference only.
    func request(to kind: Provider.Kind, model: String, requestID: String) -> RemoteRequest {
        var request =
            switch kind {
            case .xinference: xinferenceRequest(model, requestID)
            case .openai: openAIRequest(model)
            }
        request.maxByteCount = maxByteCount
        return request
    }

    /// Of an answer: what its pictures take as base64, without compression, in 16 bits and four channels.
    var maxByteCount: Int {
        guard let size else { return RemoteRequest.defaultMaxByteCount }
        let pictures = count * size.width * size.height * 8 / 3 * 4
        return min(max(64 << 20, pictures), RemoteRequest.defaultMaxByteCount)
    }

    // MARK: Xinference

    private func xinferenceRequest(_ model: String, _ requestID: String) -> RemoteRequest {
        var kwargs = JSONObject()
        if source == nil, !negativePrompt.isEmpty { kwargs["negative_prompt"] = .string(negativePrompt) }
        if let steps { kwargs["num_inference_steps"] = .number(JSONNumber(Int128(steps))) }
        if let guidance { kwargs["guidance_scale"] = .number(JSONNumber(guidance)) }
        if let source { kwargs["strength"] = .number(JSONNumber(source.strength)) }
        kwargs["seed"] = .number(JSONNumber(Int128(seed)))
        kwargs["request_id"] = .string(requestID)
        let text = JSONWriter.text(.object(kwargs))
        let size = size.map { "\($0.width)*\($0.height)" }
        guard let source else {
            var body = JSONObject([
                .init("model", .string(model)), .init("prompt", .string(prompt)),
                .init("n", .number(JSONNumber(Int128(count)))), .init("response_format", "b64_json"),
                .init("kwargs", .string(text)),
            ])
            if let size { body["size"] = .string(size) }
            return RemoteRequest("/v1/images/generations", body: .json(.object(body)), product: .picture, model: model)
        }
        var parts = [
            RemoteRequest.Part("model", text: model), RemoteRequest.Part("prompt", text: prompt),
            RemoteRequest.Part("n", text: String(count)), RemoteRequest.Part("response_format", text: "b64_json"),
        ]
        if !negativePrompt.isEmpty { parts.append(.init("negative_prompt", text: negativePrompt)) }
        if let size { parts.append(.init("size", text: size)) }
        parts.append(.init("kwargs", text: text))
        parts.append(Self.file("image", source.picture))
        if let mask = source.mask { parts.append(Self.file("mask_image", mask)) }
        let path = source.mask == nil ? "/v1/images/variations" : "/v1/images/inpainting"
        return RemoteRequest(path, body: .form(parts), product: .picture, model: model)
    }

    // MARK: OpenAI

    /// Whether a model is one of OpenAI's own, which refuse fields they do not know.
    static func isOpenAIs(_ model: String) -> Bool { isAlwaysBase64(model) || model.hasPrefix("dall-e") }

    /// These answer in base64 and refuse to be told so.
    private static func isAlwaysBase64(_ model: String) -> Bool {
        model.hasPrefix("gpt-image") || model.hasPrefix("chatgpt-image")
    }

    /// What was asked for and cannot be told to a model; empty when there is nothing.
    func leftOut(for kind: Provider.Kind, model: String) -> [String] {
        guard kind == .openai, Self.isOpenAIs(model) else { return [] }
        return (negativePrompt.isEmpty ? [] : ["negative_prompt"]) + (steps == nil ? [] : ["steps"])
            + (guidance == nil ? [] : ["guidance"])
    }

    private func openAIRequest(_ model: String) -> RemoteRequest {
        var fields: [(name: String, value: JSON)] = [
            ("model", .string(model)), ("prompt", .string(prompt)), ("n", .number(JSONNumber(Int128(count)))),
        ]
        if let size { fields.append(("size", .string("\(size.width)x\(size.height)"))) }
        if !Self.isAlwaysBase64(model) { fields.append(("response_format", "b64_json")) }
        if !Self.isOpenAIs(model) {
            if !negativePrompt.isEmpty { fields.append(("negative_prompt", .string(negativePrompt))) }
            if let steps { fields.append(("num_inference_steps", .number(JSONNumber(Int128(steps))))) }
            if let guidance { fields.append(("guidance_scale", .number(JSONNumber(guidance)))) }
            fields.append(("seed", .number(JSONNumber(Int128(seed)))))
        }
        guard let source else {
            let body = JSONObject(fields.map { JSONObject.Member($0.name, $0.value) })
            return RemoteRequest("/v1/images/generations", body: .json(.object(body)), product: .picture, model: model)
        }
        var parts = fields.map { RemoteRequest.Part($0.name, text: $0.value.string ?? JSONWriter.text($0.value)) }
        parts.append(Self.file("image", source.picture))
        if let mask = source.mask { parts.append(Self.file("mask", mask)) }
        return RemoteRequest("/v1/images/edits", body: .form(parts), product: .picture, model: model)
    }

    private static func file(_ name: String, _ bytes: [UInt8]) -> RemoteRequest.Part {
        RemoteRequest.Part(name, file: bytes, fileName: "\(name).png", contentType: "image/png")
    }
}
