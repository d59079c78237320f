import ComfyProtocol
import GraphCore
import Nodes
import Testing

@testable import GraphServer

@Suite("What sockets get that did not ask for more")
struct ProgressRuleTests {
    /// Tells events of run "r", and what sockets of its client are told that take only what `takes` says.
    private struct Telling {
        private var encoder: ComfyEncoder
        private let audience: EncodedMessage.Audience
        private let livePreviews: LivePreviews
        private var messages: [EncodedMessage] = []
        private var sequence: UInt64 = 0

        init(
            client: String? = "c", livePreviews: LivePreviews = .announced,
            showsEarlyProgress: @escaping @Sendable (String) -> Bool = { _ in false }
        ) {
            audience = client.map { .client($0) } ?? .nobody
            self.livePreviews = livePreviews
            encoder = ComfyEncoder(
                "r", ComfyEncoder.Origin(queuedAt: 0, showsEarlyProgress: showsEarlyProgress))
            tell(.runQueued, at: 0)
            tell(.nodeStarted("n", type: "T", display: "n", parent: nil, because: .neverRan), at: 1000)
        }

        mutating func tell(_ kind: RunEvent.Kind, at milliseconds: Int) {
            sequence += 1
            var emissions: [ComfyEncoder.Emission] = []
            encoder.encode(
                RunEvent(
                    run: "r", sequence: sequence, order: sequence, elapsed: .milliseconds(milliseconds), kind: kind),
                into: &emissions)
            for emission in emissions {
                let seq = MessageNumbers.seq(order: sequence, part: emission.part)
                let message = EncodedMessage(
                    emission, seq: seq, of: "r", to: audience, epoch: "e", livePreviews)
                if let message { messages.append(message) }
            }
        }

        /// The progress messages and binary ones since the last call: `3 of 9`, `progress text`, `preview`...
        mutating func heard(
            by client: String = "c", _ takes: (inout FrameLog.Reader) -> Void = { _ in }
        ) throws -> [String] {
            let log = FrameLog(epoch: "e")
            var (reader, _, _, _) = log.subscribe(.client(client), .now) {}
            takes(&reader)
            log.publish(messages)
            self.messages = []
            var heard: [EncodedMessage] = []
            var out: [UInt8] = []
            _ = log.read(&reader, limit: .max, into: &out) { frame, _ in heard.append(frame.message) }
            return try heard.compactMap { message in
                if message.isBinary { return "binary \(message.payload[3])" }
                let json = try JSONParser.parse(message.payload)
                guard json["type"] == "progress", let value = json["data"]?["value"], let max = json["data"]?["max"]
                else { return nil }
                return "\(JSONWriter.text(value)) of \(JSONWriter.text(max))"
            }
        }
    }

    private static func progress(_ done: Double, of total: Double) -> RunEvent.Kind {
        .nodeProgress("n", completed: done, total: total, remaining: nil)
    }

    private static func takeAll(_ reader: inout FrameLog.Reader) { reader.takesEarlyProgress = true }

    @Test("is progress only of a node that has run for a quarter of a second, and then to its end")
    func late() throws {
        var telling = Telling()
        telling.tell(Self.progress(100, of: 1500), at: 1100)
        telling.tell(Self.progress(700, of: 1500), at: 1249)
        #expect(try telling.heard() == [])
        telling.tell(Self.progress(800, of: 1500), at: 1250)
        telling.tell(Self.progress(1398, of: 1500), at: 2000)
        telling.tell(.nodeFinished("n"), at: 2001)
        #expect(try telling.heard() == ["800 of 1500", "1398 of 1500", "1500 of 1500"])
    }

    @Test("has the last value once, also when only it comes late")
    func last() throws {
        var telling = Telling()
        telling.tell(Self.progress(9, of: 9), at: 1500)
        telling.tell(.nodeFinished("n"), at: 1600)
        #expect(try telling.heard() == ["9 of 9"])
        var other = Telling()
        other.tell(Self.progress(9, of: 9), at: 1200)
        other.tell(.nodeFinished("n"), at: 1300)
        #expect(try other.heard() == ["9 of 9"])
    }

