/// The parts of a date where the program runs. GraphCore has no clock.
public struct LocalTime: Sendable {
    let year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int

    public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }
}

/// Names of other nodes in the file names that Save nodes are given, as ComfyUI's frontend fills them in:
/// `%KSampler.seed%` is what the widget `seed` of that node holds, `%date:yyyy-MM-dd%` the time of the conversion.
struct NodeReplacements {
    /// Nil leaves dates for whoever saves the file.
    let now: LocalTime?
    /// The text of a widget; nil when there is no such node or widget. The node goes by its property "Node name for
    /// S&R", else by its title.
    let widgetText: (_ node: String, _ widget: String) -> String?

    func text(_ template: String) -> String {
        let parts = template.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return template }
        var result = String(parts[0])
        var index = 1
        while index < parts.count {
            // The last part has no closing sign, and an empty name is no name.
            guard index + 1 < parts.count, !parts[index].isEmpty else {
                result += "%" + parts[index]
                index += 1
                continue
            }
            result += replacement(String(parts[index])) ?? "%\(parts[index])%"
            result += parts[index + 1]
            index += 2
        }
        return result
    }

    private func replacement(_ name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.count != 2 {
            guard parts[0].hasPrefix("date:"), let now else { return nil }
            return Self.date(String(parts[0].dropFirst("date:".count)), now)
        }
        guard let text = widgetText(parts[0], parts[1]) else { return nil }
        let safe = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            let isUnsafe = scalar.value < 0x20 || scalar.value == 0x7F || "/?<>\\:*|\"".unicodeScalars.contains(scalar)
            return isUnsafe ? "_" : scalar
        }
        return String(String.UnicodeScalarView(safe))
    }

    /// d, M, h, m and s, once or twice for two digits; yy or yyyy.
    private static func date(_ format: String, _ now: LocalTime) -> String {
        let fields: [Character: Int] = [
            "d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second,
        ]
        var result = ""
        var rest = Substring(format)
        while let letter = rest.first {
            let count = rest.prefix { $0 == letter }.count
            if let value = fields[letter] {
                let taken = min(count, 2)
                result += taken == 2 && value < 10 ? "0\(value)" : "\(value)"
                rest = rest.dropFirst(taken)
            } else if letter == "y" && count >= 2 {
                let taken = count >= 4 ? 4 : count == 3 ? 3 : 2
                switch taken {
                case 4: result += "\(now.year)"
                case 2: result += String("\(now.year)".dropFirst(2))
                default: result += "yyy"
                }
                rest = rest.dropFirst(taken)
            } else {
                result.append(letter)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
