import Foundation
import Testing

/// The rules no compiler checks: which module may know which, and what no file may hold.
@Suite("The source tree")
struct TidyTests {
    /// What each module may import besides the system's own modules; docs/ARCHITECTURE.md draws the arrows.
    private static let arrows: [String: Set<String>] = [
        "GraphCore": [],
        "Digest": ["CCrypto"],
        "Media": [
            "GraphCore", "CPNG", "CJPEG", "CWebP", "CLCMS", "CTIFF", "CGIF", "CSndfile", "CSampleRate", "CEBUR128",
            "CKissFFT", "CMalloc",
        ],
        "Files": ["GraphCore", "Digest", "CYAML"],
        "Inference": ["GraphCore", "Digest", "COnnxRuntime"],
        "Processes": ["GraphCore"],
        "Remote": ["GraphCore", "Files", "HTTP"],
        "Nodes": ["GraphCore", "Media", "Inference", "Processes", "Remote"],
        "Arguments": ["GraphCore"],
        "HTTP": ["Digest", "CEpoll", "CZlib", "COpenSSL", "CCurl"],
        "ComfyProtocol": ["GraphCore"],
        "GraphServer": ["Arguments", "ComfyProtocol", "GraphCore", "Media", "Files", "Digest", "HTTP"],
        "graphrun": [
            "Arguments", "ComfyProtocol", "GraphCore", "Media", "Files", "HTTP", "Inference", "Processes", "Remote",
            "Nodes",
        ],
        "GraphServerMain": ["GraphCore", "Inference", "Remote", "Nodes", "GraphServer"],
    ]
    private static let systemModules: Set<String> = ["Foundation", "Dispatch", "Synchronization", "Glibc", "Darwin"]
    /// GraphCore is pure: of Foundation it needs threads, in one file.
    private static let pureExceptions: Set<String> = ["Sources/GraphCore/Run/WorkerPool.swift"]

