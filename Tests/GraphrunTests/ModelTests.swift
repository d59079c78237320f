import Digest
import Foundation
import GraphCore
import Testing

@Suite("graphrun models", .timeLimit(.minutes(1)))
struct ModelTests {
    private let workplace: Workplace

    init() throws { workplace = try Workplace() }

    private static let missing = """
        ddcolor
          ddcolor_paper_tiny.pth: about 220 MB, not here; get it with: graphrun models pull ddcolor_paper_tiny
              the paper's small network (ConvNeXt-T), ImageNet: fastest, least memory
          ddcolor_paper.pth: about 912 MB, not here; get it with: graphrun models pull ddcolor_paper
              the paper's large network (ConvNeXt-L), ImageNet
          ddcolor_modelscope.pth: about 912 MB, not here; get it with: graphrun models pull ddcolor_modelscope
              DDColor's own default: large, a cleaned ImageNet
          ddcolor_artistic.pth: about 912 MB, not here; get it with: graphrun models pull ddcolor_artistic
              large, ImageNet and pictures that are not public, without the colourfulness loss

        """

    @Test("lists what could be fetched where nothing is there")
    func nothing() async throws {
        let result = try await workplace.graphrun("models")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(result.output == Self.missing)
    }

    @Test("lists what is there by kind, also in the folders that a file names")
    func found() async throws {
        try workplace.write("models/ddcolor/ddcolor_paper.pth", "four")
        try workplace.write("models/ddcolor/ddcolor_artistic.pth.part", "begun")
        try workplace.write("models/upscale_models/x2.onnx", String(repeating: "x", count: 1_500_000))
        try workplace.write("shared/mine.safetensors", "12")
        try workplace.write("paths.yaml", "shared:\n  ddcolor: shared\n  loras: gone\n")
        let result = try await workplace.graphrun("models", "--extra-model-paths-config", "paths.yaml")
        #expect(result.code == 0)
        #expect(result.errors == "warning: paths.yaml: no such folder: gone (line 3)\n")
        let lines = result.output.split(separator: "\n")
        #expect(lines.first == "upscale_models" && lines[1] == "  x2.onnx: 1.5 MB, models/upscale_models/x2.onnx")
        #expect(lines.contains("  ddcolor_paper.pth: 4 bytes, models/ddcolor/ddcolor_paper.pth"))
        #expect(lines.last == "  mine.safetensors: 2 bytes, shared/mine.safetensors")
        #expect(!result.output.contains(".part"))
    }

