internal import Arguments
internal import GraphCore
internal import HTTP

/// What a server says of its nodes (`/object_info`): from itself, or from a file it was saved in.
enum ObjectInfoSource {
    private static let path = "/object_info"

    /// - Parameter given: the address of a server, or a file.
    static func load(_ given: String, _ options: Options, _ console: Console) async throws -> JSONObject {
        guard given.contains("://") else {
            let bytes = try InputFile.read(given, hint: "Check the name, or give the address of a server.")
            return try object(bytes, given)
        }
        guard ["http", "https"].contains(given.prefix { $0 != ":" }.lowercased()) else {
            throw UsageError(
                message: "--object-info takes a file, or the address of a server such as http://192.168.1.5:8188",
                suggestion: nil)
        }
        var server = options
        // The whole address of the description is as good.
        server.server = given.hasSuffix(path) ? String(given.dropLast(path.count)) : given
        return try await load(from: RemoteServer(server, console))
    }

    static func load(from server: RemoteServer) async throws -> JSONObject {
        let response: ClientResponse
        do throws(HTTPClientError) {
            response = try await server.get(path)
        } catch {
            throw Failure(
                code: .failed, text: "graphrun: \(error.message)" + (error.suggestion.map { "\n  \($0)" } ?? ""))
        }
        guard response.status == 200 else {
            throw Failure(
                code: .failed,
                text: "graphrun: \(server.url)\(path) answers \(response.status)\n  Is it a ComfyUI or a graphserver?")
        }
        return try object(response.body, server.url + path)
    }

    private static func object(_ bytes: [UInt8], _ name: String) throws -> JSONObject {
        var limits = JSONParser.Limits()
        limits.maxByteCount = 256 << 20
        guard let json = try? JSONParser.parse(bytes, limits: limits), let object = json.object,
            object.members.contains(where: { $0.value["input"] != nil })
        else {
            throw Failure(
                code: .invalid,
                text: "graphrun: \(name): this does not describe nodes as ComfyUI's /object_info does\n  "
                    + "Save it with: curl http://127.0.0.1:8188/object_info > object_info.json")
        }
        return object
    }
}
