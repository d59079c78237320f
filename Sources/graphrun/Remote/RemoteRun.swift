internal import ComfyProtocol
internal import Files
internal import Foundation
internal import GraphCore
internal import HTTP
internal import Synchronization

/// One run on a server, from the upload of its files to the last of its outputs. It outlives lost connections.
final class RemoteRun: Sendable {
    private enum Stage { case preparing, posted, over }

    private struct State {
        var stage = Stage.preparing
        var isStopping = false
        /// Someone asked, and the run is no longer under way: nothing more will be told.
        var isKnownEnded = false
        var socket: WebSocketClient?
    }

    /// How long a lost connection is tried again; and when somebody waits for the end.
    private static let limit = Duration.seconds(300)
    private static let stoppingLimit = Duration.seconds(2)
    private static let askingInterval = Duration.seconds(2)

    let id: RunID
    private let server: RemoteServer
    private let file: WorkflowFile
    private let options: Options
    private let events: RemoteEvents
    private let display: Display
    private let files: RemoteFiles
    private let clientID = UUID().uuidString.lowercased()
    private let state = Mutex(State())

    init(
        _ server: RemoteServer, _ file: WorkflowFile, _ options: Options, _ files: RemoteFiles, _ events: RemoteEvents,
        _ display: Display
    ) {
        id = RunID(UUID().uuidString.lowercased())
        (self.server, self.file, self.options) = (server, file, options)
        (self.files, self.events, self.display) = (files, events, display)
    }

    /// - Throws: `Failure` when the server refuses, or cannot be reached for too long.
    func perform() async throws -> RemoteResult {
        defer {
            state.withLock { $0.stage = .over }
            display.note(nil)
        }
        do {
            var workflow = file.workflow
            try await upload(&workflow)
            var following = Following(fold: ComfyDecoder(id, workflow))
            try await open(&following)
            // Whoever interrupts from here on must tell the server.
            state.withLock { $0.stage = .posted }
            let errors = try await post(workflow, &following)
            events.begin(id)
            events.tell([.runQueued])
            do {
                try await follow(&following)
            } catch {
                // Whoever reads events is told the end of what began.
                events.tell([.runFinished(isStopping ? .cancelled : .failed)])
                throw error
            }
            let outcome = following.fold.outcome ?? .cancelled
            events.tell([.runFinished(outcome)])
            return RemoteResult(outcome: outcome, refused: errors, unfetched: following.unfetched)
        } catch let error as HTTPClientError {
            if isStopping, error.kind == .cancelled || stage == .preparing { throw CancellationError() }
            throw server.failure(error)
        }
    }

    /// Ends the run on the server. The task of `perform` is its caller's to cancel while nothing has been posted.
    /// - Returns: whether the end will be told by `perform`.
    func stop() -> Bool {
        let (isPosted, wasStopping) = state.withLock { state in
            defer { state.isStopping = true }
            return (state.stage == .posted, state.isStopping)
        }
        if isPosted && !wasStopping { Task { await insist() } }
        return isPosted
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }
    private var stage: Stage { state.withLock { $0.stage } }
    private var isOver: Bool { stage == .over }

    /// Says it again until it is so: the message, or the one that it has ended, may be lost on the way.
    private func insist() async {
        while !isOver {
            try? await server.interrupt(id)
            try? await Task.sleep(for: Self.askingInterval)
            await askWhetherEnded()
        }
    }

    /// Asks until it has ended, for servers that tell those who come back nothing of it.
    private func watch() async {
        while !isOver {
            try? await Task.sleep(for: Self.askingInterval)
            await askWhetherEnded()
        }
    }

    private func askWhetherEnded() async {
        guard !isOver, let standing = try? await server.standing(of: id) else { return }
        if case .queued = standing { return }
        let socket = state.withLock { state in
            state.isKnownEnded = true
            return state.socket
        }
        await socket?.close()
    }

    // MARK: Going there

    private func upload(_ workflow: inout Workflow) async throws {
        for index in workflow.nodes.indices {
            for (input, file) in files.named(by: workflow.nodes[index], self.file.registry) {
                // A server that was never there is told at once.
                let limit = files.isFirst ? Duration.zero : Self.limit
                let name = try await patiently(limit: limit) { try await files.upload(file) }
                if name != file.name { workflow.nodes[index][input] = .literal(.string(name)) }
            }
        }
    }

