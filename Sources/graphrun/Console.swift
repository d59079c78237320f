internal import Foundation
internal import Glibc
internal import Synchronization

/// Standard output and standard error. Once a reader has gone away, output to it is dropped and the work goes on; output
/// that the system refuses for another reason, such as a full disk, is an error at the end.
final class Console: Sendable {
    private struct State {
        var isOutputOpen = true
        var complaint: String?
    }

    private let state = Mutex(State())

    /// Why output was lost; nil when none was, or when its reader went away.
    var outputComplaint: String? { state.withLock { $0.complaint } }

    /// Whether someone sits at a terminal and reads along.
    var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    func output(_ line: String) { write(line + "\n") }

    /// Text as it is, control sequences and all.
    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            guard state.isOutputOpen else { return }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    // Another program with the same terminal or pipe has made it not wait.
                    var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&output, 1, -1)
                } else if errno != EINTR {
                    state.isOutputOpen = false
                    if errno != EPIPE { state.complaint = unsafe String(cString: strerror(errno)) }
                    return
                }
            }
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
