import Foundation
import GraphCore
import Testing

/// `--events jsonl` as programs read it: Tests/Fixtures/events-jsonl has the lines of five runs from before the log was
/// rebuilt.
@Suite("The lines of --events jsonl")
struct EventLinesTests {
    @Test("are what they were", arguments: ["pictures", "websocket", "failing", "equal-nodes", "photo"])
    func lines(_ name: String) async throws {
        let workplace = try Workplace()
        let photo = Workplace.fixtures.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "input/photo.jpg")
        try workplace.write("input/photo.jpg", [UInt8](Data(contentsOf: photo)))
        try workplace.copy(fixture: "events-jsonl/\(name).json", to: "w.json")
        let result = try await workplace.graphrun("w.json", "--events", "jsonl")
        let told = try result.output.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
        // Numbers have no gaps, whatever progress there is.
        for number in ["seq", "run_seq"] {
            #expect(told.map { $0[number]?.number?.int } == (1...told.count).map { Int128($0) })
        }
        #expect(Set(told.map { $0["run"] }).count == 1 && told.allSatisfy { $0["t"]?.number != nil })
        let lines = told.compactMap { line -> String? in
            // How often progress is reported is a matter of time.
            if line["type"] == "run_progress" || (name == "photo" && line["type"] == "node_progress") { return nil }
            let left = line.object?.members.filter {
                !["t", "run", "seq", "run_seq", "estimated_seconds_left"].contains($0.key)
            }
            return JSONWriter.text(.object(JSONObject(left ?? [])))
        }
        let golden = try String(
            contentsOf: Workplace.fixtures.appending(path: "events-jsonl/\(name).jsonl"), encoding: .utf8)
        func sorted(_ line: Substring) throws -> JSON { try JSONParser.parse(Array(line.utf8)) }
        #expect(
            try lines.map { try sorted($0[...]) } == golden.split(separator: "\n").map { try sorted($0) })
    }
}
