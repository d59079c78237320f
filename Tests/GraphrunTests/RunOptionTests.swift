import Foundation
import GraphCore
import Testing

@Suite("--set", .timeLimit(.minutes(1)))
struct SetTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("values.json", Samples.values)
        try workplace.write("small.json", Samples.small)
    }

    private func shown(_ assignments: String...) async throws -> [String] {
        let result = try await Program.run(
            ["values.json", "--quiet", "--resource", "cpu=1"] + assignments.flatMap { ["--set", $0] },
            in: workplace.folder)
        #expect(result.code == 0 && result.errors.isEmpty)
        return result.output.split(separator: "\n").map(String.init).sorted()
    }

    @Test("takes a node by id or by title")
    func names() async throws {
        #expect(try await shown("a.value=12") == ["12", "seven"])
        #expect(try await shown("how many.value=13") == ["13", "seven"])
    }

    @Test("takes text as it is where the input is STRING, JSON elsewhere, and the last one counts")
    func types() async throws {
        #expect(try await shown(#"b.value="8""#, "a.value=1", "a.value=2") == [#""8""#, "2"])
        #expect(try await shown("b.value=true=1.5") == ["7", "true=1.5"])
    }

    @Test("takes a COMBO's word without quotes")
    func combo() async throws {
        let scale = """
            , "3": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "area", "width": 4,
             "height": 0, "crop": "disabled"}}, "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 0]}}
            """
        try workplace.write("scale.json", Samples.workflow(more: scale))
        let result = try await workplace.graphrun(
            "scale.json", "--set", "3.upscale_method=lanczos", "--set", "3.width=2", "--only", "4", "--quiet")
        #expect(result.output == "IMAGE [1, 2, 2, 3]\n" && result.code == 0)
    }

    @Test("takes a link, as JSON")
    func link() async throws {
        #expect(try await shown(#"d.source=["a", 0]"#) == ["7", "7"])
    }

    @Test(
        "says what is wrong and ends with 2",
        arguments: [
            ("9.width=1", "there is no node '9'", "'graphrun plan' lists the nodes."),
            ("hello there.width=1", "there is no node 'hello there'", "'graphrun plan' lists the nodes."),
            ("1.wdth=1", "EmptyImage has no input 'wdth'", "Did you mean 'width'?"),
            ("2.x=1", "SaveImage has no input 'x'", "Its inputs are: images, filename_prefix."),
            ("1.width=wide", "--set 1.width: 'wide' is not JSON", "Give a whole number, such as 64."),
            ("2.images=1.IMAGE", "--set 2.images: '1.IMAGE' is not JSON", #"Give a link, such as '["1", 0]'."#),
        ])
    func wrong(_ assignment: String, _ message: String, _ suggestion: String) async throws {
        let result = try await workplace.graphrun("small.json", "--set", assignment)
        #expect(result.code == 2 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(result.errors == "graphrun: \(message)\n  \(suggestion)\n")
    }

    @Test("refuses a title that two nodes have")
    func twice() async throws {
        let inputs = #""inputs": {"image": ["1", 0]}"#
        let titled = Samples.load("a.png").replacing(inputs, with: inputs + #", "_meta": {"title": "the photo"}"#)
        try workplace.write("titled.json", titled)
        let result = try await workplace.graphrun("titled.json", "--set", "the photo.image=b.png")
        #expect(result.code == 2)
        #expect(result.errors == "graphrun: 2 nodes are titled 'the photo'\n  Name one by its id: 1, 2.\n")
    }
}

@Suite("--for-each", .timeLimit(.minutes(1)))
struct ForEachTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("load.json", Samples.load("none.png"))
        for name in ["a.png", "b.png", "sub/c.png"] { try workplace.write("input/\(name)", Samples.picture) }
        try workplace.write("input/d.jpg", "no picture")
    }

    @Test("runs once for every file that matches, in order, and sums up")
    func all() async throws {
        let result = try await workplace.graphrun("load.json", "--for-each", "the photo.image=*.png")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.timeless == """
                a.png:
                LoadImage (1): T
                ImageInvert (2): T
                SaveImage (3): T
                  output/x_00001_.png
                done: 3 nodes in T
                b.png:
                LoadImage (1): T
                ImageInvert (2): T
                SaveImage (3): T
                  output/x_00002_.png
                done: 3 nodes in T
                2 of 2 done

                """)
        #expect(workplace.outputs == ["x_00001_.png", "x_00002_.png"])
    }

    @Test("goes on after a failure, says how many failed, and ends with 1")
    func oneFails() async throws {
        let result = try await workplace.graphrun("load.json", "--for-each", "1.image=[ad].*", "--events", "none")
        #expect(result.code == 2)  // no character classes
        let some = try await workplace.graphrun("load.json", "--for-each", "1.image=?.*")
        #expect(some.code == 1)
        #expect(some.output.hasSuffix("\n2 of 3 done, 1 failed\n"))
        #expect(
            some.errors == """
                error: node 1 (LoadImage 'the photo'): 'd.jpg': the file is not a picture: it starts like text
                  Open it in a text editor: a failed download often leaves a web page or an error message.

                """)
        #expect(workplace.outputs == ["x_00001_.png", "x_00002_.png"])
    }

    @Test("looks into subfolders where the pattern names them")
    func subfolders() async throws {
        let result = try await workplace.graphrun("load.json", "--for-each", "1.image=s*/*.png", "--quiet")
        #expect(result.code == 0 && result.output == "output/x_00001_.png\n")
    }

    @Test("numbers the events of all runs without gaps")
    func events() async throws {
        let result = try await workplace.graphrun("load.json", "--for-each", "1.image=*.png", "--events", "jsonl")
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.map { $0["seq"]?.number?.int } == (1...events.count).map { Int128($0) })
        #expect(Set(events.compactMap { $0["run"]?.string }).count == 2)
        #expect(events.count { $0["type"] == "run_finished" } == 2)
    }

    @Test("says so when nothing matches")
    func none() async throws {
        for (pattern, advice) in [
            ("*.gif", "Files there are: a.png, b.png, d.jpg."),
            ("/tmp/*.gif", "Name files below that folder, such as '*.jpg'."),
            ("[ab].png", "Use * for any text and ? for one character; [...] is taken as it is."),
        ] {
            let result = try await workplace.graphrun("load.json", "--for-each", "1.image=\(pattern)")
            #expect(result.code == 2 && result.output.isEmpty)
            #expect(result.errors == "graphrun: no file in input matches '\(pattern)'\n  \(advice)\n")
        }
    }

    @Test("never matches hidden files, and never leaves the input folder")
    func bounds() async throws {
        try workplace.write("input/.hidden.bmp", Samples.picture)
        try workplace.write("secret.bmp", Samples.picture)
        for pattern in ["*.bmp", "../*.bmp", "/*.bmp"] {
            #expect(try await workplace.graphrun("load.json", "--for-each", "1.image=\(pattern)").code == 2)
        }
    }

    @Test("with --keep-going runs what can be run of a partly valid workflow, and ends with 1: an output is missing")
    func keepGoing() async throws {
        let broken = Samples.load("none.png").replacing(
            "}}}", with: "}}, \"9\": {\"class_type\": \"Nope\", \"inputs\": {}}}")
        try workplace.write("broken.json", broken)
        let strict = try await workplace.graphrun("broken.json", "--for-each", "1.image=a.png", "--quiet")
        #expect(strict.code == 1 && workplace.outputs.isEmpty)
        let loose = try await workplace.graphrun(
            "broken.json", "--for-each", "1.image=a.png", "--quiet", "--keep-going")
        #expect(loose.code == 1 && loose.output == "output/x_00001_.png\n")
        #expect(loose.errors == strict.errors)
        try workplace.write("one.json", broken.replacing("none.png", with: "a.png"))
        let one = try await workplace.graphrun("one.json", "--quiet", "--keep-going")
        #expect(one.code == 1 && one.output == "output/x_00002_.png\n")
        #expect(
            loose.errors == """
                error: node 9 (Nope): unknown node type 'Nope'
                  'graphrun nodes' lists the types; --server URL runs it on a server that has this one.

                """)
    }
}

