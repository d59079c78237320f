import TestData
import Testing

@testable import GraphCore

/// nst/JSONTestSuite: `y_` must be accepted, `n_` refused, `i_` is every reader's own decision.
@Suite("The public JSON test suite", .enabled(if: Shared.has("json-test-suite/test_parsing")))
struct JSONSuiteTests {
    private static let folder = "json-test-suite/test_parsing"

    private enum Decision: String { case accepted, refused }

    private static func read(_ name: String) throws -> Decision {
        let bytes = try Shared.bytes("\(folder)/\(name)")
        return (try? JSONParser.parse(bytes)) == nil ? .refused : .accepted
    }

    /// The same table is in docs/JSON.md, in words.
    private static let decisions: [(prefix: String, Decision, because: String)] = [
        ("i_number_", .accepted, "a number of any size is kept as text"),
        ("i_object_key_lone_2nd_surrogate", .refused, "half a surrogate pair is no character"),
        ("i_string_1st_", .refused, "half a surrogate pair is no character"),
        ("i_string_incomplete_", .refused, "half a surrogate pair is no character"),
        ("i_string_inverted_", .refused, "half a surrogate pair is no character"),
        ("i_string_invalid_lonely_surrogate", .refused, "half a surrogate pair is no character"),
        ("i_string_invalid_surrogate", .refused, "half a surrogate pair is no character"),
        ("i_string_lone_second_surrogate", .refused, "half a surrogate pair is no character"),
        ("i_string_UTF8_surrogate", .refused, "the bytes are not UTF-8"),
        ("i_string_UTF-8_invalid", .refused, "the bytes are not UTF-8"),
        ("i_string_invalid_utf-8", .refused, "the bytes are not UTF-8"),
        ("i_string_iso_latin_1", .refused, "the bytes are not UTF-8"),
        ("i_string_lone_utf8_continuation_byte", .refused, "the bytes are not UTF-8"),
        ("i_string_not_in_unicode_range", .refused, "the bytes are not UTF-8"),
        ("i_string_overlong_", .refused, "the bytes are not UTF-8"),
        ("i_string_truncated-utf-8", .refused, "the bytes are not UTF-8"),
        ("i_string_UTF-16LE_with_BOM", .refused, "only UTF-8 is read (RFC 8259 section 8.1)"),
        ("i_string_utf16", .refused, "only UTF-8 is read (RFC 8259 section 8.1)"),
        ("i_structure_500_nested_arrays", .refused, "nesting ends at 128"),
        ("i_structure_UTF-8_BOM_empty_object", .accepted, "a UTF-8 byte order mark is skipped"),
    ]

    @Test("is accepted where it must be")
    func valid() throws {
        let names = try Shared.files(Self.folder).filter { $0.hasPrefix("y_") }
        #expect(names.count == 95)
        #expect(try names.filter { try Self.read($0) == .refused } == [])
    }

    @Test("is refused where it must be")
    func invalid() throws {
        let names = try Shared.files(Self.folder).filter { $0.hasPrefix("n_") }
        #expect(names.count == 188)
        #expect(try names.filter { try Self.read($0) == .accepted } == [])
    }

    @Test("is decided, one way or the other, where it leaves the choice")
    func optional() throws {
        let names = try Shared.files(Self.folder).filter { $0.hasPrefix("i_") }
        #expect(names.count == 35)
        for name in names {
            let found = Self.decisions.filter { name.hasPrefix($0.prefix) }
            #expect(found.count == 1, "\(name) is decided \(found.count) times")
            #expect(try Self.read(name) == found.first?.1, "\(name): \(found.first?.because ?? "?")")
        }
        for decision in Self.decisions {
            #expect(names.contains { $0.hasPrefix(decision.prefix) }, "\(decision.prefix) decides nothing")
        }
    }
}
