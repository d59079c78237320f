import GraphCore
import Testing

@Suite("The status of a run")
struct RunStatusTests {
    private static func status(_ kinds: RunEvent.Kind...) -> RunStatus {
        var status = RunStatus()
        for (second, kind) in kinds.enumerated() { status.apply(kind, at: .seconds(second)) }
        return status
    }

    private static func started(_ node: NodeID, parent: NodeID? = nil, display: NodeID? = nil) -> RunEvent.Kind {
        .nodeStarted(node, type: "T\(node)", display: display ?? node, parent: parent, because: .neverRan)
    }

    @Test("says what happens now, how far it is and how long it takes, as long as it goes on")
    func running() {
        let phase = RunEvent.Kind.nodePhase("a", type: "T", stage: "inference", message: "3 of 7", percent: 40)
        var status = Self.status(
            .runQueued, .runStarted(nodeCount: 2, cached: ["c"]),
            .runProgress(finished: 1, of: 2, remaining: .seconds(5)), Self.started("a"), phase)
        #expect(status.state == .running && status.startedAt == .seconds(1) && status.cached == ["c"])
        #expect(status.stage == "inference" && status.message == "3 of 7" && status.remaining == .seconds(5))
        // A phase's percentage is that of the run, which never goes back.
        #expect(status.percent == 50)
        status.apply(.nodeFinished("a"), at: .seconds(9))
        status.apply(.runFinished(.succeeded), at: .seconds(10))
        #expect(status.state == .succeeded && status.endedAt == .seconds(10) && status.percent == 100)
        #expect(status.stage == nil && status.message == nil && status.remaining == nil)
        #expect(status.executed == ["a"] && status.state.hasEnded)
    }

    @Test("says which node failed, and what had run before")
    func failed() {
        let status = Self.status(
            .runQueued, .runStarted(nodeCount: 2, cached: []), Self.started("a"), .nodeFinished("a"), Self.started("b"),
            Self.started("c"), .nodeFailed("b", Diagnostic(.nodeFailed, node: "b", "it broke")), .nodeFinished("c"),
            .runFinished(.failed))
        #expect(status.state == .failed && status.failure?.node == "b" && status.failure?.nodeType == "Tb")
        #expect(status.failure?.diagnostic.message == "it broke" && status.failure?.elapsed == .seconds(6))
        #expect(status.failure?.executedCount == 1 && status.executed == ["a", "c"])
    }

    @Test("says which node ran when it was cancelled, and that a prompt never started")
    func cancelled() {
        let told = Self.status(
            .runQueued, .runStarted(nodeCount: 2, cached: []), Self.started("a"), Self.started("b"),
            .nodeInterrupted("a"), .nodeInterrupted("b"), .runFinished(.cancelled))
        #expect(told.interrupted?.node == "a" && told.interrupted?.type == "Ta")
        let untold = Self.status(
            .runQueued, .runStarted(nodeCount: 2, cached: []), Self.started("a"), .runFinished(.cancelled))
        #expect(untold.interrupted?.node == "a")
        let waiting = Self.status(.runQueued, .runFinished(.cancelled))
        #expect(waiting.state == .cancelled && waiting.startedAt == nil && waiting.interrupted?.node == nil)
    }

    @Test("has what nodes showed, where it goes back to, and the file that stands for all of it")
    func outputs() throws {
        func images(_ name: String, _ folder: FolderName) -> JSONObject {
            JSONObject([.init("images", [SavedFile(filename: name, subfolder: "", folder: folder).json])])
        }
        let status = Self.status(
            Self.started("1"), Self.started("1.0", parent: "1", display: "1"),
            Self.started("1.0.0", parent: "1.0", display: "1"),
            .nodeOutput("1.0.0", display: "1", images("a.png", .output)),
            .nodeOutput("2", display: "2", images("b.png", .temp)),
            .nodeOutput("3", display: "3", JSONObject([.init("text", ["x", "y"])])))
        #expect(status.outputs.map(\.real) == ["1", "2", "3"] && status.outputs[0].parent == "1.0")
        #expect(status.outputCount == 4)
        // A saved file goes before a temporary one that came later.
        #expect(status.preview?.file["filename"] == "a.png" && status.preview?.node == "1")
    }
}
