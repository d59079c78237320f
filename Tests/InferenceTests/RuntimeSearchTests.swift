import Foundation
import GraphCore
import TestData
import Testing

@testable import Inference

@Suite("The search for ONNX Runtime")
struct RuntimeSearchTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/runtime-" + UUID().uuidString

    /// Makes files below the folder; what they hold does not matter to the search.
    private func make(_ paths: String..., content: [UInt8] = []) throws {
        for path in paths {
            let url = URL(filePath: folder + "/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: url)
        }
    }

    private func search(_ environment: [String: String] = [:]) -> RuntimeSearch {
        RuntimeSearch(
            environment: ["HOME": folder].merging(environment) { $1 }, pythonRoots: [folder + "/lib"],
            systemFolders: [folder + "/system"])
    }

    private func paths(_ search: RuntimeSearch) -> [String] {
        search.candidates().map { String($0.path.dropFirst(folder.count + 1)) }
    }

    @Test("looks in the cache, then among Python's packages, then where the system keeps libraries; newest first")
    func order() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try make(
            ".cache/graphrun/onnxruntime-1.9.0/libonnxruntime.so",
            ".cache/graphrun/onnxruntime-1.31.1/libonnxruntime.so",
            "lib/python3.9/site-packages/onnxruntime/capi/libonnxruntime.so.1.19.2",
            "lib/python3.11/dist-packages/onnxruntime/capi/libonnxruntime.so.1.31.1", "system/libonnxruntime.so.1")
        #expect(
            paths(search()) == [
                ".cache/graphrun/onnxruntime-1.31.1/libonnxruntime.so",
                ".cache/graphrun/onnxruntime-1.9.0/libonnxruntime.so",
                "lib/python3.11/dist-packages/onnxruntime/capi/libonnxruntime.so.1.31.1",
                "lib/python3.9/site-packages/onnxruntime/capi/libonnxruntime.so.1.19.2", "system/libonnxruntime.so.1",
            ])
    }

    @Test("takes the cache folder from XDG_CACHE_HOME where that is set")
    func xdg() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try make("x/graphrun/onnxruntime-1.31.1/libonnxruntime.so")
        #expect(
            paths(search(["XDG_CACHE_HOME": folder + "/x"])) == ["x/graphrun/onnxruntime-1.31.1/libonnxruntime.so"])
    }

    @Test("looks nowhere else when GRAPHRUN_ONNXRUNTIME names the library")
    func named() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try make(".cache/graphrun/onnxruntime-1.31.1/libonnxruntime.so")
        let found = search(["GRAPHRUN_ONNXRUNTIME": "/elsewhere/lib.so"]).candidates()
        #expect(found == [.init(path: "/elsewhere/lib.so", reason: "$GRAPHRUN_ONNXRUNTIME")])
    }

    private func refusal(_ search: RuntimeSearch) -> String {
        do throws(Diagnostic) {
            _ = try search.load(threadCount: 1)
            return "loaded"
        } catch {
            return error.text.replacingOccurrences(of: folder, with: "FOLDER")
        }
    }

    @Test("says how to get one when there is none")
    func missing() {
        #expect(
            refusal(search()) == """
                ONNX Runtime, which models run on, is not installed
                  Run 'make runtime', or set GRAPHRUN_ONNXRUNTIME to the path of libonnxruntime.so.
                """)
    }

    @Test("refuses what is no library, is for another processor, or is not there")
    func unusable() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let hint = "\n  Run 'make runtime', or set GRAPHRUN_ONNXRUNTIME to the path of libonnxruntime.so."
        try make("text.so", content: Array("no library at all, only words".utf8))
        #expect(refusal(search(["GRAPHRUN_ONNXRUNTIME": folder + "/text.so"])) == "FOLDER/text.so is no library" + hint)
        // The head of a 64-bit ELF file for RISC-V.
        var head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 13)
        (head[16], head[18]) = (3, 243)
        try make("riscv.so", content: head + [UInt8](repeating: 0, count: 64))
        #if arch(arm64)
        let own = "aarch64"
        #else
        let own = "x86-64"
        #endif
        #expect(
            refusal(search(["GRAPHRUN_ONNXRUNTIME": folder + "/riscv.so"]))
                == "FOLDER/riscv.so is a library for another processor than this one (\(own))" + hint)
        #expect(
            refusal(search(["GRAPHRUN_ONNXRUNTIME": folder + "/gone.so"])) == "there is no library FOLDER/gone.so"
                + hint)
    }

    @Test("refuses a library that is not ONNX Runtime")
    func foreign() throws {
        // Any library that every Linux has.
        let libc = try #require(
            ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"].first {
                FileManager.default.fileExists(atPath: $0)
            })
        #expect(
            refusal(search(["GRAPHRUN_ONNXRUNTIME": libc])) == """
                \(libc) cannot be loaded: it has no function OrtGetApiBase
                  Run 'make runtime', or set GRAPHRUN_ONNXRUNTIME to the path of libonnxruntime.so.
                """)
    }

    /// The system's compiler makes a library that answers as ONNX Runtime 1.15 does.
    @Test("says of a runtime before 1.16 that it is too old")
    func old() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = """
            static const void *table(unsigned version) { return version <= 15 ? "" : 0; }
            static const char *version(void) { return "1.15.1"; }
            static const void *base[] = {table, version};
            const void *OrtGetApiBase(void) { return base; }
            """
        try make("old.c", content: Array(source.utf8))
        let library = folder + "/old.so"
        let compiled = try Child.run("clang", ["-shared", "-fPIC", "-w", "-o", library, folder + "/old.c"])
        #expect(compiled.code == 0, "\(compiled.output)")
        #expect(
            refusal(search(["GRAPHRUN_ONNXRUNTIME": library])) == """
                ONNX Runtime 1.15.1 in FOLDER/old.so is too old: 1.16 or later is needed
                  Run 'make runtime', or set GRAPHRUN_ONNXRUNTIME to the path of a newer libonnxruntime.so.
                """)
    }

    @Test("goes on to the next when the first cannot be used")
    func next() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try make(".cache/graphrun/onnxruntime-9.0.0/libonnxruntime.so", content: Array("broken".utf8))
        let real = try #require(RuntimeSearch(environment: ProcessInfo.processInfo.environment).candidates().first)
        try FileManager.default.createDirectory(atPath: folder + "/system", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/system/libonnxruntime.so", withDestinationPath: real.path)
        let runtime = try search().load(threadCount: 1)
        // Of a library that is loaded already there is only one.
        #expect(runtime === (try ONNXRuntime.load(path: real.path, threadCount: 1)))
        #expect(runtime.providers.contains("CPUExecutionProvider"))
    }
}
