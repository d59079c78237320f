/// Numbers as JavaScript prints them, which is how ComfyUI's frontend sends them.
enum JavaScript {
    /// ECMA-262 section 6.1.6.1.20, Number::toString: the shortest digits that give the same double; 1.0 is `1`, and
    /// exponents stand below 1e-6 and from 1e21. An integer literal keeps its digits, however many there are.
    static func text(_ number: JSONNumber) -> String {
        if number.isInteger { return number.text == "-0" ? "0" : number.text }
        return number.double.map { text($0) } ?? number.text
    }

    private static func text(_ double: Double) -> String {
        if double == 0 { return "0" }
        let (digits, point) = digits(double.magnitude)
        let sign = double < 0 ? "-" : ""
        if point > 21 || point < -5 {
            let fraction = digits.dropFirst()
            let exponent = point - 1
            return sign + digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction)
                + "e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// ECMA-262 section 7.1.17, ToString: a list is its members with commas between, where null is nothing.
    static func string(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): rounded(number)
        case .string(let text): text
        case .array(let members): members.map { $0 == .null ? "" : string($0) }.joined(separator: ",")
        case .object: "[object Object]"
        }
    }

    /// The text of a number that has become a double on the way: 18446744073709551615 is 18446744073709552000.
    private static func rounded(_ number: JSONNumber) -> String {
        guard number.isInteger, let double = number.double, double.magnitude > 0x1p53 else { return text(number) }
        return text(double)
    }

    static func number(_ number: JSONNumber) -> JSONNumber { JSONNumber(checkedText: text(number)) }

    /// The shortest significant digits, and how many of them stand before the point.
    private static func digits(_ double: Double) -> (digits: String, point: Int) {
        let parts = double.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        var digits = mantissa[0] + (mantissa.count > 1 ? mantissa[1] : "")
        var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.hasPrefix("0") {
            digits.removeFirst()
            point -= 1
        }
        while digits.hasSuffix("0") { digits.removeLast() }
        return (digits, point)
    }
}