@Suite("A run", .timeLimit(.minutes(1)))
struct RunOptionTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("small.json", Samples.small)
        try workplace.write("values.json", Samples.values)
    }

    @Test("with --only computes one output and what it needs")
    func only() async throws {
        let result = try await workplace.graphrun("values.json", "--only", "d", "--events", "jsonl")
        #expect(result.code == 0 && result.errors.isEmpty)
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.filter { $0["type"] == "node_started" }.map { $0["node"] } == ["b", "d"])
    }

    @Test(
        "with --only says when it cannot",
        arguments: [
            (
                "1", "node 1 (EmptyImage): the node is no output node, so it cannot be run for its own sake",
                "Name an output node, or link this one to SaveImage or PreviewAny."
            ),
            ("x1", "small.json: there is no node 'x1' to run", "Did you mean '1'?"),
        ])
    func onlyWrong(_ node: String, _ message: String, _ suggestion: String) async throws {
        let result = try await workplace.graphrun("small.json", "--only", node)
        #expect(result.code == 2 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(result.errors == "error: \(message)\n  \(suggestion)\n")
    }

    @Test("with --events jsonl writes nothing but events to standard output, errors to standard error")
    func jsonl() async throws {
        try workplace.write("input/a.png", "no picture")
        try workplace.write("load.json", Samples.load("a.png"))
        let result = try await workplace.graphrun("load.json", "--events", "jsonl")
        #expect(result.code == 1)
        #expect(
            result.errors == """
                error: node 1 (LoadImage 'the photo'): 'a.png': the file is not a picture: it starts like text
                  Open it in a text editor: a failed download often leaves a web page or an error message.

                """)
        #expect(result.output.hasSuffix("\n"))
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(events.map { $0["seq"]?.number?.int } == (1...events.count).map { Int128($0) })
        #expect(
            events.map { $0["type"] }.filter { $0 != "run_progress" }
                == ["run_queued", "run_started", "node_started", "node_phase", "node_failed", "run_finished"])
        #expect(events.last?["outcome"] == "failed")
    }

    @Test("with --events none says nothing, with --quiet the outputs alone")
    func silence() async throws {
        let none = try await workplace.graphrun("small.json", "--events", "none")
        #expect(none.code == 0 && none.output.isEmpty && none.errors.isEmpty)
        let quiet = try await workplace.graphrun("small.json", "--quiet")
        #expect(quiet.code == 0 && quiet.output == "output/x_00002_.png\n" && quiet.errors.isEmpty)
    }

    @Test("with --trace leaves a trace with one complete event for each node")
    func trace() async throws {
        let result = try await workplace.graphrun("values.json", "--trace", "trace.json", "--events", "none")
        #expect(result.code == 0 && result.errors.isEmpty)
        let trace = try JSONParser.parse(try workplace.text("trace.json"))
        let events = try #require(trace["traceEvents"]?.array)
        let complete = events.filter { $0["ph"] == "X" }
        #expect(
            complete.compactMap { $0["name"]?.string }.sorted()
                == ["PreviewAny c", "PreviewAny d", "PrimitiveInt a", "PrimitiveString b"])
        for event in complete {
            #expect((event["dur"]?.number?.double ?? -1) >= 0 && event["ts"] != nil && event["tid"] != nil)
        }
    }

    @Test("says when the trace cannot be written, ends with 1, and keeps the outputs")
    func traceFails() async throws {
        let result = try await workplace.graphrun("small.json", "--trace", "none/trace.json", "--quiet")
        #expect(result.code == 1 && result.output == "output/x_00001_.png\n")
        #expect(
            result.errors == """
                graphrun: the trace could not be written to none/trace.json
                  Choose another place for --trace.

                """)
    }

    @Test("writes a trace to a device as it is")
    func traceToDevice() async throws {
        let result = try await workplace.graphrun("small.json", "--trace", "/dev/stdout", "--events", "none")
        #expect(result.code == 0)
        #expect(try JSONParser.parse(result.output)["traceEvents"] != nil)
    }

    @Test("with --timeout ends in time, with 1, and leaves nothing behind")
    func timeout() async throws {
        try workplace.write("long.json", Samples.long)
        let result = try await workplace.graphrun("long.json", "--timeout", "0.2", "--events", "none")
        #expect(result.code == 1 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.errors == """
                graphrun: stopped after 0.2 s (--timeout)
                  Give it more time, or less to do.

                """)
        #expect(try await workplace.graphrun("small.json", "--timeout", "50", "--events", "none").code == 0)
    }

    @Test(
        "takes every form of --cache",
        arguments: ["none", "classic", "lru:3", "ram:2GB", "ram:500mb", "ram:1.5G", "ram:1000000"])
    func cache(_ policy: String) async throws {
        for name in ["a.png", "b.png"] { try workplace.write("input/\(name)", Samples.picture) }
        let blend = """
            {"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
             "2": {"class_type": "EmptyImage", "inputs": {"width": 1, "height": 1, "batch_size": 1, "color": 0}},
             "3": {"class_type": "ImageBlend", "inputs": {"image1": ["1", 0], "image2": ["2", 0], "blend_factor": 0.5,
              "blend_mode": "normal"}},
             "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 0]}}}
            """
        try workplace.write("blend.json", blend)
        let result = try await workplace.graphrun(
            "blend.json", "--for-each", "1.image=*.png", "--cache", policy, "--events", "jsonl")
        #expect(result.code == 0 && result.errors.isEmpty)
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        let cached = events.filter { $0["type"] == "node_cached" }.compactMap { $0["node"]?.string }
        // EmptyImage does not depend on the file. The files are alike, but their names differ.
        #expect(cached.contains("2") == (policy != "none"))
    }

    @Test("with --resource cpu=1 runs one node at a time")
    func resource() async throws {
        let result = try await workplace.graphrun(
            "values.json", "--resource", "cpu=1", "--resource", "network=4", "--events", "jsonl")
        let events = try result.output.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        var running = 0, most = 0
        for event in events {
            if event["type"] == "node_started" { running += 1 }
            if event["type"] == "node_finished" { running -= 1 }
            most = max(most, running)
        }
        #expect(result.code == 0 && most == 1 && running == 0)
    }

    @Test("with --keep-going finishes what does not depend on failures, and tells them all")
    func keepGoing() async throws {
        try workplace.write("input/a.png", "no picture")
        try workplace.write("input/b.png", "")
        let nodes = """
            , "3": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
            "4": {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
            "5": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
            "6": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
            "7": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
            """
        try workplace.write("some.json", Samples.workflow(more: nodes))
        let invalid = "error: node 7 (PreviewImage): input 'images' links to node '8', which does not exist"
        let strict = try await workplace.graphrun("some.json", "--quiet")
        #expect(strict.code == 2 && strict.errors == "\(invalid)\n  Link it to one of the nodes of the workflow.\n")
        let loose = try await workplace.graphrun("some.json", "--quiet", "--keep-going")
        #expect(loose.code == 1 && loose.output == "output/x_00001_.png\n")
        #expect(
            loose.errors.split(separator: "\n").filter { $0.hasPrefix("error") }.sorted() == [
                "error: node 3 (LoadImage): 'a.png': the file is not a picture: it starts like text",
                "error: node 4 (LoadImage): 'b.png': the file is empty", Substring(invalid),
            ])
    }

    @Test("counts in its last line what ran to its end: not what failed, nor what an equal node has made")
    func lastLine() async throws {
        try workplace.write("input/a.png", "no picture")
        let nodes = """
            , "3": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
            "4": {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}},
            "5": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
            "6": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
            "7": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}}
            """
        try workplace.write("some.json", Samples.workflow(more: nodes))
        let result = try await workplace.graphrun("some.json", "--keep-going")
        #expect(result.timeless.hasSuffix("\nfailed: 4 of 7 nodes, 1 from the cache in T\n"), "\(result.output)")
    }

    @Test("takes its folders from the options")
    func folders() async throws {
        try workplace.write("base/input/a.png", Samples.picture)
        try workplace.write("base/load.json", Samples.load("a.png"))
        try workplace.write("other/b.png", Samples.picture)
        let based = try await workplace.graphrun("base/load.json", "--base-directory", "base", "--quiet")
        #expect(based.output == "base/output/x_00001_.png\n")
        let apart = try await workplace.graphrun(
            "base/load.json", "--input-directory=other", "--output-directory=out/deep", "--set", "1.image=b.png",
            "--quiet")
        #expect(apart.output == "out/deep/x_00001_.png\n")
        try workplace.write("preview.json", Samples.small.replacing("SaveImage", with: "PreviewImage"))
        let preview = try await workplace.graphrun("preview.json", "--temp-directory", "t", "--quiet")
        #expect(preview.output.wholeMatch(of: #/t/ComfyUI_temp_[a-z]{5}_00001_\.png\n/#) != nil)
        #expect(workplace.outputs.isEmpty)
    }
}
