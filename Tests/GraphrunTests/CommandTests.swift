import GraphCore
import Testing

@Suite("graphrun", .timeLimit(.minutes(1)))
struct CommandTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("small.json", Samples.small)
        try workplace.write("load.json", Samples.load("a.png"))
        try workplace.write("input/a.png", Samples.picture)
    }

    @Test("runs a workflow, with the word 'run' and without", arguments: [["run"], []])
    func run(_ words: [String]) async throws {
        let result = try await Program.run(words + ["load.json"], in: workplace.folder)
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.timeless == """
                LoadImage (1): T
                ImageInvert (2): T
                SaveImage (3): T
                  output/x_00001_.png
                done: 3 nodes in T

                """)
        #expect(workplace.outputs == ["x_00001_.png"])
    }

    @Test("check says that nothing is wrong, and writes nothing")
    func checkGood() async throws {
        let result = try await workplace.graphrun("check", "load.json")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(result.output == "load.json: 3 nodes, 3 needed, nothing wrong\n")
        #expect(workplace.outputs.isEmpty && workplace.files("user").isEmpty)
    }

    @Test("check says everything that is wrong at once")
    func checkBad() async throws {
        let nodes = #", "3": {"class_type": "ImageInver", "inputs": {}}, "4": {"inputs": {}}"#
        try workplace.write("bad.json", Samples.workflow(#""width": 0, "height": "x", "color": 0"#, more: nodes))
        let result = try await workplace.graphrun("check", "bad.json")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 1 (EmptyImage): required input 'batch_size' is missing
                  Add "batch_size": 1 (its default).
                error: node 1 (EmptyImage): input 'width': 0 is below 1
                  Use a value from 1 to 16384.
                error: node 1 (EmptyImage): input 'height': "x" is not a whole number
                  Give 'height' a whole number.
                error: node 3 (ImageInver): unknown node type 'ImageInver'
                  Did you mean 'ImageInvert'?
                error: node 4: the node does not say its type
                  Add "class_type": "..."; 'graphrun nodes' lists the types.

                """)
    }

    @Test("check tells warnings, which stop nothing")
    func warning() async throws {
        try workplace.write("values.json", Samples.values)
        let result = try await workplace.graphrun("check", "values.json", "--set", "how many.value=7.9")
        #expect(result.code == 0 && result.output == "values.json: 4 nodes, 4 needed, 1 warning\n")
        #expect(
            result.errors == """
                warning: node a (PrimitiveInt 'how many'): input 'value': 7.9 is not a whole number; 7 is used

                """)
    }

    @Test("plan shows levels and why each node would run, and runs none")
    func plan() async throws {
        let result = try await workplace.graphrun("plan", "load.json")
        #expect(result.code == 0 && result.errors.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.output == """
                level 1
                  1 LoadImage: runs (never ran)
                level 2
                  2 ImageInvert: runs (never ran)
                level 3
                  3 SaveImage: runs (never ran)

                """)
    }

    @Test("plan --dot draws the graph")
    func dot() async throws {
        let result = try await workplace.graphrun("plan", "--dot", "load.json")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.output == """
                digraph workflow {
                    rankdir=LR; node [shape=box];
                    "1" [label="1 LoadImage"];
                    "2" [label="2 ImageInvert"];
                    "3" [label="3 SaveImage"];
                    "1" -> "2" [label="image"];
                    "2" -> "3" [label="images"];
                }

                """)
    }

    @Test("convert writes the hybrid format as API format, which runs alike")
    func convert() async throws {
        try workplace.write(
            "hybrid.json",
            """
            {"nodes": [{"id": "load", "type": "LoadImage", "widgets_values": ["a.png"]},
              {"id": "save", "type": "SaveImage", "inputs": {"images": "load.image"}, "widgets_values": ["x"]}]}
            """)
        let converted = try await workplace.graphrun("convert", "hybrid.json")
        #expect(converted.code == 0 && converted.errors.isEmpty)
        #expect(
            try JSONParser.parse(converted.output) == [
                "load": ["inputs": ["image": "a.png"], "class_type": "LoadImage"],
                "save": ["inputs": ["images": ["load", 0], "filename_prefix": "x"], "class_type": "SaveImage"],
            ])
        try workplace.write("api.json", converted.output)
        for file in ["hybrid.json", "api.json"] {
            #expect(try await workplace.graphrun(file, "--events", "none").code == 0)
        }
        #expect(workplace.outputs == ["x_00001_.png", "x_00002_.png"])
    }

    @Test("convert keeps titles, number text and what --set changed")
    func convertKeeps() async throws {
        try workplace.write("values.json", Samples.values)
        let result = try await workplace.graphrun(
            "convert", "values.json", "--set", "b.value=5", "--set", "a.value=5.0")
        let json = try JSONParser.parse(result.output)
        #expect(json["a"]?["inputs"]?["value"]?.number?.text == "5.0")
        #expect(json["a"]?["_meta"]?["title"] == "how many")
        #expect(json["b"]?["inputs"]?["value"] == "5")
    }

    @Test("nodes lists every type with its required inputs and its outputs")
    func nodes() async throws {
        let result = try await workplace.graphrun("nodes")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(result.output.contains("\nImageScale(image, upscale_method, width, height, crop) -> IMAGE\n"))
        #expect(result.output.contains("\nSaveImage(images, filename_prefix)\n"))
    }

    @Test("nodes NAME tells all about one type, its choices as they are now")
    func node() async throws {
        let blend = try await workplace.graphrun("nodes", "EmptyImage")
        #expect(
            blend.output == """
                EmptyImage  [image]
                  in   width: INT, default 512, 1 to 16384
                  in   height: INT, default 512, 1 to 16384
                  in   batch_size: INT, default 1, 1 to 4096
                  in   color: INT, default 0, 0 to 16777215
                  out  IMAGE: IMAGE

                """)
        let load = try await workplace.graphrun("nodes", "LoadImage")
        #expect(
            load.output == """
                LoadImage: Load Image  [image]
                  in   image: COMBO, found now: a.png
                  out  IMAGE: IMAGE
                  out  MASK: MASK

                """)
    }

    @Test("nodes --json describes them as ComfyUI's /object_info does")
    func nodesAsJSON() async throws {
        let one = try JSONParser.parse(try await workplace.graphrun("nodes", "LoadImage", "--json").output)
        #expect(one.object?.members.map(\.key) == ["LoadImage"])
        #expect(one["LoadImage"]?["input"]?["required"]?["image"] == [["a.png"], ["image_upload": true]])
        let all = try JSONParser.parse(try await workplace.graphrun("nodes", "--json").output)
        #expect(all["LoadImage"] == one["LoadImage"])
    }

    @Test("nodes NAME suggests the nearest name")
    func unknownNode() async throws {
        let result = try await workplace.graphrun("nodes", "imagescal")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(result.errors == "graphrun: there is no node type 'imagescal'\n  Did you mean 'ImageScale'?\n")
    }

    @Test("doctor names libraries and folders, and what is missing")
    func doctor() async throws {
        try workplace.write("temp", "a file")
        let result = try await workplace.graphrun("doctor")
        #expect(result.code == 0 && result.errors.isEmpty)
        for library in ["libpng", "libjpeg", "libwebp", "libcrypto"] {
            #expect(result.output.contains("  \(library): "))
        }
        #expect(result.output.contains(#/\n  espeak-ng: [0-9.]+ \(/.*/espeak-ng\)\n/#))
        #expect(
            result.output.hasSuffix(
                """
                  input: input (found)
                  output: output (missing, will be made)
                  temp: temp (is a file, not a folder)
                  models: models (missing)
                  user: user (missing, will be made)

                """))
    }

    @Test("doctor tells how to install what is missing to speak")
    func doctorWithoutSpeech() async throws {
        let result = try await Program.run(["doctor"], in: workplace.folder, environment: ["PATH": "/nowhere"])
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.output.contains(
                """

                  espeak-ng: the program 'espeak-ng' is not installed
                     Install it with: sudo apt-get install -y espeak-ng

                """))
    }

    @Test("--version and --help answer on standard output")
    func versionAndHelp() async throws {
        let version = try await workplace.graphrun("--version")
        #expect(version.code == 0 && version.output.wholeMatch(of: #/graphrun \d+\.\d+\.\d+\n/#) != nil)
        let help = try await workplace.graphrun("run", "small.json", "--help")
        #expect(help.code == 0 && help.errors.isEmpty)
        for option in [
            "--base-directory", "--input-directory", "--output-directory", "--temp-directory", "--user-directory",
            "--set",
            "--for-each", "--only", "--events", "--trace", "--timeout", "--cache", "--resource", "--keep-going",
            "--quiet", "--sync-outputs",
        ] {
            #expect(help.output.contains("\n  \(option) "))
        }
        #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 110 })
        #expect(workplace.outputs.isEmpty)
    }
}

@Suite("A wrong command line", .timeLimit(.minutes(1)))
struct UsageTests {
    @Test(
        "ends with 3 and the next thing to try",
        arguments: [
            ([], "no workflow was named", "Run 'graphrun WORKFLOW.json', or 'graphrun --help'."),
            (["run"], "no workflow was named", "Name a file, or '-' for standard input."),
            (["check", ""], "no workflow was named", "Name a file, or '-' for standard input."),
            (
                ["a", "b"], "one workflow at a time: 'b' is one too many",
                "To run one workflow over many files, use --for-each."
            ),
            (["chek", "w.json"], "'chek' is no command", "Did you mean 'check'?"),
            (["validate", "w.json"], "'validate' is no command", "Did you mean 'check'?"),
            (["--hlep"], "unknown option '--hlep'", "Did you mean '--help'?"),
            (["w.json", "--evnets", "none"], "unknown option '--evnets'", "Did you mean '--events'?"),
            (["nodes", "a", "b"], "'b' is one name too many", "Run 'graphrun --help'."),
            (["doctor", "x"], "'x' is not expected here", "Run 'graphrun --help'."),
            (["--nope"], "unknown option '--nope'", "Run 'graphrun --help'."),
            (["w.json", "--event", "none"], "unknown option '--event'", "Did you mean '--events'?"),
            (
                ["check", "w.json", "--events", "none"], "unknown option '--events' for 'check'",
                "Run 'graphrun --help'."
            ),
            (["w.json", "--events"], "--events needs a value", "Write --events KIND."),
            (
                ["w.json", "--events", "xml"], "--events takes jsonl, pretty or none, not 'xml'",
                "Run 'graphrun --help'."
            ),
            (["w.json", "--quiet=1"], "--quiet takes no value", "Run 'graphrun --help'."),
            (["w.json", "--set", "width=1"], "--set takes NODE.INPUT=VALUE, not 'width=1'", "Run 'graphrun --help'."),
            (
                ["w.json", "--timeout", "0"],
                "--timeout takes a number of seconds above 0 and below 1000000000, not '0'",
                "Run 'graphrun --help'."
            ),
            (
                ["w.json", "--cache", "lru:0"],
                "--cache takes none, classic, lru:COUNT or ram:SIZE such as ram:2GB, not 'lru:0'",
                "Run 'graphrun --help'."
            ),
            (
                ["w.json", "--device", "gpu"], "--device takes auto, cpu or cuda, not 'gpu'", "Run 'graphrun --help'."
            ),
            (
                ["w.json", "--model-memory", "lots"], "--model-memory takes a size such as 8GB, not 'lots'",
                "Run 'graphrun --help'."
            ),
            (
                ["w.json", "--resource", "cpu=0"], "--resource takes NAME=N with N from 1 to 1024, not 'cpu=0'",
                "Run 'graphrun --help'."
            ),
            (["small.json", "--resource", "cpus=2"], "there is no resource 'cpus'", "Did you mean 'cpu'?"),
            (
                ["small.json", "--resource", "disk=2"], "there is no resource 'disk'",
                "Name one of: cpu, gpu, model, network."
            ),
        ])
    func usage(_ arguments: [String], _ message: String, _ suggestion: String) async throws {
        let workplace = try Workplace()
        try workplace.write("small.json", Samples.small)
        let result = try await Program.run(arguments, in: workplace.folder)
        #expect(result.code == 3 && result.output.isEmpty)
        #expect(result.errors == "graphrun: \(message)\n  \(suggestion)\n")
        #expect(workplace.outputs.isEmpty)
    }
}

@Suite("A name that is no file", .timeLimit(.minutes(1)))
struct MisspeltNameTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("workflows/photo.json", Samples.small)
        try workplace.write("other.json", Samples.small)
    }

    @Test(
        "is told with the one that it may mean",
        arguments: [
            ("photo", "workflows/photo.json"), ("photo.json", "workflows/photo.json"),
            ("workflows/photo", "workflows/photo.json"), ("workflows/foto.json", "workflows/photo.json"),
            ("other", "other.json"), ("othre.json", "other.json"), ("chek", "check"), ("validate", "check"),
        ])
    func near(name: String, meant: String) async throws {
        let result = try await workplace.graphrun(name)
        #expect(result.code == 2)
        #expect(result.errors == "graphrun: \(name): there is no such file\n  Did you mean '\(meant)'?\n")
    }

    @Test("is told where examples are when nothing is like it")
    func far() async throws {
        let result = try await workplace.graphrun("something-else.json")
        #expect(result.errors.hasSuffix(": there is no such file\n  Check the name; examples are in workflows/.\n"))
    }

    @Test("of a kind of events may be json")
    func events() async throws {
        let result = try await workplace.graphrun("other.json", "--events", "json")
        #expect(result.code == 0 && result.output.contains("\"run_finished\""))
    }
}
