import Testing

@testable import GraphCore

@Suite("An event as a line of JSON")
struct EventJSONTests {
    private func line(_ kind: RunEvent.Kind) -> String {
        let event = RunEvent(run: "r", sequence: 2, order: 7, elapsed: .microseconds(1_234_567), kind: kind)
        let text = JSONWriter.text(event.json)
        let head = #"{"seq":7,"run":"r","run_seq":2,"t":1.234567,"type":"#
        return text.hasPrefix(head) ? String(text.dropFirst(head.count).dropLast()) : text
    }

    @Test("tells how a run goes")
    func runs() {
        #expect(line(.runQueued) == #""run_queued""#)
        #expect(line(.runStarted(nodeCount: 3, cached: ["1"])) == #""run_started","nodes":3,"cached":1"#)
        #expect(
            line(.runProgress(finished: 1, of: 3, remaining: nil)) == #""run_progress","finished":1,"nodes":3"#)
        #expect(
            line(.runProgress(finished: 1, of: 3, remaining: .milliseconds(1500)))
                == #""run_progress","finished":1,"nodes":3,"estimated_seconds_left":1.5"#)
        #expect(line(.runFinished(.succeeded)) == #""run_finished","outcome":"succeeded""#)
        #expect(line(.runFinished(.failed)) == #""run_finished","outcome":"failed""#)
        #expect(line(.runFinished(.cancelled)) == #""run_finished","outcome":"cancelled""#)
    }

    @Test(
        "says why a node started",
        arguments: [
            (RunEvent.Reason.neverRan, #""because":"never_ran""#, "never ran"),
            (.inputChanged("width"), #""because":"input_changed","input":"width""#, "input 'width' changed"),
            (.typeChanged, #""because":"type_changed""#, "its type changed"),
            (.contentChanged, #""because":"content_changed""#, "a file changed"),
            (.notCacheable, #""because":"not_cacheable""#, "not cacheable"),
            (.evicted, #""because":"evicted""#, "its result was let go"),
        ])
    func reasons(reason: RunEvent.Reason, members: String, words: String) {
        #expect(
            line(.nodeStarted("5.0.0.1", type: "Add", display: "5", parent: "5", because: reason))
                == #""node_started","node":"5.0.0.1","node_type":"Add","display_node":"5","parent_node":"5",\#(members)"#
        )
        #expect(reason.text == words)
    }

    @Test("tells what a node does")
    func nodes() {
        #expect(line(.nodeCached("1")) == #""node_cached","node":"1""#)
        #expect(line(.nodeWaiting("1", for: .inputs(["a", "b"]))) == #""node_waiting","node":"1","inputs":["a","b"]"#)
        #expect(
            line(.nodeWaiting("1", for: .expansion(nodeCount: 4))) == #""node_waiting","node":"1","expansion":4"#)
        #expect(
            line(.nodePhase("1", type: "DDColor", stage: "inference", message: "tile 3 of 7", percent: 33.333_333_3))
                == #""node_phase","node":"1","source":"DDColor","stage":"inference","message":"tile 3 of 7","#
                + #""progress":33.333333"#)
        #expect(
            line(.nodeProgress("1", completed: 3, total: 10, remaining: .seconds(2)))
                == #""node_progress","node":"1","value":3.0,"max":10.0,"estimated_seconds_left":2.0"#)
        #expect(
            line(.nodePreview("1", .jpeg, [1, 2, 3]))
                == #""node_preview","node":"1","format":"jpeg","byte_count":3"#)
        let file = SavedFile(filename: "a.wav", subfolder: "", folder: .temp)
        #expect(
            line(.nodePreviewFile("1", file))
                == #""node_preview","node":"1","file":{"filename":"a.wav","subfolder":"","type":"temp"}"#)
        #expect(
            line(.nodePicture("1", .png, [1, 2]))
                == #""node_picture","node":"1","format":"png","byte_count":2"#)
        #expect(
            line(.nodeLog("1", .warning, "a \"b\"\n"))
                == #""node_log","node":"1","level":"warning","message":"a \"b\"\n""#)
        #expect(
            line(.nodeOutput("1.0", display: "1", JSONObject([.init("text", ["x"])])))
                == #""node_output","node":"1.0","display_node":"1","output":{"text":["x"]}"#)
        #expect(line(.nodeFinished("1")) == #""node_finished","node":"1""#)
        #expect(line(.nodeInterrupted("1")) == #""node_interrupted","node":"1""#)
    }

    @Test("tells what went wrong, with the suggestion if there is one")
    func failures() {
        #expect(
            line(.nodeFailed("1", Diagnostic(.nodeFailed, node: "1", "too big", suggestion: "Take less.")))
                == #""node_failed","node":"1","message":"too big","suggestion":"Take less.""#)
        #expect(
            line(.nodeFailed("1", Diagnostic(.nodeFailed, node: "1", "too big")))
                == #""node_failed","node":"1","message":"too big""#)
        #expect(line(.nodeBlocked("1", type: "T", message: "no")) == #""node_blocked","node":"1","message":"no""#)
        #expect(line(.nodeBlocked("1", type: "T", message: nil)) == #""node_blocked","node":"1""#)
    }

    @Test("says null for progress that is no number")
    func notFinite() {
        #expect(
            line(.nodeProgress("1", completed: .nan, total: .infinity, remaining: nil))
                == #""node_progress","node":"1","value":null,"max":null"#)
        #expect(
            line(.nodeProgress("1", completed: 1e308, total: 1, remaining: nil))
                == #""node_progress","node":"1","value":null,"max":1.0"#)
    }
}
