internal import Arguments
internal import Foundation
internal import GraphCore
internal import HTTP

/// What this server is, and what it says of itself.
struct SystemRoutes {
    let context: ServerContext

    /// The version of ComfyUI whose protocol this is.
    static let protocolVersion = "0.3.64"

    var routes: [Route] {
        [
            .get("/system_stats") { _ in .json(statistics) },
            .get("/features") { _ in .json(context.features) },
            .get("/users") { _ in .json(["storage": "server", "migrated": true]) },
            .get("/i18n") { _ in .json(.object(JSONObject())) },
            .get("/workflow_templates") { _ in .json(.object(JSONObject())) },
            .get("/global_subgraphs") { _ in .json(.object(JSONObject())) },
            .get("/node_replacements") { _ in .json(.object(JSONObject())) },
            .get("/internal/logs") { _ in .json(.string(logText)) },
            .get("/internal/logs/raw") { _ in .json(logEntries) },
            Route(
                "PATCH", "/internal/logs/subscribe",
                handler: .whole(maxByteCount: 64 << 10) { request in
                    _ = try context.options(request)
                    return .empty
                }),
        ]
    }

    private var statistics: JSON {
        let memory = Memory.read()
        let total = JSON.number(JSONNumber(memory.total)), free = JSON.number(JSONNumber(memory.free))
        return [
            "system": [
                "os": "posix", "ram_total": total, "ram_free": free,
                "comfyui_version": .string(Self.protocolVersion), "required_frontend_version": "1.27.10",
                "installed_templates_version": .null, "required_templates_version": .null,
                "python_version": "none (graphrun is Swift)", "pytorch_version": "none",
                "embedded_python": false,
                "argv": .array(context.options.arguments.map { .string(context.redactor.redactArgument($0)) }),
                "graphrun_version": .string(Program.version),
            ],
            "devices": [
                [
                    "name": "cpu", "type": "cpu", "index": .null, "vram_total": total, "vram_free": free,
                    "torch_vram_total": total, "torch_vram_free": free,
                ]
            ],
        ]
    }

    // MARK: The log

    private var logText: String {
        context.serverLog.lines.map { "\(Self.time($0)) - \(context.redactor.redact($0.text))\n" }.joined()
    }

    private var logEntries: JSON {
        [
            "entries": .array(
                context.serverLog.lines.map {
                    ["t": .string(Self.time($0)), "m": .string(context.redactor.redact($0.text) + "\n")]
                }),
            "size": ["cols": 80, "rows": 24],
        ]
    }

    private static func time(_ line: ServerLog.Line) -> String {
        Date(timeIntervalSince1970: line.time).formatted(.iso8601)
    }
}

/// The machine's memory, in bytes.
struct Memory {
    let total: Int
    let free: Int

    static func read() -> Memory {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        // Linux tells what could be had without swapping; elsewhere all of it is said to be free.
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return Memory(total: physical, free: physical) }
        return Memory(total: physical, free: kilobytes << 10)
    }
}
