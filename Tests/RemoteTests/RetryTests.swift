import GraphCore
import TestData
import TestModelServer
import Testing

@testable import Remote

@Suite("A call that may come through later", .timeLimit(.minutes(1)))
struct RetryTests {
    private let pacing = ManualPacing()

    @Test("is made again after 429, and each wait is told")
    func busy() async throws {
        let calling = try Calling(pacing: pacing.pacing)
        calling.peer.stage(.busy(retryAfter: "4"), .busy())
        let answer = try await calling.send()
        #expect(answer.status == 200 && answer.contentType == "audio/wav")
        #expect(pacing.waits == [.seconds(4), .milliseconds(500)])
        #expect(
            calling.heard.lines == [
                "processing: CosyVoice2-0.5B on 'local'",
                "waiting_for_server: 'local' is busy (429); trying again in 4 s (2 of 5)",
                "processing: CosyVoice2-0.5B on 'local'",
                "waiting_for_server: 'local' is busy (429); trying again in 0.5 s (3 of 5)",
                "processing: CosyVoice2-0.5B on 'local'", "downloading: the answer arrives",
            ])
        await calling.peer.stop()
    }

    @Test("is made five times, with longer and longer waits", arguments: [429, 502, 503, 504])
    func givenUp(status: Int) async throws {
        let calling = try Calling(pacing: pacing.pacing)
        for _ in 0..<6 { calling.peer.stage(.status(status, "no room")) }
        #expect(
            await calling.complaint() == """
                'local' answered \(status): no room
                  Wait until the server has less to do, or lower the 'limit' of 'local'.
                """)
        #expect(calling.peer.requests.count == 5)
        #expect(pacing.waits == [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2)])
        await calling.peer.stop()
    }

    @Test(
        "is made once when the answer would be the same", arguments: [400, 401, 403, 404, 409, 413, 422, 500, 501, 505])
    func refused(status: Int) async throws {
        let calling = try Calling(pacing: pacing.pacing)
        calling.peer.stage(.status(status, "no"))
        #expect(await calling.complaint()?.hasPrefix("'local' answered \(status): no\n") == true)
        #expect(calling.peer.requests.count == 1 && pacing.waits.isEmpty)
        await calling.peer.stop()
    }

    @Test("goes on asking while the server loads the model, as long as there is time")
    func loading() async throws {
        let calling = try Calling(pacing: pacing.pacing)
        for _ in 0..<8 { calling.peer.stage(.loading()) }
        _ = try await calling.send()
        #expect(pacing.waits == Array(repeating: .seconds(30), count: 8))
        #expect(calling.heard.lines[1] == "loading_model: 'local' is loading CosyVoice2-0.5B; asking again in 30 s")
        for _ in 0..<30 { calling.peer.stage(.loading(retryAfter: nil)) }
        for _ in 0..<30 { calling.peer.stage(.loading()) }
        #expect(
            await calling.complaint() == """
                'local' answered 503: Model is loading, please retry later: it is being loaded
                  Wait until the server has loaded the model, and run the workflow again.
                """)
        #expect(pacing.waits.dropFirst(8).reduce(.zero, +) < .seconds(600))
        await calling.peer.stop()
    }

    @Test("is made again when the connection broke before the answer or half-way", arguments: [0, 1000])
    func lost(after byteCount: Int) async throws {
        let calling = try Calling(pacing: pacing.pacing)
        calling.peer.stage(.cut(after: byteCount))
        let answer = try await calling.send()
        #expect(calling.peer.requests.count == 2 && pacing.waits == [.milliseconds(250)])
        #expect(answer.body.count > 1000)
        await calling.peer.stop()
    }

    @Test("says so when the connection breaks each time")
    func cut() async throws {
        let calling = try Calling(pacing: pacing.pacing)
        for _ in 0..<5 { calling.peer.stage(.cut(after: 1000)) }
        let complaint = await calling.complaint() ?? ""
        #expect(complaint.hasPrefix("'local': the connection to HOST broke: "))
        #expect(complaint.hasSuffix("\n  Look into the server's log, and run the workflow again."))
        #expect(calling.peer.requests.count == 5)
        await calling.peer.stop()
    }

    @Test("is made again when nobody answers there, and says so in the end")
    func unreachable() async throws {
        let calling = try Calling(pacing: pacing.pacing)
        await calling.peer.stop()
        #expect(
            await calling.complaint() == """
                'local': could not connect to HOST: connection refused
                  Start the server, or correct the url of 'local'.
                """)
        #expect(pacing.waits.count == 4)
        #expect(
            calling.heard.lines[1].hasSuffix("connection refused; trying again in 0.3 s (2 of 5)"))
    }

    @Test("does not wait for longer than it has time")
    func timed() async throws {
        let calling = try Calling(pacing: pacing.pacing) { $0.timeout = .seconds(60) }
        calling.peer.stage(.busy(retryAfter: "59"), .busy(retryAfter: "2"))
        #expect(await calling.complaint()?.hasPrefix("'local' answered 429: Rate limit reached\n") == true)
        #expect(pacing.waits == [.seconds(59)] && calling.peer.requests.count == 2)
        await calling.peer.stop()
    }

    @Test("ends at once when it is cancelled while it waits")
    func cancelled() async throws {
        let calling = try Calling()
        calling.peer.stage(.busy(retryAfter: "100"))
        let task = Task { try await calling.send() }
        try await waits("two lines") { calling.heard.lines.count >= 2 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await calling.peer.stop()
    }

    @Test(
        "waits as Retry-After says, in seconds or until a date, within bounds",
        arguments: [
            ("4", Duration.seconds(4)), ("0", .zero), ("9999", .seconds(120)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", .seconds(20)), ("Sun, 06 Nov 1994 08:00:00 GMT", .zero),
            ("Mon, 07 Nov 1994 08:00:00 GMT", .seconds(120)), ("-1", nil), ("soon", nil), ("", nil), (nil, nil),
            ("99999999999999999999", nil),
        ])
    func named(field: String?, wait: Duration?) {
        #expect(Retrying.named(field, secondsSince1970: ManualPacing.startSeconds) == wait)
    }

    @Test("waits within bounds whatever the clocks say", arguments: [Int.min, .max])
    func clocks(seconds: Int) {
        let date = "Fri, 31 Dec 9999 23:59:59 GMT"
        #expect(Retrying.named(date, secondsSince1970: seconds) == (seconds < 0 ? .seconds(120) : .zero))
    }

    @Test("waits up to twice as long each time, at most half a minute, and anything below")
    func jitter() {
        let longest = (1...9).map { Retrying.wait(failedCount: $0, random: 1) }
        #expect(longest.map { $0 / .milliseconds(500) } == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(Retrying.wait(failedCount: 5, random: 0) == .zero)
        #expect(Retrying.wait(failedCount: .max, random: 0.5) == .seconds(15))
    }

    @Test(
        "tells times as people say them",
        arguments: [
            (Duration.milliseconds(250), "0.3 s"), (.seconds(4), "4 s"), (.milliseconds(4210), "4.2 s"),
            (.milliseconds(29_960), "30 s"), (.seconds(600), "10 min"), (.seconds(90), "90 s"),
            (.milliseconds(9_960), "10 s"),
        ])
    func words(duration: Duration, words: String) { #expect(duration.words == words) }
}
