import GraphCore
import Synchronization
import TestData
import TestModelServer
import Testing

@testable import Remote

@Suite("A call to a model server", .timeLimit(.minutes(1)))
struct ModelServerTests {
    @Test("sends JSON or a form with the key, and brings the answer")
    func sends() async throws {
        let calling = try Calling(key: "sk-1") { $0.key = Secret("sk-1") }
        let answer = try await calling.send()
        #expect(answer.body.count == 44 + 2 * MadeSound.sampleCount(of: "Hello"))
        var form = Calling.speech()
        form.body = .form([
            .init("model", text: "CosyVoice2-0.5B"), .init("input", text: "你好"), .init("voice", text: ""),
            .init("prompt_speech", file: [1, 2, 3], fileName: "voice.wav", contentType: "audio/wav"),
        ])
        _ = try await calling.send(form)
        let requests = calling.peer.requests
        #expect(requests.map(\.path) == ["/v1/audio/speech", "/v1/audio/speech"])
        #expect(requests[0].json?["input"] == "Hello" && requests[0].header("Content-Type") == "application/json")
        #expect(requests[1].field("input") == "你好" && requests[1].field("voice") == "")
        #expect(
            requests[1].part("prompt_speech")
                == Recorded.Part(
                    name: "prompt_speech", fileName: "voice.wav", contentType: "audio/wav", bytes: [1, 2, 3]))
        #expect(requests.allSatisfy { $0.header("Authorization") == "Bearer sk-1" })
        await calling.peer.stop()
    }

    @Test("has at most so many at work as the provider may have, and tells the others")
    func limited() async throws {
        let calling = try Calling { $0.limit = 2 }
        for _ in 0..<4 { calling.peer.stage(.held) }
        let tasks = (0..<4).map { _ in Task { try await calling.send() } }
        #expect(await calling.peer.waits { $0.runningCount == 2 })
        try await waits("two wait") { calling.server.waitingCount >= 2 }
        calling.peer.release()
        for task in tasks { _ = try await task.value }
        #expect(calling.peer.mostAtOnce == 2)
        let waits = calling.heard.lines.filter { $0.hasPrefix("waiting_for_server") }
        #expect(waits.first == "waiting_for_server: 'local' is working; this request is next")
        #expect(waits.contains("waiting_for_server: 'local' is working; 1 more before this request"))
        await calling.peer.stop()
    }

    @Test("ends at once when it is cancelled, and the server notices")
    func cancelled() async throws {
        let calling = try Calling()
        calling.peer.stage(.held)
        let task = Task { try await calling.send() }
        #expect(await calling.peer.waits { $0.runningCount == 1 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await calling.peer.waits { $0.abandonedCount == 1 })
        await calling.peer.stop()
    }

    @Test("brings an answer piece by piece as it comes")
    func streamed() async throws {
        let calling = try Calling()
        calling.peer.holdStream(afterPieces: 2)
        var request = Calling.speech("A text of many words that takes a while to say")
        request.body = .json([
            "model": "CosyVoice2-0.5B", "input": "A text of many words that takes a while to say", "voice": "",
            "stream": true,
        ])
        let box = Box()
        request.receive = { piece in box.bytes.withLock { $0 += piece } }
        let sending = request
        let task = Task { try await calling.send(sending) }
        while box.bytes.withLock({ $0.count }) < 44 + MadeSound.sampleRate {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(calling.peer.openStreamCount == 1)
        calling.peer.release()
        #expect(try await task.value.body == [])
        let count = MadeSound.sampleCount(of: "A text of many words that takes a while to say")
        #expect(box.bytes.withLock { $0 } == MadeSound.header(dataByteCount: nil) + MadeSound.samples(count))
        await calling.peer.stop()
    }

    private final class Box: Sendable {
        let bytes = Mutex([UInt8]())
    }

    @Test("throws what its receiver throws, and asks for nothing again")
    func receiverFails() async throws {
        struct Full: Error {}
        let calling = try Calling()
        var request = Calling.speech()
        request.receive = { _ in throw Full() }
        await #expect(throws: Full.self) { try await calling.send(request) }
        #expect(calling.peer.requests.count == 1)
        await calling.peer.stop()
    }

    @Test("takes no more than its bound")
    func huge() async throws {
        let calling = try Calling()
        calling.peer.stage(.huge(8 << 20))
        var request = Calling.speech()
        request.maxByteCount = 1 << 20
        #expect(
            await calling.complaint(request) == """
                the answer of 'local' is larger than 1048576 bytes
                  Ask for less at once.
                """)
        await calling.peer.stop()
    }

    @Test("follows no redirect, and hands its body to nobody")
    func redirected() async throws {
        let other = try ScriptedServer()
        let calling = try Calling()
        calling.peer.stage(.redirect(other.url + "/v1/audio/speech"), .redirect("/elsewhere"))
        let complaint = await calling.complaint() ?? ""
        #expect(
            complaint.replacing("\(other.port)", with: "PORT") == """
                'local' answered 302: it redirects to 'http://127.0.0.1:PORT/v1/audio/speech'
                  Put the address that answers itself into the url of 'local'; redirects are not followed.
                """)
        var request = Calling.speech()
        request.receive = { _ in Issue.record("a redirect's body is no sound") }
        #expect(await calling.complaint(request) != nil)
        #expect(other.requests.isEmpty)
        await calling.peer.stop()
        await other.stop()
    }

    @Test("ends when the whole time is over")
    func timed() async throws {
        let calling = try Calling { $0.timeout = .milliseconds(300) }
        calling.peer.stage(.held)
        #expect(
            await calling.complaint() == """
                'local' was not done after 0.3 s
                  Give it less work, or more time with 'timeout' in its configuration.
                """)
        await calling.peer.stop()
    }

    @Test(
        "says what a server complains of, and what to do",
        arguments: [
            (
                Fault.outOfMemory,
                "'local' answered 500: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.65 "
                    + "GiB of which 1.20 GiB is free.",
                "Speak a shorter text, end other models on the server, or lower the 'limit' of 'local'."
            ),
            (
                .unauthorized, "'local' answered 401: Could not validate credentials",
                "Set the key of 'local' in the environment variable GRAPHRUN_PROVIDER_LOCAL_KEY."
            ),
            (
                .status(404, "Not Found"), "'local' answered 404: Not Found",
                "Check the url of 'local': http://HOST/v1/audio/speech is asked for."
            ),
            (
                .status(413, "too much"), "'local' answered 413: too much",
                "Send less at once: a shorter sound, a smaller picture, a shorter text."
            ),
            (
                .status(422, "no"), "'local' answered 422: no",
                "Check the node's inputs, and that CosyVoice2-0.5B takes them."
            ),
            (.status(500, "boom"), "'local' answered 500: boom", "Look into the server's log."),
        ])
    func complaints(fault: Fault, message: String, suggestion: String) async throws {
        let calling = try Calling()
        calling.peer.stage(fault)
        #expect(await calling.complaint() == message + "\n  " + suggestion)
        await calling.peer.stop()
    }

    @Test("says how a picture fits into the GPU's memory")
    func pictureMemory() async throws {
        let calling = try Calling()
        calling.peer.stage(.outOfMemory)
        let request = RemoteRequest(
            "/v1/images/generations", body: .json([:]), product: .picture, model: "Z-Image-Turbo")
        #expect(
            await calling.complaint(request)?.split(separator: "\n  ").last
                == "Choose fewer steps or a smaller size, or launch the model with --cpu_offload true (xinference launch "
                + "--model-name Z-Image-Turbo --model-type image --cpu_offload true).")
        await calling.peer.stop()
    }

    @Test("names the models that run when the wanted one does not")
    func modelMissing() async throws {
        let calling = try Calling()
        #expect(
            await calling.complaint(Calling.speech(model: "CosyVoice3")) == """
                'local' answered 404: Model not found in the model list, uid: CosyVoice3
                  Launch it: xinference launch --model-name CosyVoice3 --model-type audio; running there: CosyVoice2-0.5B, \
                IndexTTS2, Z-Image-Turbo, gpt-image-1, tts-1.
                """)
        let other = try Calling(.openai)
        #expect(
            await other.complaint(Calling.speech(model: "tts-9")) == """
                'local' answered 404: The model `tts-9` does not exist or you do not have access to it.
                  Name a model that the server has; running there: CosyVoice2-0.5B, IndexTTS2, Z-Image-Turbo, gpt-image-1, tts-1.
                """)
        await calling.peer.stop()
        await other.peer.stop()
    }

    @Test("keeps the key from all that it tells, whatever the server repeats")
    func secret() async throws {
        let calling = try Calling {
            $0.key = Secret("sk-very-hidden")
            $0.keySource = "the environment variable KEY"
        }
        calling.peer.stage(
            .status(401, "the key sk-very-hidden is wrong"),
            .status(429, "sk-very-hidden comes too often", retryAfter: "0"),
            .redirect("http://evil/?key=sk-very-hidden"), .status(500, "Bearer sk-very-hidden"))
        var told: [String] = []
        for _ in 0..<3 { told.append(await calling.complaint() ?? "") }
        told += calling.heard.lines + ["\(calling.server.provider)", String(reflecting: calling.server.provider)]
        var dumped = ""
        dump(calling.server, to: &dumped)
        told.append(dumped)
        #expect(
            told[0].contains("(secret)")
                && told[0].hasSuffix("Check the key of 'local', which comes from the environment variable KEY."))
        for text in told { #expect(!text.contains("very-hidden"), "\(text)") }
        // It did go out.
        #expect(calling.peer.requests.allSatisfy { $0.header("Authorization") == "Bearer sk-very-hidden" })
        await calling.peer.stop()
    }

    @Test("can be asked what runs, how far a picture is, and to drop it")
    func questions() async throws {
        let calling = try Calling()
        #expect(
            try await calling.server.runningModels().first
                == RunningModel(id: "CosyVoice2-0.5B", modelName: "CosyVoice2-0.5B", modelType: "audio"))
        #expect(await calling.server.xinferenceVersion() == "4.1.0")
        #expect(try await calling.server.progress(of: "none") == nil)
        calling.peer.stageProgress(0.25, 0.5)
        let request = RemoteRequest(
            "/v1/images/generations",
            body: .json(["model": "Z-Image-Turbo", "prompt": "x", "size": "8*8", "kwargs": #"{"request_id": "a/b"}"#]),
            product: .picture, model: "Z-Image-Turbo")
        let task = Task { try await calling.send(request) }
        #expect(await calling.peer.waits { $0.runningCount == 1 })
        try await waits("a quarter is done") { try await calling.server.progress(of: "a/b") == 0.25 }
        await calling.server.abort(requestID: "a/b", model: "Z-Image-Turbo")
        await #expect(throws: Diagnostic.self) { try await task.value }
        #expect(calling.peer.abortedRequests == ["a/b"])
        await calling.peer.stop()
    }

    @Test("fetches what an answer names from the same server alone")
    func fetches() async throws {
        let calling = try Calling()
        let answer = try await calling.server.fetch(calling.peer.url + "/v1/models")
        #expect(try answer.json()["object"] == "list")
        do {
            _ = try await calling.server.fetch("http://evil.example/a.png")
            Issue.record("it was fetched")
        } catch let diagnostic as Diagnostic {
            #expect(
                diagnostic.text == """
                    'local' answered with an address of another server, which is not fetched: 'http://evil.example/a.png'
                      Use a server that answers with the picture itself (b64_json).
                    """)
        }
        await calling.peer.stop()
    }
}

