internal import Files
internal import GraphCore
internal import HTTP
internal import Synchronization

/// What the editor remembers of its user: a JSON object in `user/default/comfy.settings.json`, where ComfyUI keeps it.
final class Settings: Sendable {
    static let filename = "comfy.settings.json"
    static let maxByteCount = 1 << 20
    /// Told to nobody: a browser that hears of it skips the templates, and opens with a graph of models that are not
    /// here.
    private static let hiddenKeys: Set<String> = ["Comfy.TutorialCompleted"]

    private let folders: Folders
    private let serverLog: ServerLog
    /// Held from reading to writing, so that two changes at once both stay.
    private let access = Mutex(())

    init(folders: Folders, serverLog: ServerLog) { (self.folders, self.serverLog) = (folders, serverLog) }

    /// All there are, in the order they were first set.
    func all() throws -> JSONObject {
        let object = try access.withLock { _ in try read() }
        return JSONObject(object.members.filter { !Self.hiddenKeys.contains($0.key) })
    }

    /// Null for one that was never set.
    func value(_ key: String) throws -> JSON { try all()[key] ?? .null }

    func set(_ changes: JSONObject) throws {
        try access.withLock { _ in
            let bytes = JSONWriter.bytes(.object(Self.merged(try read(), changes)))
            guard bytes.count <= Self.maxByteCount else {
                throw HTTPProblem(
                    413, "the settings would take \(bytes.count) bytes; the limit is \(Self.maxByteCount)",
                    suggestion: "Keep large things in /userdata.")
            }
            _ = try folders.writeUserFile(Self.filename, bytes, overwrite: true)
        }
    }

    /// Linear: whoever may set some may set many at once.
    private static func merged(_ old: JSONObject, _ changes: JSONObject) -> JSONObject {
        var members: [JSONObject.Member] = []
        var positions: [String: Int] = [:]
        for member in old.members + changes.members {
            if let position = positions[member.key] {
                members[position].value = member.value
            } else {
                positions[member.key] = members.count
                members.append(member)
            }
        }
        return JSONObject(members)
    }

    /// A file that cannot be understood is put aside, not lost: without any settings the editor does not even start.
    private func read() throws(Diagnostic) -> JSONObject {
        let bytes: [UInt8]
        do {
            bytes = try folders.readUserFile(Self.filename)
        } catch {
            if error.code == .fileNotFound { return JSONObject() }
            throw error
        }
        if let object = (try? JSONParser.parse(bytes))?.object { return object }
        let aside = Self.filename + ".damaged"
        _ = try folders.moveUserFile(Self.filename, to: aside, overwrite: true)
        serverLog.say(
            "warning: the settings are not JSON\n  They are now in user/default/\(aside); new ones were begun.")
        return JSONObject()
    }
}
