import Foundation
import Testing

/// Wrong files of public reports and of people who were tired, with the whole answer to each.
@Suite("A wrong workflow file of the collection")
struct MistakeTests {
    private static let folder = Workplace.fixtures.appending(path: "mistakes")

    struct Answer: Sendable, CustomTestStringConvertible {
        let file: String
        let code: Int32
        let text: String

        var testDescription: String { file }
    }

    /// `answers.txt`: for each file a line `== NAME, exit CODE`, and what `graphrun check NAME` says below it.
    private static let answers: [Answer] = {
        let text = (try? String(contentsOf: folder.appending(path: "answers.txt"), encoding: .utf8)) ?? ""
        return text.components(separatedBy: "== ").dropFirst().map { section in
            let lines = section.split(separator: "\n", maxSplits: 1)
            let head = lines[0].components(separatedBy: ", exit ")
            return Answer(file: head[0], code: Int32(head[1]) ?? -1, text: lines.count > 1 ? String(lines[1]) : "")
        }
    }()

    @Test("is answered as written down", arguments: answers)
    func answered(_ answer: Answer) async throws {
        let workplace = try Workplace()
        try workplace.write("input/photo.jpg", Samples.picture)
        try workplace.copy(fixture: "mistakes/\(answer.file)", to: answer.file)
        let result = try await workplace.graphrun("check", answer.file)
        #expect(result.code == answer.code)
        #expect(result.errors + result.output == answer.text)
    }

    @Test("has its answer written down")
    func complete() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(files.filter { $0.hasSuffix(".json") }.sorted() == Self.answers.map(\.file))
    }
}
