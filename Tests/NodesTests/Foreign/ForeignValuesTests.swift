import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

/// What a workflow may hand to a node must not end the process: the test run is the process.
@Suite("Every node")
struct ForeignValuesTests {
    /// The largest sizes of networks take gigabytes and minutes, and say no more than large ones.
    private static let costly: Set<String> = ["DDColor_Colorize.model_input_size", "DDColor.size"]

    private static let extremes = [
        "-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9.2e18",
        "9.2e18", "1.7976931348623157e308", "5e-324", "nan", "inf", "-inf", "0", "-1", "0.5",
    ]

    /// Values at the ends of a number's range, just outside of it, and far away.
    private static func values(_ spec: InputSpec) -> [String] {
        var values = extremes
        if spec.type == .int {
            let ends = [spec.minimum?.int, spec.maximum?.int].compactMap { $0 }
            values += ends.flatMap { [$0 - 1, $0, $0 + 1] }.map(\.description)
        } else {
            let ends = [spec.minimum?.double, spec.maximum?.double].compactMap { $0 }
            values += ends.flatMap { [$0.nextDown, $0 - 1, $0, $0 + 1, $0.nextUp] }.map(\.description)
        }
        return values
    }

    private static func isInside(_ text: String, _ spec: InputSpec) -> Bool {
        if spec.type == .int {
            guard let value = Int128(text) else { return false }
            return value >= spec.minimum?.int ?? Int128(Int64.min) && value <= spec.maximum?.int ?? Int128(UInt64.max)
        }
        guard let value = Double(text), value.isFinite else { return false }
        return value >= spec.minimum?.double ?? -.infinity && value <= spec.maximum?.double ?? .infinity
    }

    @Test("takes every number by a link or is blamed with the input and the value", arguments: NodeProbe.types)
    func linked(type: String) async throws {
        let probe = try NodeProbe()
        for spec in try probe.schema(type).inputs where spec.type == .int || spec.type == .float {
            for value in Self.values(spec) {
                let isInside = Self.isInside(value, spec)
                if isInside, Self.costly.contains("\(type).\(spec.name)"), Int(value) ?? 0 > 512 { continue }
                let ending = try await probe.run(type, .number(spec.name, value))
                if isInside || spec.isLooseWhenLinked && Int(value) != nil { continue }
                let failure = try #require(ending.failure, "\(type).\(spec.name) took \(value)")
                #expect(failure.node == "n" && failure.input == spec.name, "\(failure)")
                #expect(failure.message.hasPrefix("input '\(spec.name)'"), "\(failure.message)")
                #expect(failure.suggestion != nil)
            }
        }
    }

    @Test("takes every number as a literal or is refused before anything runs", arguments: NodeProbe.types)
    func literal(type: String) async throws {
        let probe = try NodeProbe()
        for spec in try probe.schema(type).inputs where spec.type == .int || spec.type == .float {
            for value in Self.values(spec) where !["nan", "inf", "-inf"].contains(value) {
                let isInside = Self.isInside(value, spec)
                if isInside, Self.costly.contains("\(type).\(spec.name)"), Int(value) ?? 0 > 512 { continue }
                let json = try JSONParser.parse(Array(value.utf8))
                let ending = try await probe.run(type, .literal(spec.name, json))
                // A fraction is cut to a whole number first, as ComfyUI's `int()` does.
                if isInside || spec.type == .int && Int128(value) == nil { continue }
                guard case .refused(let diagnostics) = ending else {
                    Issue.record("\(type).\(spec.name) took \(value)")
                    continue
                }
                #expect(diagnostics.first?.input == spec.name, "\(diagnostics)")
            }
        }
    }

    @Test("that used to end the process is blamed with the input, the value and the range")
    func reported() async throws {
        let url = Workplace.root.appendingPathComponent("Tests/Fixtures/linked-values/cases.json")
        let cases = try #require(JSONParser.parse([UInt8](Data(contentsOf: url))).array)
        let probe = try NodeProbe()
        for one in cases {
            let (type, input) = (try #require(one["node"]?.string), try #require(one["input"]?.string))
            let value = try #require(one["value"]?.number)
            let failure = try #require(try await probe.run(type, .number(input, value.text)).failure, "\(one)")
            #expect(failure.code == .outOfRange && failure.node == "n" && failure.input == input, "\(failure)")
            #expect(failure.message.hasPrefix("input '\(input)': \(value.text) is "), "\(failure.message)")
            #expect(failure.suggestion?.hasPrefix("Use a value from ") == true)
        }
    }

    @Test("outlives odd texts", arguments: NodeProbe.types)
    func texts(type: String) async throws {
        let probe = try NodeProbe()
        let odd = [
            "", " ", "\u{0}", "../../x", "/", "%date:yyyy%%n.x%", "\u{202E}\u{1F468}\u{200D}\u{1F469}", "((((", "[z-a]",
            "a{4294967295}", String(repeating: "a.\n", count: 2_000), "1e999", "-0", "NaN",
        ]
        for spec in try probe.schema(type).inputs where spec.type == .string || spec.type == .combo {
            for text in odd {
                let ending = try await probe.run(type, .literal(spec.name, .string(text)))
                if let failure = ending.failure { #expect(!failure.message.isEmpty) }
            }
        }
    }

    @Test("outlives odd pictures", arguments: NodeProbe.types)
    func pictures(type: String) async throws {
        let probe = try NodeProbe()
        guard try probe.schema(type).inputs.contains(where: { ["IMAGE", "MASK", "*"].contains($0.type.name) }) else {
            return
        }
        for kind in GivenPicture.Kind.allCases {
            let ending = try await probe.run(type, .pictures(kind))
            if let failure = ending.failure { #expect(failure.node == "n", "\(kind): \(failure)") }
        }
    }

    @Test("outlives odd sounds", arguments: NodeProbe.types)
    func sounds(type: String) async throws {
        let probe = try NodeProbe()
        guard try probe.schema(type).inputs.contains(where: { $0.type.name == "AUDIO" }) else { return }
        for kind in GivenSound.Kind.allCases {
            let ending = try await probe.run(type, .sounds(kind))
            if let failure = ending.failure { #expect(failure.node == "n", "\(kind): \(failure)") }
        }
    }
}
