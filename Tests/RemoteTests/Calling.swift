import GraphCore
import Synchronization
import TestModelServer

@testable import Remote

/// A scripted server, and a provider that leads to it.
struct Calling {
    let peer: ScriptedServer
    let server: ModelServer
    let heard = Heard()

    init(
        _ kind: Provider.Kind = .xinference, key: String? = nil, pacing: Pacing = .real,
        _ change: (inout Provider) -> Void = { _ in }
    ) throws {
        peer = try ScriptedServer(kind == .openai ? .openai : .xinference, key: key)
        var provider = Provider(name: "local", url: try ProviderURL(peer.url))
        provider.kind = kind
        change(&provider)
        server = try Providers([provider], pacing: pacing).server()
    }

    static func speech(_ text: String = "Hello", model: String = "CosyVoice2-0.5B") -> RemoteRequest {
        RemoteRequest(
            "/v1/audio/speech",
            body: .json(["model": .string(model), "input": .string(text), "voice": "", "response_format": "wav"]),
            product: .sound, model: model)
    }

    func send(_ request: RemoteRequest = speech()) async throws -> RemoteAnswer {
        let heard = heard
        return try await server.send(request, CallReport { heard.add("\($0.rawValue): \($1)") })
    }

    /// What goes wrong, as people read it.
    func complaint(_ request: RemoteRequest = speech()) async -> String? {
        do {
            _ = try await send(request)
            return nil
        } catch let diagnostic as Diagnostic {
            return diagnostic.text.replacing("127.0.0.1:\(peer.port)", with: "HOST")
        } catch { return "\(error)" }
    }
}

/// Phases in the order they were told.
final class Heard: Sendable {
    private let state = Mutex([String]())
    func add(_ line: String) { state.withLock { $0.append(line) } }
    var lines: [String] { state.withLock { $0 } }
}
