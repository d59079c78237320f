internal import Arguments
internal import Foundation
internal import GraphCore
internal import Remote

extension Command {
    /// Finds out which model servers there are, for commands that call one or list them. Nothing else fails for a mistake
    /// in that file.
    mutating func readConfiguration() throws {
        switch verb {
        case .run where options.server == nil, .doctor: break
        case .run, .check, .plan, .convert, .nodes, .models, .help, .version: return
        }
        do throws(Diagnostic) {
            options.configuration = try Configuration(
                file: options.configurationFile, baseDirectory: options.baseDirectory,
                environment: ProcessInfo.processInfo.environment)
        } catch {
            throw UsageError(message: error.message, suggestion: error.suggestion)
        }
    }
}

extension Configuration {
    /// What there is, one line a server; never a key.
    var report: [String] {
        let source = file.map { " (\($0))" } ?? ""
        if providers.isEmpty { return ["model servers\(source): none; docs/MODEL-SERVERS.md says how to have one"] }
        return ["model servers\(source):"]
            + providers.enumerated().map { index, provider in
                let key =
                    provider.key == nil
                    ? "no key" : "a key from \(provider.keySource ?? "the configuration")"
                var line =
                    "  \(provider.name)\(index == 0 ? " (default)" : ""): \(provider.kind.rawValue), \(provider.url), "
                line += "\(provider.limit) at once, \(key)"
                for (type, models) in provider.models.sorted(by: { $0.key < $1.key }) {
                    line += "; \(type): \(models.joined(separator: ", "))"
                }
                if let model = provider.model { line += "; \(provider.models.isEmpty ? "" : "else ")\(model)" }
                return line
            }
    }
}
