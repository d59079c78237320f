import Foundation
import Testing

/// Speech that is far larger than what may be in memory.
@Suite("graphrun with a text of a million characters", .timeLimit(.minutes(5)))
struct SpeechMemoryTests {
    @Test("speaks an hour of it in bounded memory")
    func million() async throws {
        let workplace = try Workplace()
        // Sentences far apart, so that it takes seconds and not a minute.
        let paragraph = "This is a sentence of the text that is spoken here, and it goes on for a while."
        let text = String(repeating: paragraph + String(repeating: " ", count: 2_424) + "\\n\\n", count: 400)
        try workplace.write(
            "long.json",
            """
            {"1": {"class_type": "TTS", "inputs": {"text": "\(text)", "speed": 0.5, "paragraph_pause": 1}},
             "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
            """)
        let program = try Program(["long.json"], in: workplace.folder)
        var peak = 0
        while program.isRunning {
            let status =
                (try? String(contentsOfFile: "/proc/\(program.processID)/status", encoding: .utf8)) ?? ""
            if let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) {
                peak = max(peak, line.split(separator: " ").compactMap { Int($0) }.first ?? 0)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let result = try await program.result()
        #expect(result.code == 0)
        let frames = try #require(
            result.output.firstMatch(of: #/AUDIO \[1, 1, (\d+)\] 22050 Hz/#).flatMap { Int($0.1) }, "\(result.output)")
        // In memory it would be more than 300 MB.
        #expect(frames > 75_000_000)
        #expect((1..<250_000).contains(peak), "\(peak) KiB")
    }
}