    @Test("--json lists the same for programs")
    func json() async throws {
        try workplace.write("models/ddcolor/mine.onnx", "12")
        let result = try await workplace.graphrun("models", "--json")
        let models = try JSONParser.parse(result.output)["ddcolor"]?.array ?? []
        #expect(models.count == 5)
        #expect(
            models.first == [
                "name": "ddcolor_paper_tiny.pth", "path": .null, "byte_count": 220_000_000, "is_here": false,
                "purpose": "the paper's small network (ConvNeXt-T), ImageNet: fastest, least memory",
                "url": "https://huggingface.co/piddnad/DDColor-models/resolve/main/ddcolor_paper_tiny.pth",
            ])
        #expect(
            models.last == ["name": "mine.onnx", "path": "models/ddcolor/mine.onnx", "byte_count": 2, "is_here": true])
    }

    @Test("gets what check says is missing")
    func check() async throws {
        func check(_ checkpoint: String) async throws -> Program.Result {
            try workplace.write(
                "color.json",
                """
                {"1": {"class_type": "EmptyImage",
                       "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
                 "2": {"class_type": "DDColor_Colorize",
                       "inputs": {"image": ["1", 0], "model_input_size": 64, "checkpoint": "\(checkpoint)"}},
                 "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}
                """)
            return try await workplace.graphrun("check", "color.json")
        }
        let missing = try await check("ddcolor_modelscope.pth")
        #expect(missing.code == 2)
        #expect(
            missing.errors == """
                error: node 2 (DDColor_Colorize): input 'checkpoint': the model 'ddcolor_modelscope.pth' is not in models/ddcolor/
                  Get it with: graphrun models pull ddcolor_modelscope

                """)
        let misspelt = try await check("ddcolor_modelscop.pth")
        #expect(
            misspelt.errors == """
                error: node 2 (DDColor_Colorize): input 'checkpoint': 'ddcolor_modelscop.pth' was not found in models/ddcolor/
                  Did you mean 'ddcolor_modelscope.pth'?

                """)
        try workplace.write("models/ddcolor/ddcolor_modelscope.pth", "four")
        #expect(try await check("ddcolor_modelscope.pth").code == 0)
    }

    @Test("takes no other words")
    func usage() async throws {
        let cases = [
            (["models", "push"], "'push' is not expected here\n  Run 'graphrun --help'."),
            (
                ["models", "pull"],
                "no model was named\n  Name one, such as 'graphrun models pull ddcolor_paper_tiny'."
            ),
            (["models", "pull", "a", "b"], "'b' is one name too many\n  Run 'graphrun --help'."),
        ]
        for (words, message) in cases {
            let result = try await Program.run(words, in: workplace.folder)
            #expect(result.code == 3 && result.errors == "graphrun: \(message)\n")
        }
    }

    @Test("is told of a wrong file of folders with the line, as every command is")
    func wrongPaths() async throws {
        try workplace.write("paths.yaml", "shared:\n  ddcolor: [a]\n")
        for command in ["models", "doctor", "nodes"] {
            let result = try await workplace.graphrun(command, "--extra-model-paths-config", "paths.yaml")
            #expect(result.code == 3 && result.output.isEmpty)
            #expect(
                result.errors == """
                    graphrun: --extra-model-paths-config: paths.yaml, line 2: 'ddcolor' is a list; a folder is expected
                      Write one folder behind ':', or several below '|', one a line.

                    """)
        }
    }
}

@Suite("graphrun models pull", .timeLimit(.minutes(1)))
struct ModelPullTests {
    private let workplace: Workplace
    private let hub: ModelHub

    init() throws {
        workplace = try Workplace()
        hub = try ModelHub()
    }

    private let path = "models/ddcolor/ddcolor_paper_tiny.pth"

    private var url: String {
        "http://127.0.0.1:\(hub.port)/piddnad/DDColor-models/resolve/main/ddcolor_paper_tiny.pth"
    }

    private func pull(_ words: String...) async throws -> Program.Result {
        var result = try await Program.run(
            ["models", "pull"] + words, in: workplace.folder, environment: hub.environment)
        // How far it was at some moment is chance.
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        result = Program.Result(
            code: result.code, output: lines.filter { !$0.contains("kB of") }.joined(separator: "\n"),
            errors: result.errors)
        return result
    }

