import Testing

@Suite("A server without a port")
struct PlaceTests {
    @Test("answers under both names of a route")
    func both() async throws {
        let place = try TestPlace()
        for path in ["/queue", "/api/queue"] {
            let answer = await place.get(path)
            #expect(answer.status == 200)
            #expect(answer.text == #"{"queue_running":[],"queue_pending":[]}"#)
        }
    }
}