@Suite("The providers")
struct ProvidersTests {
    private func providers(_ names: String...) throws -> Providers {
        Providers(try names.map { Provider(name: $0, url: try ProviderURL("http://h")) })
    }

    @Test("are known by name, the first one as the default, too")
    func names() throws {
        let providers = try providers("one", "two")
        #expect(providers.names == ["one", "two"])
        #expect(try providers.server().provider.name == "one")
        #expect(try providers.server("").provider.name == "one")
        #expect(try providers.server("two").provider.name == "two")
        #expect(try self.providers("one", "default").server().provider.name == "default")
    }

    @Test("have the first of a kind as the default for who needs that kind")
    func kinds() throws {
        var described = try ["cloud", "local", "spare"].map { Provider(name: $0, url: try ProviderURL("http://h")) }
        #expect(try Providers(described).server(needed: .xinference).provider.name == "cloud", "there is no better one")
        (described[1].kind, described[2].kind) = (.xinference, .xinference)
        let providers = Providers(described)
        #expect(try providers.server(needed: .xinference).provider.name == "local")
        #expect(try providers.server("", needed: .openai).provider.name == "cloud")
        #expect(try providers.server().provider.name == "cloud")
        #expect(try providers.server("cloud", needed: .xinference).provider.name == "cloud", "it was named")
    }

