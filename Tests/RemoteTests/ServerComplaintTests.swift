import Testing

@testable import Remote

@Suite("What a server complains of")
struct ServerComplaintTests {
    private func complaint(_ status: Int, _ body: String, key: String? = nil) -> ServerComplaint {
        ServerComplaint(status: status, body: Array(body.utf8), key: key.flatMap { Secret($0) })
    }

    @Test(
        "is found wherever servers say it",
        arguments: [
            (#"{"error": {"message": "The model is busy", "type": "x"}}"#, "The model is busy"),
            (#"{"error": "no such route"}"#, "no such route"), (#"{"detail": "Not Found"}"#, "Not Found"),
            (
                #"{"detail": [{"loc": ["body", "voice"], "msg": "Field required"}, {"loc": ["body", 3], "msg": "Bad"}]}"#,
                "body.voice: Field required; body.3: Bad"
            ),
            (#"{"message": "hm"}"#, "hm"), (#"{"a": 1}"#, #"{"a":1}"#), (#""text""#, "text"),
            ("plain\n  text\t!", "plain text !"),
            ("<html><head><TITLE>502 Bad Gateway</TITLE></head><body>nginx</body></html>", "502 Bad Gateway"),
            ("<html></html>", ""), ("", ""), ("{half", "{half"), ("a\u{1B}[31mb", "a [31mb"),
            ("[address=127.0.0.1:4, pid=7] CUDA error", "CUDA error"),
        ])
    func words(body: String, message: String) { #expect(complaint(500, body).message == message) }

    @Test("is cut to what people read, and never holds the key")
    func bounded() {
        let long = complaint(500, String(repeating: "ab ", count: 10_000))
        #expect(long.message.count == 403 && long.message.hasSuffix("..."))
        #expect(
            complaint(401, #"{"detail": "sk-1 is no key"}"#, key: "sk-1").message == "(secret) is no key")
        // A key that the cut would leave in half is gone before.
        let split = complaint(401, String(repeating: "x", count: 395) + " sk-12345678", key: "sk-12345678").message
        #expect(!split.contains("sk-"))
    }

    @Test(
        "is understood where something can be done about it",
        arguments: [
            (500, "CUDA out of memory. Tried to allocate", ServerComplaint.Cause.outOfMemory),
            (500, "RuntimeError: MPS backend out of memory", .outOfMemory),
            (404, "Model not found in the model list, uid: x", .modelMissing),
            (400, "Model not found in the model list, uid: x", .modelMissing),
            (404, "The model `x` does not exist", .modelMissing),
            (503, "Model is loading, please retry later: x", .modelLoading),
            (500, "Invalid voice x, CosyVoice available speakers: []", .voiceUnknown), (404, "Not Found", .other),
            (503, "Service Unavailable", .other),
        ])
    func causes(status: Int, message: String, cause: ServerComplaint.Cause) {
        #expect(complaint(status, message).cause == cause)
    }
}
