internal import Files
internal import Foundation
internal import GraphCore
internal import HTTP
internal import Inference

/// `graphrun models pull NAME`: fetches a published model into the models folder.
struct ModelPull {
    private let model: PublishedModel
    private let url: String
    /// As people see it: `models/ddcolor/`.
    private let folder: String
    private let path: String
    private let folders: Folders
    private let console: Console

    /// - Throws: `Failure` for a name that is not published.
    init(_ name: String, _ options: Options, _ console: Console) throws {
        guard let model = ModelCatalog.model(named: name) else {
            let known = ModelCatalog.all.map(\.name)
            throw Failure(
                code: .invalid,
                text: "graphrun: there is no published model '\(name)'\n  "
                    + (NearestName.sentence(name, among: known) ?? "Choose one of: \(known.joined(separator: ", "))."))
        }
        (self.model, self.console, folders) = (model, console, Folders(options))
        url = model.url(hub: ModelCatalog.hub(ProcessInfo.processInfo.environment))
        folder = folders.path(.models) + "/" + model.kind + "/"
        path = folder + model.fileName
    }

    func run() async throws -> ExitCode {
        if let present = try? folders.modelPath(model.fileName, kind: model.kind) {
            let shown = FileManager.default.fileExists(atPath: path) ? path : present
            console.output("\(shown) is there already")
            return .done
        }
        let view = PullView(model.fileName, console)
        var download = FileDownload(url, to: path)
        // The sizes of the catalogue are about right.
        download.maxByteCount = 2 * model.byteCount
        download.progress = { view.show($0) }
        download.note = { note in
            switch note {
            case .goesOn(let byteCount): view.say("going on behind the \(Words.byteCount(byteCount)) that are here")
            case .startsAnew: view.say("beginning anew: the file has changed, or the server sends it only whole")
            case .verifies: view.say("checking")
            }
        }
        console.output("\(model.fileName) from \(url)")
        let interrupts = Interrupts()
        let transfer = Task { [download] in await Self.outcome(download) }
        interrupts.onInterrupt { transfer.cancel() }
        let result = await transfer.value
        view.end()
        switch result {
        case .success(let outcome):
            console.output("-> \(path) (\(Words.byteCount(outcome.byteCount)))")
            console.output(
                outcome.isVerified
                    ? "   checked: its SHA-256 is the one that the server names"
                    : "   could not be checked: the server names no SHA-256. It is \(outcome.sha256)")
            return .done
        case .failure(let error): throw failure(error)
        }
    }

    private static func outcome(_ download: FileDownload) async -> Result<FileDownload.Outcome, HTTPClientError> {
        do throws(HTTPClientError) { return .success(try await download.run(HTTPClient())) } catch {
            return .failure(error)
        }
    }

    // MARK: Words

    private func failure(_ error: HTTPClientError) -> Failure {
        let command = "graphrun models pull \(model.name)"
        let byHand = "Or get \(url) by another way, and put it into \(folder)"
        let kept = (try? FileManager.default.attributesOfItem(atPath: path + ".part"))?[.size] as? NSNumber
        let goesOn = kept.map { "\(Words.byteCount($0.intValue)) are kept: '\(command)' goes on there." }
        var lines: [String]
        switch error.kind {
        case .cancelled:
            lines = ["graphrun: interrupted"] + (goesOn.map { ["  " + $0] } ?? [])
            return Failure(code: .interrupted, text: lines.joined(separator: "\n"))
        case .refused:
            let status = error.response?.status ?? 0
            lines = [
                "\(error.message) to \(url)",
                status == 404
                    ? "It is not there any more, or $\(ModelCatalog.hubVariable) leads elsewhere."
                    : "Try again later.", byHand,
            ]
        case .unreachable, .insecure, .invalidRequest, .tooManyRedirects:
            lines = [error.message, "\(Self.advice(error)) \(byHand)"]
        case .timedOut, .interrupted:
            lines = [error.message, goesOn ?? "Try again. \(byHand)"]
        case .damaged, .file, .tooLarge, .closed:
            lines = [error.message] + (error.suggestion.map { [$0] } ?? [])
        }
        if error.kind == .tooLarge { lines = [error.message, "It cannot be this model. \(byHand)"] }
        return Failure(
            code: .failed,
            text: (["graphrun: \(lines[0])"] + lines.dropFirst().map { "  \($0)" }).joined(separator: "\n"))
    }

    private static func advice(_ error: HTTPClientError) -> String {
        switch error.kind {
        case .unreachable: "Check the network."
        case .invalidRequest: "Check $\(ModelCatalog.hubVariable)."
        default: error.suggestion ?? "Try again later."
        }
    }
}