    @Test("say which there are when one is not")
    func unknown() throws {
        func text(_ providers: Providers, _ name: String) -> String? {
            do throws(Diagnostic) {
                _ = try providers.server(name)
                return nil
            } catch { return error.text }
        }
        #expect(try text(providers("local", "cloud"), "locl") == "there is no provider 'locl'\n  Did you mean 'local'?")
        #expect(
            try text(providers("local", "cloud"), "elsewhere")
                == "there is no provider 'elsewhere'\n  Name one of: local, cloud.")
        #expect(
            text(.none, "default") == """
                no model server is configured
                  Start one (docs/MODEL-SERVERS.md) and name it in graphrun.yaml:
                  providers:
                    local: {kind: xinference, url: "http://127.0.0.1:9997"}
                """)
    }

    @Test("name the model for a type of node")
    func models() throws {
        var provider = Provider(name: "a", url: try ProviderURL("http://h"))
        provider.models = ["CosyVoice3": ["one", "two"]]
        func model(_ type: String, _ chosen: String = "", fallback: String? = nil) throws -> String {
            try Providers([provider]).server().model(for: type, chosen: chosen, fallback: fallback)
        }
        #expect(try model("CosyVoice3") == "one")
        #expect(try model("CosyVoice3", "mine") == "mine")
        #expect(try model("IndexTTS2", fallback: "IndexTTS2") == "IndexTTS2")
        do {
            _ = try model("TTS")
            Issue.record("there is no model")
        } catch let diagnostic as Diagnostic {
            #expect(
                diagnostic.text == """
                    no model of provider 'a' is named for TTS
                      Name one in the input 'model', or under 'models' of 'a' in the configuration: models: {TTS: MODEL}.
                    """)
        }
        provider.model = "all"
        #expect(try model("TTS") == "all")
    }
}
