internal import Arguments
internal import Files
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
        directory(.input), directory(.output), directory(.user),
        Spec(
            name: "--temp-directory", argument: "DIR",
            help: "holds temp/, which is emptied at every start (default: the base)"
        ) { $0.server.directories[.temp] = ($1.hasSuffix("/") ? $1 : $1 + "/") + "temp" },
        Spec(
            name: "--extra-model-paths-config", argument: "FILE",
            help: "a YAML file that names further folders for models (docs/MODELS.md); repeatable"
        ) { values, file in
            do throws(Diagnostic) { try values.server.models.read(file) } catch {
                throw UsageError(
                    message: "--extra-model-paths-config: \(error.message)", suggestion: error.suggestion)
            }
        },
        Spec(
            name: "--config", argument: "FILE",
            help:
                "a YAML file that names model servers (docs/MODEL-SERVERS.md; default: graphrun.yaml under the base, else "
                + "~/.config/graphrun/config.yaml)"
        ) { $0.server.configurationFile = $1 },
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
            $0.server.cache = .ram(byteCount: Int(clamping: gigabytes * 1e9))
        },
        Spec(name: "--max-upload-size", argument: "MB", help: "the largest upload (default 100)") {
            guard let megabytes = Double($1), megabytes > 0, megabytes < 1e6 else {
                throw UsageError(message: "--max-upload-size takes a number of MB above 0, not '\($1)'")
            }
            $0.server.maxUploadByteCount = Int(clamping: megabytes * 1_048_576)
        },
        Spec(
            name: "--max-body-size", argument: "MB",
            help: "the largest body of a request that is no upload, 1 to 100 (default 16)"
        ) { $0.server.maxBodyByteCount = try OptionValue.integer($1, "--max-body-size", in: 1...100) << 20 },
        Spec(
            name: "--preview-method", argument: "METHOD",
            help:
                "sockets that get pictures of unfinished work: none, or all with auto, latent2rgb or taesd (default: those "
                + "that announce supports_preview_metadata)"
        ) { values, word in
            let names = LivePreviews.methods.keys.sorted()
            values.server.livePreviews =
                LivePreviews.methods[try OptionValue.word(word, "--preview-method", among: names)]
                ?? .announced
        },
        Spec(
            name: "--sync-outputs", argument: nil,
            help: "wait until what nodes save into output/ is on the disk: slower, and outlives a power cut"
        ) { values, _ in values.server.syncsOutputs = true },
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
        Spec(name: "--device", argument: "DEVICE", help: "what models run on: auto (default), cpu or cuda") {
            $0.server.device = try OptionValue.word($1, "--device", among: OptionValue.devices)
        },
        Spec(name: "--cpu", argument: nil, help: "the same as --device cpu") { values, _ in
            values.server.device = "cpu"
        },
        Spec(
            name: "--model-memory", argument: "SIZE",
            help: "what loaded models may take, such as 8GB (default: half of the memory)"
        ) { $0.server.modelByteCount = try OptionValue.modelMemory($1) },
        Spec(name: "--help", argument: nil, help: "this text") { values, _ in values.isHelp = true },
        Spec(name: "--version", argument: nil, help: "the version") { values, _ in values.isVersion = true },
    ]

    /// Options of ComfyUI that steer what does not exist here: accepted, so that start scripts go on working, and said
    /// once.
    /// What stands behind them, up to the next option, is theirs.
    private static let meaningless: Set<String> = [
        "--auto-launch", "--disable-auto-launch", "--cuda-device", "--default-device", "--cuda-malloc",
        "--disable-cuda-malloc", "--force-fp32", "--force-fp16", "--fp32-unet", "--fp64-unet", "--bf16-unet",
        "--fp16-unet", "--fp16-vae", "--fp32-vae", "--bf16-vae", "--cpu-vae", "--fp8_e4m3fn-text-enc",
        "--fp16-text-enc", "--fp32-text-enc", "--bf16-text-enc", "--force-channels-last", "--directml",
        "--oneapi-device-selector", "--disable-ipex-optimize", "--supports-fp8-compute",
        "--preview-size", "--use-split-cross-attention", "--use-quad-cross-attention",
        "--use-pytorch-cross-attention", "--use-sage-attention", "--use-flash-attention", "--disable-xformers",
        "--force-upcast-attention", "--dont-upcast-attention", "--gpu-only", "--highvram", "--normalvram",
        "--lowvram", "--novram", "--reserve-vram", "--async-offload", "--force-non-blocking",
        "--default-hashing-function", "--disable-smart-memory", "--deterministic", "--fast",
        "--mmap-torch-files", "--disable-mmap", "--dont-print-server", "--quick-test-for-ci",
        "--windows-standalone-build", "--disable-metadata", "--disable-all-custom-nodes",
        "--whitelist-custom-nodes", "--disable-api-nodes", "--multi-user", "--verbose", "--log-stdout",
        "--front-end-version", "--enable-compress-response-body", "--comfy-api-base", "--database-url",
    ]

    static func read(_ words: [String]) throws -> Values {
        var values = Values()
        var rest: [String] = []
        var words = words[...]
        while let word = words.popFirst() {
            let name = String(word.split(separator: "=", maxSplits: 1).first ?? "")
            guard meaningless.contains(name) else {
                rest.append(word)
                continue
            }
            while words.first?.hasPrefix("-") == false { words.removeFirst() }
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