    private var file: [UInt8] { (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

    @Test("fetches a model by name and checks it")
    func whole() async throws {
        hub.set { $0.hash = SHA256.hexadecimal($0.file) }
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.output == """
                ddcolor_paper_tiny.pth from \(url)
                  checking
                -> \(path) (300 kB)
                   checked: its SHA-256 is the one that the server names

                """)
        #expect(try Array(Data(contentsOf: workplace.url(path))) == file)
        #expect(workplace.files("models") == ["ddcolor/ddcolor_paper_tiny.pth"])
        let again = try await pull("ddcolor_paper_tiny.pth")
        #expect(again.code == 0 && again.output == "\(path) is there already\n")
        #expect(hub.asked == ["ddcolor_paper_tiny.pth", "whole"])
        await hub.stop()
    }

    @Test("says when the server names no hash")
    func unchecked() async throws {
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 0)
        #expect(
            result.output.hasSuffix(
                "   could not be checked: the server names no SHA-256. It is \(SHA256.hexadecimal(file))\n"))
        await hub.stop()
    }

    @Test("goes on where a cut connection left it")
    func resumed() async throws {
        hub.set { $0.cutAfter = 120_000 }
        let cut = try await pull("ddcolor_paper_tiny")
        #expect(cut.code == 1)
        let lines = cut.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("graphrun: the connection to 127.0.0.1:\(hub.port) broke: ") == true)
        #expect(lines.last == "  120 kB are kept: 'graphrun models pull ddcolor_paper_tiny' goes on there.")
        #expect(
            workplace.files("models/ddcolor") == [
                "ddcolor_paper_tiny.pth.part", "ddcolor_paper_tiny.pth.part.etag",
            ])
        hub.set { ($0.cutAfter, $0.hash) = (nil, SHA256.hexadecimal($0.file)) }
        let rest = try await pull("ddcolor_paper_tiny")
        #expect(rest.code == 0)
        #expect(rest.output.contains("\n  going on behind the 120 kB that are here\n"))
        #expect(hub.asked.last == "bytes=120000-")
        #expect(try Array(Data(contentsOf: workplace.url(path))) == file)
        #expect(workplace.files("models") == ["ddcolor/ddcolor_paper_tiny.pth"])
        await hub.stop()
    }

    @Test("keeps what came on Ctrl-C, and says that it goes on there", arguments: [SIGINT, SIGTERM])
    func interrupted(_ signal: Int32) async throws {
        hub.set { $0.silentAfter = 120_000 }
        let program = try Program(
            ["models", "pull", "ddcolor_paper_tiny"], in: workplace.folder, environment: hub.environment)
        try await program.says("\n  120 kB of 300 kB")
        program.send(signal)
        let result = try await program.result()
        #expect(result.code == 130)
        #expect(
            result.errors == """
                graphrun: interrupted
                  120 kB are kept: 'graphrun models pull ddcolor_paper_tiny' goes on there.

                """)
        #expect(workplace.files("models/ddcolor").count == 2)
        await hub.stop()
    }

    @Test("deletes what is damaged, and says so")
    func damaged() async throws {
        let promised = String(repeating: "ab", count: 32)
        hub.set { $0.hash = promised }
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 1)
        #expect(
            result.errors == """
                graphrun: what came is damaged, and was deleted: its SHA-256 is \(SHA256.hexadecimal(file)), not \(promised)
                  Try again.

                """)
        #expect(workplace.files("models").isEmpty)
        await hub.stop()
    }

    @Test("says what to do when the hub has no such file")
    func notFound() async throws {
        hub.set { $0.status = 404 }
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 1)
        #expect(
            result.errors == """
                graphrun: 127.0.0.1:\(hub.port) answered 404 to \(url)
                  It is not there any more, or $GRAPHRUN_MODEL_HUB leads elsewhere.
                  Or get \(url) by another way, and put it into models/ddcolor/

                """)
        await hub.stop()
    }

    @Test("says what to do without a network")
    func unreachable() async throws {
        await hub.stop()
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 1)
        #expect(
            result.errors == """
                graphrun: could not connect to 127.0.0.1:\(hub.port): connection refused
                  Check the network. Or get \(url) by another way, and put it into models/ddcolor/

                """)
        #expect(workplace.files("models").isEmpty)
    }

    @Test("takes no file that cannot be the model")
    func tooLarge() async throws {
        hub.set { $0.announced = 500_000_000 }
        let result = try await pull("ddcolor_paper_tiny")
        #expect(result.code == 1)
        #expect(
            result.errors == """
                graphrun: the response of 127.0.0.1:\(hub.port) is larger than the limit of 440000000 bytes
                  It cannot be this model. Or get \(url) by another way, and put it into models/ddcolor/

                """)
        #expect(workplace.files("models").isEmpty)
        await hub.stop()
    }

    @Test("knows the published names, and says what was meant")
    func unknown() async throws {
        let result = try await pull("ddcolor_paper_tinny")
        #expect(result.code == 2)
        #expect(
            result.errors == """
                graphrun: there is no published model 'ddcolor_paper_tinny'
                  Did you mean 'ddcolor_paper_tiny'?

                """)
        #expect(
            try await pull("x").errors.hasSuffix(
                "\n  Choose one of: ddcolor_paper_tiny, ddcolor_paper, ddcolor_modelscope, ddcolor_artistic.\n"))
        await hub.stop()
    }
}