    /// Connects for the first time, and returns when the server is ready to tell.
    private func open(_ following: inout Following) async throws {
        let socket = try await server.connect(clientID: clientID, since: "new")
        state.withLock { $0.socket = socket }
        // A server's first message says that it has taken note of this client.
        let timer = Task {
            try await Task.sleep(for: .seconds(20))
            await socket.close()
        }
        defer { timer.cancel() }
        var messages = socket.messages.makeAsyncIterator()
        guard case .text(let text)? = try await messages.next(), let message = try? JSONParser.parse(text) else {
            throw HTTPClientError(
                .interrupted, "\(server.url) opened a WebSocket and said nothing",
                suggestion: "Check the address: is it a graphserver or ComfyUI?")
        }
        following.queue.read(message)
        following.socket = socket
    }

    /// - Returns: what is wrong with the outputs that will not run.
    private func post(_ workflow: Workflow, _ following: inout Following) async throws -> [Diagnostic] {
        var body: [JSONObject.Member] = [
            .init("prompt", APIFormat.json(of: workflow)), .init("prompt_id", .string(id.text)),
            .init("client_id", .string(clientID)),
            .init("extra_data", ["extra_pnginfo": .object(workflow.extraPNGInfo)]),
        ]
        if let targets = try file.knownTargets(options) {
            body.append(.init("partial_execution_targets", .array(targets.map { .string($0.text) })))
        }
        let prompt = JSON.object(JSONObject(body))
        var isRepeated = false
        let response = try await patiently { () -> ClientResponse? in
            if isRepeated {
                // Its answer may have been lost, and it is not to run twice.
                if case .unknown = try await server.standing(of: id) {} else { return nil }
            }
            isRepeated = true
            return try await server.post("/prompt", prompt)
        }
        guard let response else { return [] }
        let reply = try? JSONParser.parse(response.body)
        let errors = ComfyErrors.diagnostics(reply)
        guard response.status == 200 else {
            guard response.status == 400, !errors.isEmpty else {
                throw server.failure(response, "the workflow was refused")
            }
            throw Failure(code: .invalid, text: DiagnosticText.text(errors, file.workflow, file.name))
        }
        guard let given = reply?["prompt_id"]?.string else {
            throw server.failure(response, "the answer to the workflow names no prompt")
        }
        guard given == id.text else {
            throw Failure(
                code: .failed,
                text: "graphrun: \(server.url) is too old: it gives a run another id than it was asked for\n"
                    + "  Use ComfyUI 0.3.60 or newer, or graphserver.")
        }
        return errors
    }

    // MARK: Watching

    /// What is known while a run is followed.
    private struct Following {
        var fold: ComfyDecoder
        var socket: WebSocketClient?
        var position = StreamPosition()
        var queue = QueuePlace()
        var hasReconnected = false
        /// Outputs that could not be had.
        var unfetched: [Diagnostic] = []
    }

    private func follow(_ following: inout Following) async throws {
        while !following.fold.hasEnded {
            var reason: HTTPClientError?
            do {
                if let socket = following.socket {
                    for try await message in socket.messages {
                        try await handle(message, &following)
                        if following.fold.hasEnded { break }
                    }
                }
            } catch let error as HTTPClientError {
                reason = error
            }
            if following.fold.hasEnded { break }
            if state.withLock({ $0.isKnownEnded }) {
                try await settle(&following)
                if following.fold.hasEnded { break }
            }
            try await reconnect(&following, reason)
        }
        if following.fold.outcome == nil { try await settle(&following) }
        let socket = following.socket
        Task { await socket?.close() }
    }

    private func reconnect(_ following: inout Following, _ reason: HTTPClientError?) async throws {
        display.note(Note(text: "the connection was lost: \(reason?.message ?? "the server closed it"); trying again"))
        following.position.lose()
        let (clientID, since) = (clientID, following.position.text)
        let socket = try await patiently { [server] in try await server.connect(clientID: clientID, since: since) }
        following.socket = socket
        state.withLock { $0.socket = socket }
        display.note(nil)
        guard since == nil else { return }
        // Nobody replays what was said meanwhile.
        if !following.hasReconnected { Task { await watch() } }
        following.hasReconnected = true
        try await settle(&following)
    }

