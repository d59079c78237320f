import Testing
import TestNodes

@testable import GraphCore

@Suite("A value that reaches a node")
struct DeclaredValueTests {
    /// Shows what it got, under inputs of every kind that has a declaration.
    private struct Strict: Node {
        static let whole = Input<Int>("whole", default: 1, in: 1...31).optional
        static let share = Input<Double>("share", default: 0.5, in: 0.1...10).optional
        static let seed = Input<UInt64>("seed", default: 0, in: 0...Int128(UInt64.max)).optional
        static let free = Input<Int>("free").optional
        static let loose = Input<Int>("loose", default: 0, in: 0...9).looseWhenLinked.optional
        static let word = Input<String>("word", choices: .fixed(["red", "green"])).optional
        static let flag = Input<Bool>("flag", default: false).optional
        static let text = Input<String>("text", default: "").optional
        let schema = NodeSchema(
            type: "Strict", category: "Testing",
            inputs: [whole, share, seed, free, loose, word, flag, text], isOutput: true)
        func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
            [.shown(key: "text", [.string("taken")])]
        }
    }

    /// Gives what no literal can be.
    private struct Odd: Node {
        let type: String
        let values: [Literal]
        static let output = Output<Value>("value", isList: true)
        var schema: NodeSchema { NodeSchema(type: type, category: "Testing", outputs: [Self.output]) }
        func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
            [Self.output.list(values.map { .literal($0) })]
        }
    }

    private func failure(_ input: String, _ values: Literal...) async throws -> String? {
        let runner = TestRunner([Strict(), Odd(type: "Odd", values: values)])
        let graph = try TextGraph("odd = Odd\nstrict = Strict \(input): odd")
        let result = await runner.engine.run(
            try runner.plan(graph.workflow, run: ["strict"]), of: graph.workflow, id: "r")
        if let failure = result.failure {
            #expect(failure.node == "strict" && failure.input == input)
        }
        return result.failure?.text
    }

    @Test(
        "by a link is held to the range of its input, and the node is blamed with input, value and range",
        arguments: [
            ("whole", Literal.int(0), "input 'whole': 0 is below 1\n  Use a value from 1 to 31."),
            ("whole", .int(32), "input 'whole': 32 is above 31\n  Use a value from 1 to 31."),
            (
                "share", .double(-9.2e18),
                "input 'share': -9.2e+18 is below 0.1\n  Use a value from 0.1 to 10.0."
            ),
            ("share", .int(11), "input 'share': 11 is above 10.0\n  Use a value from 0.1 to 10.0."),
            ("share", .double(.nan), "input 'share': nan is not a finite number\n  Use a value from 0.1 to 10.0."),
            ("share", .double(.infinity), "input 'share': inf is not a finite number\n  Use a value from 0.1 to 10.0."),
            ("seed", .int(-1), "input 'seed': -1 is below 0\n  Use a value from 0 to 18446744073709551615."),
            (
                "free", .int(1 << 63),
                "input 'free': 9223372036854775808 is above 9223372036854775807\n"
                    + "  Use a value from -9223372036854775808 to 9223372036854775807."
            ),
            (
                "loose", .int(1 << 63),
                "input 'loose': 9223372036854775808 is above 9223372036854775807\n"
                    + "  Use a value from -9223372036854775808 to 9223372036854775807."
            ),
        ])
    func range(input: String, value: Literal, text: String) async throws {
        #expect(try await failure(input, value) == text)
    }

    @Test(
        "by a link is held to the type and the choices of its input",
        arguments: [
            (
                "whole", Literal.double(1),
                "input 'whole' is FLOAT, but INT is needed\n  Link 'whole' to an output of type INT."
            ),
            (
                "share", .string("1"),
                "input 'share' is STRING, but FLOAT is needed\n  Link 'share' to an output of type FLOAT."
            ),
            (
                "flag", .int(1),
                "input 'flag' is INT, but BOOLEAN is needed\n  Link 'flag' to an output of type BOOLEAN."
            ),
            (
                "text", .bool(true),
                "input 'text' is BOOLEAN, but STRING is needed\n  Link 'text' to an output of type STRING."
            ),
            ("word", .string("gren"), "input 'word': 'gren' is none of its choices\n  Did you mean 'green'?"),
            ("word", .int(1), "input 'word' is INT, but COMBO is needed\n  Link 'word' to an output of type COMBO."),
        ])
    func type(input: String, value: Literal, text: String) async throws {
        #expect(try await failure(input, value) == text)
    }

    @Test(
        "at the ends of its range is taken",
        arguments: [
            ("whole", Literal.int(1)), ("whole", .int(31)), ("share", .double(0.1)), ("share", .int(10)),
            ("seed", .int(Int128(UInt64.max))), ("free", .int(Int128(Int64.min))), ("word", .string("red")),
            ("flag", .bool(true)), ("text", .string("")), ("whole", .null),
        ])
    func taken(input: String, value: Literal) async throws {
        #expect(try await failure(input, value) == nil)
    }

    @Test("outside of a range for literals only is taken by a link")
    func loose() async throws {
        #expect(try await failure("loose", .int(-5)) == nil)
        let checked = Validator.check(
            try TextGraph("strict = Strict loose: 10").workflow, registry: NodeRegistry([Strict()]),
            environment: EmptyEnvironment())
        #expect(checked.errors.map(\.text) == ["input 'loose': 10 is above 9\n  Use a value from 0 to 9."])
    }

    @Test("in a list is named by its position, and the calls before it are made")
    func element() async throws {
        #expect(
            try await failure("whole", .int(5), .int(6), .int(99))
                == "input 'whole', element 3: 99 is above 31\n  Use a value from 1 to 31.")
    }

    @Test("for a node that takes lists is held to the declaration, too")
    func takenWhole() async throws {
        let values = Input<Int>("values", in: 0...9)
        struct Whole: Node {
            let schema: NodeSchema
            func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
        }
        let whole = Whole(
            schema: NodeSchema(type: "Whole", category: "Testing", inputs: [values], isOutput: true, takesLists: true))
        let trace = try await TestRunner([whole, Odd(type: "Odd", values: [.int(1), .int(10)])]).trace(
            "odd = Odd\nwhole = Whole values: odd")
        #expect(trace == "odd ran\nwhole failed: input 'values', element 2: 10 is above 9\nrun failed")
    }

    @Test("decides which lazy inputs are needed only when it is allowed")
    func lazy() async throws {
        let trace = try await TestRunner([Odd(type: "Odd", values: [.int(1)])]).trace(
            "odd = Odd\nyes = Constant value: 1\npick = Switch flag: odd yes: yes no: yes")
        #expect(
            trace
                == "odd ran\npick failed: input 'flag' is INT, but BOOLEAN is needed\nrun failed")
    }
}
