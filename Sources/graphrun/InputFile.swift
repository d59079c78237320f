internal import Foundation
internal import GraphCore

/// The bytes of a file that the command line names.
enum InputFile {
    /// The whole file, or what comes out of a pipe; a directory, a missing file and one beyond the limit are told apart.
    /// - Parameters:
    ///   - hint: what to try when there is no such file.
    ///   - media: pictures and sounds are taken too, which may be larger.
    static func read(
        _ path: String, hint: String = "Check the name; examples are in workflows/.",
        media: (limit: Int, isOne: ([UInt8]) -> Bool)? = nil
    ) throws -> [UInt8] {
        func fail(_ reason: String, _ suggestion: String) -> Failure {
            let name = path == "-" ? "standard input" : path
            return Failure(code: .invalid, text: "graphrun: \(name): \(reason)\n  \(suggestion)")
        }
        let file = path == "-" ? FileHandle.standardInput : try open(path, hint, fail)
        func more(upTo limit: Int) throws -> Data {
            guard let data = try? file.read(upToCount: limit) ?? Data() else {
                throw fail("the file cannot be read", "Check what it is, and whether it is whole.")
            }
            return data
        }
        var limit = JSONParser.Limits().maxByteCount
        // Pipes and devices have no size, and may never end.
        var bytes = [UInt8](try more(upTo: limit + 1))
        if bytes.count > limit, let media, media.isOne(Array(bytes.prefix(64))) {
            limit = media.limit
            bytes += try more(upTo: limit + 1 - bytes.count)
        }
        guard bytes.count <= limit else {
            let size = ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue ?? 0
            throw fail(
                "the file has \(size > limit ? "\(size)" : "more than \(limit)") bytes; the limit is \(limit)",
                "Split the workflow into smaller ones.")
        }
        return bytes
    }

    /// The file that a name may mean which is none: one with its extension, one of the examples, one with a name like it; or
    /// a command.
    private static func nearest(_ path: String) -> String? {
        let candidates = [path + ".json", "workflows/\(path)", "workflows/\(path).json"]
        if let there = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
            return "Did you mean '\(there)'?"
        }
        let folder = (path as NSString).deletingLastPathComponent
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        let workflows = names.filter { $0.hasSuffix(".json") }.sorted()
        if let name = NearestName.of((path as NSString).lastPathComponent, among: workflows) {
            return "Did you mean '\(folder.isEmpty ? name : folder + "/" + name)'?"
        }
        return path.contains("/") ? nil : CommandLineParser.sentence(nearestVerb: path)
    }

    private static func open(_ path: String, _ hint: String, _ fail: (String, String) -> Failure) throws -> FileHandle {
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw fail("there is no such file", nearest(path) ?? hint)
        }
        if isDirectory.boolValue { throw fail("this is a folder, not a workflow", "Name a file inside it.") }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw fail("the file cannot be read", "Check its permissions.")
        }
        return file
    }
}