    private struct Source {
        let path: String
        let module: String
        let lines: [String]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard let position = words.firstIndex(of: "import"), position <= 2, position + 1 < words.count else {
                    return nil
                }
                return words[position + 1]
            }
        }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func sources(in folder: String) -> [Source] {
        let base = root.appendingPathComponent(folder)
        let paths = (FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []).sorted()
        return paths.filter { $0.hasSuffix(".swift") }.compactMap { path in
            guard let text = try? String(contentsOf: base.appendingPathComponent(path), encoding: .utf8) else {
                return nil
            }
            let module = String(path.split(separator: "/").first ?? "")
            return Source(path: "\(folder)/\(path)", module: module, lines: text.components(separatedBy: "\n"))
        }
    }

    private let library = sources(in: "Sources")

    @Test("is read at all")
    func found() { #expect(library.count > 50) }

    @Test("has no import against the arrows")
    func arrows() {
        for source in library {
            guard let allowed = Self.arrows[source.module] else {
                Issue.record("\(source.path): module \(source.module) has no arrows; add it to this test")
                continue
            }
            for name in source.imports where !allowed.contains(name) && !Self.systemModules.contains(name) {
                Issue.record("\(source.path) imports \(name), which \(source.module) must not know")
            }
        }
    }

    @Test("keeps GraphCore free of files, sockets and C")
    func pure() {
        for source in library where source.module == "GraphCore" && !Self.pureExceptions.contains(source.path) {
            for name in source.imports where name != "Synchronization" {
                Issue.record("\(source.path) imports \(name)")
            }
        }
    }

    @Test("imports each C module in one file")
    func oneImporter() {
        let cModules = Set(Self.arrows.values.joined()).subtracting(Self.arrows.keys).filter { $0.hasPrefix("C") }
        for module in cModules {
            let importers = library.filter { $0.imports.contains(module) }.map(\.path)
            #expect(importers.count == 1, "\(module) is imported by \(importers)")
        }
    }

    @Test("imports FoundationNetworking nowhere")
    func noFoundationNetworking() {
        // Spelt in two parts, so that this file does not find itself.
        let word = "Foundation" + "Networking"
        for source in library + Self.sources(in: "Tests") + Self.sources(in: "Bench") {
            #expect(!source.imports.contains(word), "\(source.path)")
        }
    }

    @Test("starts no child with Foundation's Process, which learns of an end late when another child starts meanwhile")
    func noFoundationProcess() {
        for source in library + Self.sources(in: "Tests") {
            let starts = source.lines.filter { $0.contains(/(^|[^.\w])(Foundation\.)?Process\(\)/) }
            #expect(starts.isEmpty, "\(source.path)")
        }
    }

    @Test("prints nothing from a library")
    func noPrint() {
        for source in library where source.module != "graphrun" && source.module != "GraphServerMain" {
            for (number, line) in source.lines.enumerated() where line.contains(/(^|[^.\w])(debugPrint|print|dump)\(/) {
                Issue.record("\(source.path):\(number + 1): \(line)")
            }
        }
    }

    @Test("gives every open task an owner, in brackets behind the word")
    func ownedTasks() {
        let words = ["TO" + "DO", "FIX" + "ME"]
        for source in library + Self.sources(in: "Tests") + Self.sources(in: "Bench") {
            for (number, line) in source.lines.enumerated() {
                for word in words where line.contains(word) && !line.contains(word + "(") {
                    Issue.record("\(source.path):\(number + 1): \(line)")
                }
            }
        }
    }

    @Test("says unsafe only where a C module is bridged, threads are run, or pixels are counted in billions")
    func unsafeFiles() {
        let allowed: Set<String> = [
            "Sources/Digest/Digests.swift", "Sources/Files/FileStatus.swift", "Sources/Files/YAML.swift",
            "Sources/Media/PNGCodec.swift", "Sources/Media/Memory/PagePool.swift",
            "Sources/Media/Memory/PixelBuffer.swift",
            "Sources/Media/JPEGCodec.swift", "Sources/Media/TIFFCodec.swift", "Sources/Media/GIFCodec.swift",
            "Sources/Media/ColorProfile.swift", "Sources/Media/GaussianBlur.swift",
            "Sources/Media/LanczosKernel.swift", "Sources/Media/RowWork.swift",
            "Sources/Media/Photo/NonLocalMeansKernel.swift", "Sources/Media/Lab/LabBlock.swift",
            "Sources/Media/Sound/ByteFile.swift", "Sources/Media/Sound/SoundFile.swift",
            "Sources/Media/Sound/SoundResampler.swift", "Sources/Media/Sound/LoudnessMeter.swift",
            "Sources/Media/Sound/FourierTransform.swift", "Sources/Processes/ChildProcess.swift",
            "Sources/GraphCore/Run/WorkerPool.swift",
            "Sources/Media/WebPCodec.swift", "Sources/HTTP/Gzip.swift", "Sources/HTTP/TLS.swift",
            "Sources/HTTP/EventLoop.swift", "Sources/HTTP/Poller.swift", "Sources/HTTP/Socket.swift",
            "Sources/Inference/ONNXRuntime.swift", "Sources/Inference/ONNX/WeightsFile.swift",
            "Sources/Inference/Checkpoint/CheckpointFile.swift",
            "Sources/HTTP/OpenedFile.swift", "Sources/HTTP/Curl.swift", "Sources/HTTP/Download.swift",
            "Sources/graphrun/Console.swift",
        ]
        for source in library where !allowed.contains(source.path) {
            for (number, line) in source.lines.enumerated()
            where line.contains(/(^|[^"\w])unsafe (?!.*fileExists|.*ioctl)/) {
                Issue.record("\(source.path):\(number + 1): \(line)")
            }
        }
    }

    /// Where the modules that handle foreign data state what their own callers guarantee: shapes that the same module
    /// has made, never what a workflow, a file or a server says.
    private static let preconditions: [String: Int] = [
        "Sources/Inference/Images/ImageModel.swift": 1,
        "Sources/Inference/ModelHost.swift": 2,
        "Sources/Inference/ONNX/ONNXGraph.swift": 1,
        "Sources/Inference/ONNXRuntime.swift": 2,
        "Sources/Inference/PartedModel.swift": 1,
        "Sources/Inference/Tensor.swift": 1,
        "Sources/Media/Assembly.swift": 1,
        "Sources/Media/Channels.swift": 2,
        "Sources/Media/GaussianBlur.swift": 3,
        "Sources/Media/Image.swift": 5,
        "Sources/Media/Memory/PixelBuffer.swift": 6, "Sources/Media/Lab/Chroma.swift": 1,
        "Sources/Media/Lab/ColoredImage.swift": 1,
        "Sources/Media/Lab/CurveTable.swift": 1,
        "Sources/Media/Lab/LabBlock.swift": 3,
        "Sources/Media/Lab/LowResolutionColors.swift": 1,
        "Sources/Media/Lab/SquashedGray.swift": 1,
        "Sources/Media/LanczosKernel.swift": 1,
        "Sources/Media/Mask.swift": 1,
        "Sources/Media/Overlay.swift": 2,
        "Sources/Media/PNGCodec.swift": 1,
        "Sources/Media/Photo/NonLocalMeansKernel.swift": 4,
        "Sources/Media/Photo/Rotation.swift": 1,
        "Sources/Media/Photo/Vignette.swift": 1,
        "Sources/Media/Quantization/Quantizing.swift": 1,
        "Sources/Media/Resampling.swift": 1,
        "Sources/Media/RowWork.swift": 1,
        "Sources/Media/Sound/Audio.swift": 1,
        "Sources/Media/Sound/FourierTransform.swift": 1,
    ]

    private static let foreignModules: Set<String> = ["Nodes", "Media", "Inference", "Remote"]

    @Test("ends the process nowhere for what a workflow, a file or a server says")
    func preconditionsCounted() {
        for source in library where Self.foreignModules.contains(source.module) {
            let found = source.lines.filter {
                $0.contains(/(^|[^.\w])(precondition|preconditionFailure|fatalError|assert|assertionFailure)\(/)
            }
            #expect(
                found.count == Self.preconditions[source.path] ?? 0,
                "\(source.path): throw a Diagnostic instead, or say here that only this module's own callers can get there"
            )
        }
    }

    @Test("advises only commands and options that there are")
    func advice() throws {
        let literals = library.flatMap { source in
            source.lines.filter { $0.contains("\"") && !$0.drop(while: \.isWhitespace).hasPrefix("//") }
                .map { (path: source.path, line: $0) }
        }
        let declared = Set(literals.flatMap { $0.line.matches(of: /name: "(--[a-z0-9-]+)"/).map { String($0.1) } })
        #expect(declared.count > 40)
        // ComfyUI's options are named to say what stands in for them; the others are those of other programs.
        let foreign: Set = ["--model-name", "--model-type", "--voices", "--stdin", "--stdout"]
        for (path, line) in literals where path != "Sources/GraphServer/ServerOptionTable.swift" {
            for match in line.matches(of: /--[a-z][a-z0-9-]+/) where !foreign.contains(String(match.0)) {
                if !declared.contains(String(match.0)) { Issue.record("\(path) names \(match.0)") }
            }
        }
        let lists = library.flatMap(\.lines).compactMap { $0.firstMatch(of: /enum Verb: .+ case ([a-z, ]+) \}/)?.1 }
        let commands = try #require(lists.first).split(separator: ", ").map(String.init)
        for (path, line) in literals {
            for match in line.matches(of: /(?:'|: )graphrun ([a-z]+)/) where !commands.contains(String(match.1)) {
                Issue.record("\(path) names 'graphrun \(match.1)'")
            }
        }
    }

    @Test("imports GraphCore wherever foreign numbers come by, so that the compiler refuses Int(_: Double) there")
    func conversionsRefused() {
        for source in library where Self.foreignModules.contains(source.module) {
            #expect(
                source.imports.contains("GraphCore"), "\(source.path): import GraphCore, for CheckedArithmetic.swift")
        }
    }
}