    private func handle(_ message: WebSocketMessage, _ following: inout Following) async throws {
        switch message {
        case .binary(let bytes):
            guard let picture = following.fold.picture(bytes) else { return }
            if !picture.isResult {
                events.tell([.nodePreview(picture.node, picture.format, picture.bytes)])
            } else if following.position.isNewPicture() {
                keep(picture.node, picture.format, picture.bytes, &following)
            }
        case .text(let text):
            guard let message = try? JSONParser.parse(text), let data = message["data"] else { return }
            switch message["type"]?.string {
            case "status":
                following.queue.read(message)
            case "resumed": break
            case "resync":
                let isFirst = following.position.text == nil
                following.position.restart(data)
                if !isFirst { try await settle(&following) }
                return
            default:
                guard following.position.isNew(data) else { return }
                try await show(following.fold.read(message), &following)
            }
            noteQueue(following)
        }
    }

    private func noteQueue(_ following: Following) {
        guard !following.fold.hasEnded else { return }
        if !following.fold.isUnderWay, let count = following.queue.countBefore, count > 0 {
            display.note(Note(text: "waiting: \(count) before it"))
        } else {
            display.note(nil)
        }
    }

    /// Asks what became of it, since nobody will tell.
    private func settle(_ following: inout Following) async throws {
        let standing = try await patiently { [server, id] in try await server.standing(of: id) }
        switch standing {
        case .queued: return
        case .ended(let entry): try await show(following.fold.read(history: entry), &following)
        case .unknown where isStopping: following.fold.cancel()
        case .unknown:
            throw Failure(
                code: .failed,
                text:
                    "graphrun: \(server.url) does not know the run any more: it was started anew, or its history cleared\n"
                    + "  Run the workflow again; outputs that were made are in the server's output folder.")
        }
    }

    /// Does `work` again while the network fails.
    private func patiently<Result>(
        limit: Duration = RemoteRun.limit, _ work: () async throws -> Result
    ) async throws -> Result {
        var backoff = Backoff()
        while true {
            do {
                return try await work()
            } catch let error as HTTPClientError where error.isPassing {
                let limit = isStopping ? min(limit, Self.stoppingLimit) : limit
                guard let pause = backoff.next(limit: limit) else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }

    // MARK: Outputs

    private func show(_ kinds: [RunEvent.Kind], _ following: inout Following) async throws {
        if let warning = following.fold.takeWarning() { display.warn(warning) }
        for kind in kinds {
            switch kind {
            case .nodeOutput(let node, let display, let values):
                let fetched = try await fetch(values, of: node, &following)
                events.tell([.nodeOutput(node, display: display, fetched)])
            case .nodePreviewFile(let node, let file):
                // Nothing is lost without it: the whole comes later.
                guard file.folder == .temp, let here = try? await files.fetch(file) else { break }
                events.tell([.nodePreviewFile(node, here)])
            default: events.tell([kind])
            }
        }
    }

    /// - Returns: what the node shows with the files as they are called here; without those that could not be had.
    private func fetch(_ values: JSONObject, of node: NodeID, _ following: inout Following) async throws -> JSONObject {
        var fetched = values
        for member in values.members {
            guard let list = member.value.array else { continue }
            var kept: [JSON] = []
            for value in list {
                guard let file = SavedFile(value), file.folder == .output || file.folder == .temp else {
                    kept.append(value)
                    continue
                }
                do {
                    let here = try await patiently { try await files.fetch(file) }
                    var object = value.object ?? JSONObject()
                    object["filename"] = .string(here.filename)
                    object["subfolder"] = .string(here.subfolder)
                    kept.append(.object(object))
                } catch let problem as Diagnostic {
                    following.unfetched.append(problem.at(node))
                }
            }
            fetched[member.key] = .array(kept)
        }
        return fetched
    }

    /// A picture that was sent instead of saved.
    private func keep(
        _ node: NodeID, _ format: RunEvent.PreviewFormat, _ bytes: [UInt8], _ following: inout Following
    ) {
        events.tell([.nodePicture(node, format, bytes)])
        do {
            let file = try self.file.folders.save(
                bytes, prefix: FilenamePrefix("ComfyUI", width: 0, height: 0, batchNumber: 0),
                extension: format == .jpeg ? "jpg" : "png", in: .output)
            events.tell([
                .nodeOutput(node, display: node, JSONObject([.init("images", .array([file.json]))]))
            ])
        } catch {
            following.unfetched.append(error.at(node))
        }
    }
}

/// How a run on a server ended.
struct RemoteResult {
    let outcome: RunEvent.Outcome
    /// What is wrong with the outputs that did not run.
    let refused: [Diagnostic]
    /// Outputs that could not be had.
    let unfetched: [Diagnostic]
}
