internal import GraphCore
internal import Processes
internal import Synchronization

/// The program espeak-ng on this machine: where it is, and which voices it has. It is run as a child, never linked.
public final class EspeakProgram: Sendable {
    private static let name = "espeak-ng"

    private let searchPath: String?
    /// Of the program that was asked last.
    private let known = Mutex<(program: ProgramFile, voices: EspeakVoices, hasVariants: Bool)?>(nil)

    /// - Parameter searchPath: folders with colons between them; nil is `$PATH`.
    public init(searchPath: String? = nil) { self.searchPath = searchPath }

    /// - Throws: `.fileNotFound` with the command that installs it.
    func find() throws(Diagnostic) -> ProgramFile {
        try ProgramFile.find(Self.name, in: searchPath, package: Self.name)
    }

    /// A call of the program, which looks for its data where it says or where it was built to.
    func command(_ program: ProgramFile, _ arguments: [String]) -> ChildCommand {
        var command = ChildCommand(program, arguments)
        command.keptVariables = ["ESPEAK_DATA_PATH"]
        return command
    }

    /// The voices, asked for once as long as the program stays the same.
    /// - Parameter withVariants: asks for these too, which takes as long again.
    func voices(of program: ProgramFile, withVariants: Bool) async throws -> EspeakVoices {
        if let known = known.withLock({ $0 }), known.program == program, known.hasVariants || !withVariants {
            return known.voices
        }
        async let list = output(of: program, "--voices")
        async let variants = withVariants ? output(of: program, "--voices=variant") : ""
        let voices = EspeakVoices(list: try await list, variantList: try await variants)
        known.withLock { $0 = (program, voices, withVariants) }
        return voices
    }

    private func output(of program: ProgramFile, _ argument: String) async throws -> String {
        var command = command(program, [argument])
        command.maxOutputByteCount = 1 << 20
        command.timeLimit = .seconds(30)
        let (bytes, ending) = try await command.run()
        try ending.check(command, suggestion: EspeakEngine.checking)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `1.51 (/usr/bin/espeak-ng)` for `graphrun doctor`.
    /// - Throws: `.fileNotFound` with the command that installs it; `.nodeFailed` when it does not run.
    public func report() async throws -> String {
        let program = try find()
        // `eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/...`
        let words = try await output(of: program, "--version").split(separator: " ")
        let version = words.first { $0.first?.isNumber == true } ?? "unknown version"
        return "\(version) (\(program.path))"
    }
}