    @Test("is no progress of a node that is over sooner, or told of none")
    func quick() throws {
        var telling = Telling()
        telling.tell(Self.progress(1, of: 2), at: 1100)
        telling.tell(.nodeFinished("n"), at: 1249)
        #expect(try telling.heard() == [])
        var silent = Telling()
        silent.tell(.nodeFinished("n"), at: 9000)
        #expect(try silent.heard() == [])
    }

    @Test("counts from the start anew when a node runs again")
    func again() throws {
        var telling = Telling()
        telling.tell(Self.progress(1, of: 2), at: 1500)
        telling.tell(.nodeStarted("n", type: "T", display: "n", parent: nil, because: .neverRan), at: 2000)
        telling.tell(Self.progress(1, of: 2), at: 2100)
        telling.tell(.nodeFinished("n"), at: 2200)
        #expect(try telling.heard() == ["1 of 2"])
    }

    @Test("is all progress for a socket that resumes")
    func resuming() throws {
        var telling = Telling()
        telling.tell(Self.progress(1, of: 9), at: 1010)
        telling.tell(Self.progress(2, of: 9), at: 1400)
        telling.tell(.nodeFinished("n"), at: 1500)
        #expect(try telling.heard(Self.takeAll) == ["1 of 9", "2 of 9", "9 of 9"])
    }

    @Test("is all progress of a node type whose progress counts from its first value, and nothing added to it")
    func declared() throws {
        var telling = Telling(showsEarlyProgress: { $0 == "T" })
        telling.tell(Self.progress(1, of: 9), at: 1000)
        telling.tell(Self.progress(8, of: 9), at: 1900)
        telling.tell(.nodeFinished("n"), at: 2000)
        #expect(try telling.heard() == ["1 of 9", "8 of 9"])
    }

    @Test("is declared by SaveImageWebsocket, whose progress ComfyUI's clients count")
    func declaring() {
        let registry = NodeRegistry(BuiltInNodes.all())
        #expect(registry.types.filter(\.schema.showsEarlyProgress).map(\.schema.type) == ["SaveImageWebsocket"])
    }

    @Test("is no progress of a prompt without a client id: that goes to sockets that wait for other prompts")
    func anonymous() throws {
        var telling = Telling(client: nil)
        telling.tell(Self.progress(1, of: 2), at: 1500)
        #expect(try telling.heard() == [])
    }

    @Test("is no progress text, which scripts take for a picture; a socket that announced it gets it")
    func text() throws {
        let phase = RunEvent.Kind.nodePhase("n", type: "T", stage: "s", message: "half of it", percent: 50)
        var telling = Telling()
        telling.tell(phase, at: 1500)
        #expect(try telling.heard() == [])
        telling.tell(phase, at: 1600)
        #expect(try telling.heard { $0.takesProgressText = true } == ["binary 3"])
    }

    private static let preview = RunEvent.Kind.nodePreview("n", .jpeg, [1])
    private static let picture = RunEvent.Kind.nodePicture("n", .png, [1])

    @Test("is no picture of unfinished work, unless it announced that it takes them")
    func previews() throws {
        var telling = Telling()
        telling.tell(Self.preview, at: 1500)
        #expect(try telling.heard() == [])
        telling.tell(Self.preview, at: 1600)
        #expect(try telling.heard { $0.takesDescribedPreviews = true } == ["binary 4"])
    }

    @Test(
        "is as --preview-method says",
        arguments: [("none", [], []), ("auto", ["binary 1"], ["binary 4"]), ("taesd", ["binary 1"], ["binary 4"])])
    func method(name: String, plain: [String], described: [String]) throws {
        var telling = Telling(livePreviews: try #require(LivePreviews.methods[name]))
        telling.tell(Self.preview, at: 1500)
        #expect(try telling.heard() == plain)
        telling.tell(Self.preview, at: 1600)
        #expect(try telling.heard { $0.takesDescribedPreviews = true } == described)
    }

    @Test("is every picture that a node sends as its result", arguments: LivePreviews.methods.values)
    func results(previews: LivePreviews) throws {
        var telling = Telling(livePreviews: previews)
        telling.tell(Self.picture, at: 1010)
        #expect(try telling.heard() == ["binary 1"])
        telling.tell(Self.picture, at: 1020)
        #expect(try telling.heard { $0.takesDescribedPreviews = true } == ["binary 4"])
    }
}
