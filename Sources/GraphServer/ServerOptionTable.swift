internal import Arguments
internal import GraphCore

/// The options of `graphserver`: ComfyUI's names where it has them.
enum ServerOptionTable {
    /// What the command line says: the server's options, and what means nothing here.
    struct Values: Sendable {
        var server = ServerOptions()
        var notes: [String] = []
        var isHelp = false
        var isVersion = false
    }

    typealias Spec = OptionSpec<Values>

    private static func directory(_ folder: FolderName) -> Spec {
        Spec(
            name: "--\(folder.rawValue)-directory", argument: "DIR",
            help: "the \(folder.rawValue) folder (default: \(folder.rawValue)/ under the base)"
        ) { $0.server.directories[folder] = $1 }
    }

    static let all: [Spec] = [
        Spec(
            name: "--listen", argument: "ADDRESS[,ADDRESS]", isArgumentOptional: true,
            help: "addresses to listen on (default 127.0.0.1; without a value 0.0.0.0,::)"
        ) { $0.server.listen = $1.isEmpty ? ["0.0.0.0", "::"] : $1.split(separator: ",").map(String.init) },
        Spec(name: "--port", argument: "PORT", help: "the port (default 8188; 0 for any free one)") {
            $0.server.port = try OptionValue.integer($1, "--port", in: 0...65535)
        },
        Spec(
            name: "--base-directory", argument: "DIR",
            help: "holds input/ output/ temp/ models/ user/ (default: the current folder)"
        ) { $0.server.baseDirectory = $1 },
        directory(.input), directory(.output), directory(.temp), directory(.user),
        Spec(
            name: "--extra-model-paths-config", argument: "FILE", help: "read once there are nodes with models"
        ) { values, _ in values.notes.append("--extra-model-paths-config: no node here uses a model yet") },
        Spec(name: "--cache-classic", argument: nil, help: "keep the results of the last prompt (the default)") {
            values, _ in values.server.cache = .classic
        },
        Spec(name: "--cache-none", argument: nil, help: "keep no results") { values, _ in
            values.server.cache = .none
        },
        Spec(
            name: "--cache-lru", argument: "N",
            help: "keep the N results used last; 0 means the default, as in ComfyUI"
        ) {
            let count = try OptionValue.integer($1, "--cache-lru", in: 0...10_000_000)
            $0.server.cache = count == 0 ? .classic : .lru(count: count)
        },
        Spec(
            name: "--cache-ram", argument: "GB", isArgumentOptional: true,
            help: "keep results up to so many GB (default 4)"
        ) {
            guard let gigabytes = $1.isEmpty ? 4 : Double($1), gigabytes > 0, gigabytes < 1e6 else {
                throw UsageError(message: "--cache-ram takes a number of GB above 0, not '\($1)'")
            }
            $0.server.cache = .ram(byteCount: Int(gigabytes * 1e9))
        },
        Spec(name: "--max-upload-size", argument: "MB", help: "the largest upload (default 100)") {
            guard let megabytes = Double($1), megabytes > 0, megabytes < 1e6 else {
                throw UsageError(message: "--max-upload-size takes a number of MB above 0, not '\($1)'")
            }
            $0.server.maxUploadByteCount = Int(megabytes * 1_048_576)
        },
        Spec(name: "--tls-certfile", argument: "FILE", help: "the certificate, PEM: answer https and wss") {
            $0.server.tlsCertificateFile = $1
        },
        Spec(name: "--tls-keyfile", argument: "FILE", help: "its key, PEM (default: in the certificate's file)") {
            $0.server.tlsKeyFile = $1
        },
        Spec(
            name: "--enable-cors-header", argument: "ORIGIN", isArgumentOptional: true,
            help: "let pages of this origin use the server (without a value: of all, which is unsafe)"
        ) { $0.server.corsOrigin = $1.isEmpty ? "*" : $1 },
        Spec(
            name: "--allowed-host", argument: "NAME",
            help: "a name besides localhost and IP addresses that this server answers to; repeatable"
        ) { $0.server.allowedHosts.append($1) },
        Spec(name: "--front-end-root", argument: "DIR", help: "serve an installed ComfyUI frontend at /") {
            $0.server.frontEndRoot = $1
        },
        Spec(name: "--concurrent-prompts", argument: "N", help: "prompts that run at once (default 1)") {
            $0.server.concurrentPrompts = try OptionValue.integer($1, "--concurrent-prompts", in: 1...64)
        },
        Spec(name: "--queue-limit", argument: "N", help: "prompts that may wait (default 100000)") {
            $0.server.queueLimit = try OptionValue.integer($1, "--queue-limit", in: 1...10_000_000)
        },
        Spec(
            name: "--resource", argument: "NAME=N",
            help: "nodes that may hold a resource at once: cpu (default: cores), gpu 1, model 1, network 16"
        ) { $0.server.resources.append(try OptionValue.resource($1)) },
        Spec(name: "--cpu", argument: nil, help: "use no GPU (accepted; nothing here uses one yet)") { _, _ in },
        Spec(name: "--help", argument: nil, help: "this text") { values, _ in values.isHelp = true },
        Spec(name: "--version", argument: nil, help: "the version") { values, _ in values.isVersion = true },
    ]

