internal import Arguments
internal import Files
internal import Foundation
internal import GraphCore
internal import Media
internal import Remote

/// The program: reads the command line, does one thing, and says by its exit code how it went.
@main
struct Graphrun {
    static func main() async {
        ProcessMemory.fixThresholds()
        // A reader that goes away (`| head`) must not kill a run half-way.
        _ = signal(SIGPIPE, SIG_IGN)
        let console = Console()
        do {
            var command = try CommandLineParser.parse(Array(CommandLine.arguments.dropFirst()))
            try command.readConfiguration()
            for warning in command.options.models.warnings + command.options.configuration.warnings {
                console.error("warning: \(warning)")
            }
            let code = try await command.run(console)
            if let complaint = console.outputComplaint {
                console.error("graphrun: standard output could not be written: \(complaint)")
                console.error("  Make room, or send it elsewhere.")
                end((code == .done ? .failed : code).rawValue)
            }
            end(code.rawValue)
        } catch let error as UsageError {
            console.error("graphrun: \(error.message)")
            console.error("  \(error.suggestion ?? "Run 'graphrun --help'.")")
            end(ExitCode.usage.rawValue)
        } catch let error as Failure {
            console.error(error.text)
            end(error.code.rawValue)
        } catch {
            console.error("graphrun: \(error)")
            end(ExitCode.failed.rawValue)
        }
    }

    /// Without exit handlers: an inference that was given up may still be inside the runtime, whose destructors must not
    /// run under it. Output was written as it came.
    private static func end(_ code: Int32) -> Never { _exit(code) }
}

enum ExitCode: Int32 {
    case done = 0
    /// A node failed, or the time was up.
    case failed = 1
    /// The workflow is invalid, unreadable or not JSON.
    case invalid = 2
    /// Unknown option, missing argument.
    case usage = 3
    case interrupted = 130
}

/// The command cannot be carried out; already worded for people.
struct Failure: Error {
    let code: ExitCode
    let text: String
}
