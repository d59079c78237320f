internal import Foundation
internal import Synchronization

/// Standard output and standard error. Once a reader has gone away, output to it is dropped and the work goes on.
final class Console: Sendable {
    private let isOutputOpen = Mutex(true)

    /// Whether someone sits at a terminal and reads along.
    var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    func output(_ line: String) { write(line + "\n") }

    /// Text as it is, control sequences and all.
    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        isOutputOpen.withLock { isOpen in
            guard isOpen else { return }
            do { try FileHandle.standardOutput.write(contentsOf: Data(bytes)) } catch { isOpen = false }
        }
    }

    func error(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data((Self.printable(line) + "\n").utf8))
    }

    /// `text` without the control characters that would let a workflow command somebody's terminal.
    static func printable(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { printable.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(printable)
    }

    /// Columns of the terminal; 80 when it does not say.
    var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