    /// Options of ComfyUI that steer what does not exist here: accepted, so that start scripts go on working, and said
    /// once. With the number of values they take.
    private static let meaningless: [String: Int] = [
        "--auto-launch": 0, "--disable-auto-launch": 0, "--cuda-device": 1, "--default-device": 1,
        "--cuda-malloc": 0, "--disable-cuda-malloc": 0, "--force-fp32": 0, "--force-fp16": 0, "--fp32-unet": 0,
        "--fp64-unet": 0, "--bf16-unet": 0, "--fp16-unet": 0, "--fp16-vae": 0, "--fp32-vae": 0, "--bf16-vae": 0,
        "--cpu-vae": 0, "--fp8_e4m3fn-text-enc": 0, "--fp16-text-enc": 0, "--fp32-text-enc": 0,
        "--bf16-text-enc": 0, "--force-channels-last": 0, "--directml": 0, "--oneapi-device-selector": 1,
        "--disable-ipex-optimize": 0, "--supports-fp8-compute": 0, "--preview-method": 1, "--preview-size": 1,
        "--use-split-cross-attention": 0, "--use-quad-cross-attention": 0, "--use-pytorch-cross-attention": 0,
        "--use-sage-attention": 0, "--use-flash-attention": 0, "--disable-xformers": 0,
        "--force-upcast-attention": 0, "--dont-upcast-attention": 0, "--gpu-only": 0, "--highvram": 0,
        "--normalvram": 0, "--lowvram": 0, "--novram": 0, "--reserve-vram": 1, "--async-offload": 0,
        "--force-non-blocking": 0, "--default-hashing-function": 1, "--disable-smart-memory": 0,
        "--deterministic": 0, "--fast": 0, "--mmap-torch-files": 0, "--disable-mmap": 0,
        "--dont-print-server": 0, "--quick-test-for-ci": 0, "--windows-standalone-build": 0,
        "--disable-metadata": 0, "--disable-all-custom-nodes": 0, "--whitelist-custom-nodes": 1,
        "--disable-api-nodes": 0, "--multi-user": 0, "--verbose": 0, "--log-stdout": 0,
        "--front-end-version": 1, "--enable-compress-response-body": 0, "--comfy-api-base": 1,
        "--database-url": 1,
    ]

    static func read(_ words: [String]) throws -> Values {
        var values = Values()
        var rest: [String] = []
        var words = words[...]
        while let word = words.popFirst() {
            let name = String(word.split(separator: "=", maxSplits: 1).first ?? "")
            guard let valueCount = meaningless[name] else {
                rest.append(word)
                continue
            }
            if valueCount == 1 && !word.contains("=") { _ = words.popFirst() }
            values.notes.append("\(name): accepted for ComfyUI's sake; it means nothing here")
        }
        let arguments = try OptionParser.read(rest, all, into: &values)
        if let extra = arguments.first {
            throw UsageError(message: "'\(extra)' is not expected here", suggestion: "Run 'graphserver --help'.")
        }
        if values.server.tlsKeyFile != nil && values.server.tlsCertificateFile == nil {
            throw UsageError(message: "--tls-keyfile needs --tls-certfile")
        }
        return values
    }
}
