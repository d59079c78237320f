internal import CYAML  // the only file that does
internal import Foundation
package import GraphCore

/// A YAML document as a tree, read with libyaml's events: no more of it than a file of settings needs.
package struct YAML: Sendable {
    package indirect enum Content: Sendable {
        /// As written, without quotes; `isPlain` when there were none.
        case scalar(String, isPlain: Bool)
        case sequence([YAML])
        case mapping([(key: YAML, value: YAML)])
    }

    package let content: Content
    /// From 1.
    package let line: Int

    /// Why there is no document.
    package struct Complaint: Error {
        package let line: Int
        package let message: String
        package let suggestion: String

        package init(line: Int, message: String, suggestion: String) {
            (self.line, self.message, self.suggestion) = (line, message, suggestion)
        }
    }

    static let maxByteCount = 1 << 20
    private static let maxDepth = 16
    private static let maxNodeCount = 20_000

    /// The bytes of a YAML file.
    /// - Parameter example: a suggestion for who named something else.
    /// - Throws: `.fileNotReadable`, `.tooLarge`.
    package static func bytes(of file: String, example: String) throws(Diagnostic) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            defer { try? handle.close() }
            var bytes: [UInt8] = []
            while bytes.count <= maxByteCount,
                let piece = try handle.read(upToCount: maxByteCount + 1 - bytes.count), !piece.isEmpty
            {
                bytes += piece
            }
            if bytes.count <= maxByteCount { return bytes }
        } catch {
            throw Diagnostic(
                .fileNotReadable, node: nil, "'\(file)' cannot be read: \(SystemReason.text(error))",
                suggestion: example)
        }
        throw Diagnostic(
            .tooLarge, node: nil, "'\(file)' is larger than \(maxByteCount) bytes", suggestion: example)
    }

    /// Nil for an empty file.
    package static func read(_ bytes: [UInt8]) throws(Complaint) -> YAML? {
        let events = try Events(bytes)
        var tree = Tree()
        while let event = try events.next() {
            switch event.kind {
            case .scalar(let text, let isPlain):
                try tree.add(YAML(content: .scalar(text, isPlain: isPlain), line: event.line))
            case .begin(let isMapping): try tree.open(isMapping: isMapping, event.line)
            case .end: try tree.close()
            case .document where tree.hasDocument:
                throw Complaint(
                    line: event.line, message: "a second document begins here",
                    suggestion: "Put its sections into the first one.")
            case .document: tree.hasDocument = true
            case .alias:
                // A few aliases of aliases stand for gigabytes.
                throw Complaint(
                    line: event.line, message: "'*' refers to another place, which is not read here",
                    suggestion: "Write the value out; put a text that begins with * into quotes.")
            }
        }
        return tree.root
    }

    /// Grows with the events; keeps its own stack.
    private struct Tree {
        var hasDocument = false
        private(set) var root: YAML?
        private var open: [(isMapping: Bool, line: Int, parts: [YAML])] = []
        private var nodeCount = 0

        mutating func add(_ node: YAML) throws(Complaint) {
            nodeCount += 1
            if nodeCount > YAML.maxNodeCount {
                throw Complaint(
                    line: node.line, message: "there are more than \(YAML.maxNodeCount) values",
                    suggestion: "Write a shorter file.")
            }
            if open.isEmpty { root = node } else { open[open.count - 1].parts.append(node) }
        }

        mutating func open(isMapping: Bool, _ line: Int) throws(Complaint) {
            if open.count == YAML.maxDepth {
                throw Complaint(
                    line: line, message: "the values lie deeper than \(YAML.maxDepth) levels",
                    suggestion: "Write it with fewer levels.")
            }
            open.append((isMapping, line, []))
        }

        mutating func close() throws(Complaint) {
            guard let (isMapping, line, parts) = open.popLast() else { return }
            guard isMapping else { return try add(YAML(content: .sequence(parts), line: line)) }
            let pairs = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
            try add(YAML(content: .mapping(pairs), line: line))
        }
    }
}

extension YAML {
    /// For people: what stands where something else is expected.
    package var kind: String {
        switch content {
        case .scalar(let text, _): "the text '\(text.prefix(40))'"
        case .sequence: "a list"
        case .mapping: "a section"
        }
    }

    package var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
        return false
    }
}

/// libyaml's parser over bytes, one event at a time.
@safe private final class Events {
    enum Kind {
        case scalar(String, isPlain: Bool)
        case begin(isMapping: Bool)
        case end, alias, document
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml reads from it until the end.
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) throws(YAML.Complaint) {
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: max(bytes.count, 1))
        unsafe _ = input.initialize(from: bytes)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe input.deallocate()
            unsafe parser.deallocate()
            throw YAML.Complaint(line: 1, message: "there is no memory to read it", suggestion: "Try again.")
        }
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event that says something; nil at the end.
    func next() throws(YAML.Complaint) -> (kind: Kind, line: Int)? {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw complaint() }
            defer { unsafe yaml_event_delete(&event) }
            let line = unsafe Int(event.start_mark.line) + 1
            switch unsafe event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
            case YAML_DOCUMENT_START_EVENT: return (.document, line)
            case YAML_ALIAS_EVENT: return (.alias, line)
            case YAML_MAPPING_START_EVENT: return (.begin(isMapping: true), line)
            case YAML_SEQUENCE_START_EVENT: return (.begin(isMapping: false), line)
            case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: return (.end, line)
            case YAML_SCALAR_EVENT:
                let scalar = unsafe event.data.scalar
                let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
                return unsafe (.scalar(String(decoding: text, as: UTF8.self), isPlain: isPlain), line)
            default: continue
            }
        }
    }

    private func complaint() -> YAML.Complaint {
        let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "it cannot be read"
        // Wrong bytes have a place in the stream, which is read ahead; everything else has a line.
        let isWrongText = unsafe parser.pointee.error == YAML_READER_ERROR
        var line = unsafe Int(parser.pointee.problem_mark.line)
        if isWrongText {
            let start = unsafe input.prefix(Int(parser.pointee.problem_offset))
            line = unsafe start.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        }
        return YAML.Complaint(
            line: line + 1, message: "this is not YAML: \(words)",
            suggestion: isWrongText
                ? "Save the file as UTF-8 text." : "Check the indentation, made of spaces, never tabs.")
    }
}
