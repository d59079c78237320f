import Foundation
import GraphCore
import Media
import Processes
import Synchronization
import Testing

@testable import Nodes

/// The sound that TTS gives, for tests that look at it.
enum Spoken {
    /// Calls the node by hand.
    static func audio(
        _ text: String, _ values: [String: Value] = [:], espeak: EspeakProgram = EspeakProgram()
    ) async throws -> Audio {
        let node = TTS(espeak: espeak)
        let inputs = Inputs(node.schema, values.merging(["text": .text(text)]) { $1 })
        let outputs = try await node.run(inputs, NodeContext()).compactMap {
            if case .value(_, let value) = $0 { value } else { nil }
        }
        return try #require(outputs.first.flatMap { Audio($0) })
    }

    static func samples(_ audio: Audio) throws -> [Float] { try audio.frames(0..<audio.frameCount) }

    /// Root of the mean square; full scale is 1.
    static func level(_ audio: Audio) throws -> Double {
        let samples = try samples(audio)
        return (samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(1, samples.count))).squareRoot()
    }

    static func complaint(
        _ text: String, _ values: [String: Value] = [:], espeak: EspeakProgram = EspeakProgram()
    ) async -> Diagnostic? {
        do {
            _ = try await audio(text, values, espeak: espeak)
            return nil
        } catch {
            return error as? Diagnostic
        }
    }
}

/// A program in a folder of its own that stands in for espeak-ng, and writes down how it was called.
final class FakeEspeak: Sendable {
    let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-espeak-\(UUID().uuidString)")

    /// - Parameter script: for `sh`; `$log` is the file that `log` reads.
    init(_ script: String) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let text = "#!/bin/sh\nlog='\(folder.path)/log'\n\(script)\n"
        // Written by a child: what this process has open for writing, the children of other tests may hold open, and
        // then it cannot be run.
        let shell = ChildCommand(
            try ProgramFile.find("sh", package: "dash"),
            ["-c", "cat > \"$1\"; chmod 755 \"$1\"", "sh", folder.appending(path: "espeak-ng").path])
        try await shell.run(input: Array(text.utf8)).ending.check(shell, suggestion: "Make room.")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var program: EspeakProgram { EspeakProgram(searchPath: folder.path) }
    var log: [String] {
        ((try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "")
            .split(separator: "\n").map(String.init)
    }
}
