internal import Arguments
internal import Dispatch
internal import Foundation
public import GraphCore
internal import HTTP
internal import Media

/// The program `graphserver`: reads its command line, serves until it is told to stop.
public enum ServerProgram {
    /// What a server offers, and how to let go of the models it has loaded.
    public struct Offer: Sendable {
        let nodes: [any Node]
        let freeModels: @Sendable () -> Void
        let warnings: [String]

        /// - Parameter warnings: what is worth telling at the start.
        public init(nodes: [any Node], warnings: [String] = [], freeModels: @escaping @Sendable () -> Void) {
            (self.nodes, self.warnings, self.freeModels) = (nodes, warnings, freeModels)
        }
    }

    /// - Parameter offer: makes the types of node by what the command line says; throws `Diagnostic` for what it cannot do.
    /// - Returns: the exit code: 0 stopped by a signal, 1 could not start, 3 the command line is wrong.
    public static func run(_ words: [String], offer: @Sendable (ServerOptions) throws(Diagnostic) -> Offer) async
        -> Int32
    {
        ProcessMemory.fixThresholds()
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            let values = try ServerOptionTable.read(words)
            if values.isHelp { return say(help) }
            if values.isVersion { return say("graphserver \(Program.version)") }
            return await serve(values, words, try offer(values.server))
        } catch let error as UsageError {
            complain("graphserver: \(error.message)\n  \(error.suggestion ?? "Run 'graphserver --help'.")")
            return 3
        } catch let diagnostic as Diagnostic {
            complain("graphserver: \(diagnostic.text)")
            return 3
        } catch {
            complain("graphserver: \(error)")
            return 1
        }
    }

    private static func serve(_ values: ServerOptionTable.Values, _ words: [String], _ offer: Offer) async -> Int32 {
        Server.raiseDescriptorLimit()
        var options = values.server
        options.arguments = ["graphserver"] + words
        // From here on, so that a signal during the start is not lost.
        let signals = Signals()
        let server: GraphServer
        let port: Int
        do {
            server = try GraphServer(options, nodes: offer.nodes, freeModels: offer.freeModels, log: complain)
            port = try server.listen()
        } catch {
            complain("graphserver: \(error)")
            return 1
        }
        for note in values.notes + offer.warnings.map({ "warning: \($0)" }) { complain(note) }
        let scheme = options.tlsCertificateFile == nil ? "http" : "https"
        for address in options.listen {
            let host = address.contains(":") ? "[\(address)]" : address
            complain("listening on \(scheme)://\(host):\(port)")
            if !Authority.isLoopback(host: address) {
                complain(
                    "warning: \(host) is reachable from other machines, and whoever reaches it can run workflows and read "
                        + "their pictures\n  Listen on 127.0.0.1, or put a proxy with a password before it.")
            }
        }
        await signals.wait()
        complain("stopping (once more quits at once)")
        let impatient = Task.detached {
            await signals.wait()
            // Waiting ends, too, when the server has stopped in time.
            if !Task.isCancelled { exit(130) }
        }
        defer { impatient.cancel() }
        // The promise is 10 s in all; what runs is cancelled first, and hears of it within 100 ms.
        await server.stop(grace: .seconds(5))
        return 0
    }

    private static func say(_ text: String) -> Int32 {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        return 0
    }

    @Sendable private static func complain(_ text: String) {
        // A terminal that is gone, a closed pipe and a full disk take nothing, and are no reason to end.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    static var help: String {
        """
        graphserver \(Program.version): runs node-graph workflows for ComfyUI's clients, on ComfyUI's wire protocol.

        graphserver [OPTIONS]             serve until SIGINT or SIGTERM (or the terminal closes)

        curl -d @workflows/photo.json localhost:8188/prompt
                                          runs a workflow; any WebSocket client on /ws watches it

        Options:
        \(ServerOptionTable.all.map(\.helpText).joined(separator: "\n"))

        Other options of ComfyUI are accepted and have no effect.
        Exit codes: 0 stopped by a signal; 1 could not start; 3 the command line is wrong.
        """
    }
}

/// The signals that ask the server to stop, as something to wait for: SIGINT, SIGTERM, and SIGHUP where a terminal started
/// it. SIGUSR1, SIGUSR2 and the one for a file beyond `ulimit -f` would end it and mean nothing here: they are ignored.
private struct Signals {
    private let first: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        for number in [SIGUSR1, SIGUSR2, SIGXFSZ] { _ = signal(number, SIG_IGN) }
        // nohup starts programs with it ignored.
        let isHangUpDefault = signal(SIGHUP, SIG_IGN) == nil
        // Only a process with a controlling terminal can open this.
        let isOfTerminal = isHangUpDefault && FileHandle(forReadingAtPath: "/dev/tty") != nil
        let (first, continuation) = AsyncStream.makeStream(of: Void.self)
        self.first = first
        sources = ([SIGINT, SIGTERM] + (isOfTerminal ? [SIGHUP] : [])).map { number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            // Until it is registered, elsewhere, a signal would be lost.
            let isRegistered = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isRegistered.signal() }
            source.resume()
            _ = isRegistered.wait(timeout: .now() + 1)
            return source
        }
    }

    func wait() async {
        for await _ in first { return }
    }
}
