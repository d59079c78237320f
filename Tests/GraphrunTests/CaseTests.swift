import GraphCore
import Testing

/// Files of public bug reports; Tests/Fixtures/README.md says where each folder is from.
@Suite("A file of a public report")
struct CaseTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("input/photo.jpg", Samples.picture)
    }

    private func convert(_ fixture: String) async throws -> Program.Result {
        let name = fixture.split(separator: "/").last.map(String.init) ?? fixture
        try workplace.copy(fixture: fixture, to: name)
        return try await workplace.graphrun("convert", name)
    }

    @Test(
        "with a text that is no prompt in it gives the workflow beside it",
        arguments: ["plain-text-prompt-and-workflow.png", "prompt-nan-and-workflow.png", "prompt-nan-only.png"])
    func foreignPrompt(_ name: String) async throws {
        let result = try await convert("png-prompts/\(name)")
        #expect(result.code == 0 && result.errors.isEmpty)
        let types = try JSONParser.parse(result.output).object?.members.compactMap { $0.value["class_type"]?.string }
        #expect(types == ["EmptyImage", "SaveImage"])
    }

    @Test("with nothing but such a text carries no workflow")
    func onlyForeignPrompt() async throws {
        let result = try await convert("png-prompts/plain-text-prompt-only.png")
        #expect(result.code == 2)
        #expect(result.errors.hasPrefix("error: plain-text-prompt-only.png: the file carries no workflow\n"))
    }

    @Test(
        "whose subgraph's host lacks inputs that are only widgets links those it has",
        arguments: ["full", "compressed", "compressed-old-slot", "reordered"])
    func compressedHost(_ name: String) async throws {
        let result = try await convert("compressed-host/\(name).ui.json")
        #expect(result.code == 0 && result.errors.isEmpty)
        let inputs = try JSONParser.parse(result.output)["2:5"]?["inputs"]
        #expect(inputs?["blur_radius"] == 7 && inputs?["sigma"] == 2.5 && inputs?["image"] == ["1", 0])
    }

    @Test("that is a request of RunPod's worker is read as the workflow in it")
    func wrapped() async throws {
        try workplace.copy(fixture: "advice/runpod.json", to: "runpod.json")
        let result = try await workplace.graphrun("check", "runpod.json")
        #expect(result.output + result.errors == "runpod.json: 2 nodes, 2 needed, nothing wrong\n")
    }
}
