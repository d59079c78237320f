import Testing

@testable import GraphCore

@Suite("What is known of durations")
struct CostModelTests {
    @Test("gives no estimate for what was never measured")
    func unknown() {
        #expect(CostModel().seconds(type: "Scale", byteCount: 100) == nil)
        #expect(CostModel().seconds(type: "Scale", byteCount: nil) == nil)
    }

    @Test("tells sizes apart by powers of two")
    func sizes() {
        var model = CostModel()
        model.record(type: "Scale", byteCount: 1000, seconds: 1)
        model.record(type: "Scale", byteCount: 1_000_000, seconds: 5)
        #expect(model.seconds(type: "Scale", byteCount: 700) == 1)
        #expect(model.seconds(type: "Scale", byteCount: 900_000) == 5)
        #expect(model.seconds(type: "Blur", byteCount: 1000) == nil)
        #expect([0, 1, 2, 3, 4, 1023, 1024].map(CostModel.sizeClass) == [0, 1, 2, 2, 3, 10, 11])
    }

    @Test("follows changes by a quarter each time")
    func mean() {
        var model = CostModel()
        model.record(type: "Scale", byteCount: 8, seconds: 4)
        model.record(type: "Scale", byteCount: 8, seconds: 8)
        #expect(model.seconds(type: "Scale", byteCount: 8) == 5)
        model.record(type: "Scale", byteCount: 8, seconds: 5)
        #expect(model.seconds(type: "Scale", byteCount: 8) == 5)
    }

    @Test("falls back on the type as a whole where a size is new or not known yet")
    func fallback() {
        var model = CostModel()
        model.record(type: "Scale", byteCount: 8, seconds: 4)
        #expect(model.seconds(type: "Scale", byteCount: 1 << 40) == 4)
        #expect(model.seconds(type: "Scale", byteCount: nil) == 4)
    }

    @Test("learns nothing from durations that are none")
    func nonsense() {
        var model = CostModel()
        for seconds in [-1, .nan, .infinity] { model.record(type: "Scale", byteCount: 8, seconds: seconds) }
        #expect(model == CostModel())
    }

    @Test("survives in a small file")
    func roundTrip() throws {
        var model = CostModel()
        model.record(type: "Scale", byteCount: 100_000_000, seconds: 0.04)
        model.record(type: "Scale", byteCount: 10, seconds: 1.5e-7)
        model.record(type: "Load", byteCount: 0, seconds: 2)
        let text = JSONWriter.text(model.json)
        #expect(text == #"{"version":1,"seconds":{"Load":{"0":2.0},"Scale":{"4":1.5e-07,"27":0.04}}}"#)
        let read = CostModel(try JSONParser.parse(text))
        #expect(read.json == model.json)
        #expect(read.seconds(type: "Scale", byteCount: 100_000_000) == 0.04)
        #expect(read.seconds(type: "Scale", byteCount: nil) == 0.04)
    }

    @Test(
        "leaves out whatever does not fit in a file that others wrote",
        arguments: [
            "[]", "null", #"{"seconds": []}"#, #"{"seconds": {"Scale": 5}}"#,
            #"{"seconds": {"Scale": {"x": 1, "-1": 1, "65": 1, "3": "1", "4": -1, "5": 1e999, "6": null}}}"#,
        ])
    func foreign(text: String) throws {
        #expect(CostModel(try JSONParser.parse(text)) == CostModel())
    }
}
