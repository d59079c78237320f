internal import Arguments
internal import Files
internal import Foundation
internal import GraphCore
internal import Inference

/// `graphrun models`: which there are, and which could be fetched.
extension Command {
    func models(_ console: Console) async throws -> ExitCode {
        if arguments.first == "pull" { return try await ModelPull(arguments[1], options, console).run() }
        let kinds = ModelList(Folders(options)).kinds
        if options.isJSON {
            console.output(JSONWriter.text(ModelList.json(kinds), style: .indented))
        } else {
            for line in ModelList.lines(kinds) { console.output(Console.printable(line)) }
        }
        return .done
    }
}

/// Models by kind: the published ones first, as nodes offer them, then the others.
struct ModelList {
    struct Entry {
        let name: String
        /// Nil when it is not there.
        var path: String?
        let byteCount: Int
        var published: PublishedModel?
    }

    let kinds: [(name: String, entries: [Entry])]

    init(_ folders: Folders) {
        let published = Dictionary(grouping: ModelCatalog.all, by: \.kind)
        let names = folders.modelKinds()
        kinds = (names + published.keys.sorted().filter { !names.contains($0) }).compactMap { kind in
            var found: [String: Entry] = [:]
            let places = folders.modelFolders(kind)
            for file in (try? folders.modelListing(kind)) ?? [] where found[file.name] == nil {
                found[file.name] = Entry(
                    name: file.name, path: "\(places[file.folder].path)/\(file.name)", byteCount: file.byteCount)
            }
            var entries = (published[kind] ?? []).map { model in
                var entry =
                    found.removeValue(forKey: model.fileName)
                    ?? Entry(name: model.fileName, path: nil, byteCount: model.byteCount)
                entry.published = model
                return entry
            }
            entries += found.values.sorted { $0.name < $1.name }
            return entries.isEmpty ? nil : (kind, entries)
        }
    }

    static func lines(_ kinds: [(name: String, entries: [Entry])]) -> [String] {
        kinds.flatMap { kind in
            [kind.name]
                + kind.entries.flatMap { entry in
                    let size = Words.byteCount(entry.byteCount)
                    let place =
                        entry.path.map { "\(size), \($0)" }
                        ?? "about \(size), not here; get it with: graphrun models pull \(entry.published?.name ?? "")"
                    return ["  \(entry.name): \(place)"] + (entry.published.map { ["      \($0.purpose)"] } ?? [])
                }
        }
    }

    static func json(_ kinds: [(name: String, entries: [Entry])]) -> JSON {
        .object(
            JSONObject(
                kinds.map { kind in
                    .init(
                        kind.name,
                        .array(
                            kind.entries.map { entry in
                                var members: [JSONObject.Member] = [
                                    .init("name", .string(entry.name)),
                                    .init("path", entry.path.map { .string($0) } ?? .null),
                                    .init("byte_count", .number(JSONNumber(Int128(entry.byteCount)))),
                                    .init("is_here", .bool(entry.path != nil)),
                                ]
                                if let model = entry.published {
                                    let hub = ModelCatalog.hub(ProcessInfo.processInfo.environment)
                                    members += [
                                        .init("purpose", .string(model.purpose)),
                                        .init("url", .string(model.url(hub: hub))),
                                    ]
                                }
                                return .object(JSONObject(members))
                            }))
                }))
    }
}
