import ComfyProtocol
import GraphCore
import Nodes

@testable import GraphServer

/// Prompts as they are read from what is posted.
enum PromptTexts {
    static let registry = NodeRegistry(BuiltInNodes.all())

    /// Shows a number.
    static func read(
        _ id: String, client: String? = nil, extraData: JSON = .object(JSONObject())
    ) throws -> PromptReader {
        let body: JSON = [
            "prompt": ["1": ["class_type": "PreviewAny", "inputs": ["source": 1]]], "prompt_id": .string(id),
            "extra_data": extraData, "client_id": client.map { .string($0) } ?? .null,
        ]
        return try PromptReader(
            try ParsedPrompt(JSONWriter.bytes(body), limits: JSONParser.Limits()), registry: registry,
            environment: EmptyEnvironment())
    }
}
