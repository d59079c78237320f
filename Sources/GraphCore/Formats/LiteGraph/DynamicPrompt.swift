/// Texts with choices in them, as ComfyUI's frontend fills them in before it sends a prompt:
/// `a {red|blue} car // a comment`. `\{`, `\|` and `\}` stand for themselves.
enum DynamicPrompt {
    /// Choices inside one another beyond this depth are left as they are written.
    private static let maxDepth = 32

    /// - Parameter choose: which of so many choices to take.
    static func text(_ template: String, choose: (_ count: Int) -> Int) -> String {
        text(Array(template.unicodeScalars), depth: 0, choose)
    }

    private static func text(_ template: [Unicode.Scalar], depth: Int, _ choose: (Int) -> Int) -> String {
        let input = withoutComments(template)
        var result = String.UnicodeScalarView()
        var position = 0
        while position < input.count {
            let scalar = input[position]
            position += 1
            if scalar == "\\" {
                result.append(scalar)
                if position < input.count { result.append(input[position]) }
                position += 1
            } else if scalar == "{" && depth < maxDepth {
                let choices = choices(input, &position)
                let chosen = choices[min(max(choose(choices.count), 0), choices.count - 1)]
                result.append(contentsOf: text(chosen, depth: depth + 1, choose).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(unescaped(Array(result)))
    }

    /// The choices up to the closing brace, or to the end when there is none.
    private static func choices(_ input: [Unicode.Scalar], _ position: inout Int) -> [[Unicode.Scalar]] {
        var choices: [[Unicode.Scalar]] = []
        var choice: [Unicode.Scalar] = []
        var depth = 0
        while position < input.count {
            let scalar = input[position]
            position += 1
            switch scalar {
            case "\\":
                choice.append(scalar)
                if position < input.count { choice.append(input[position]) }
                position += 1
                continue
            case "{": depth += 1
            case "}":
                if depth == 0 { return choices + [choice] }
                depth -= 1
            case "|" where depth == 0:
                choices.append(choice)
                choice = []
                continue
            default: break
            }
            choice.append(scalar)
        }
        return choices + [choice]
    }

    /// Drops `/* ... */` and, up to the end of the line, `// ...`.
    private static func withoutComments(_ input: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard input.contains("/") else { return input }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(input.count)
        var position = 0
        // Where the last comment closes: past it, none that opens does.
        let lastClose = input.indices.dropLast().last { input[$0] == "*" && input[$0 + 1] == "/" } ?? -1
        while position < input.count {
            let next = position + 1 < input.count ? input[position + 1] : " "
            if input[position] == "/" && next == "/" {
                while position < input.count && !isLineEnd(input[position]) { position += 1 }
            } else if input[position] == "/" && next == "*" && position + 2 <= lastClose {
                position += 2
                while !(input[position] == "*" && input[position + 1] == "/") { position += 1 }
                position += 2
            } else {
                result.append(input[position])
                position += 1
            }
        }
        return result
    }

    /// What JavaScript's `.` does not match.
    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func unescaped(_ input: [Unicode.Scalar]) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var position = 0
        while position < input.count {
            if input[position] == "\\", position + 1 < input.count, "{}|".unicodeScalars.contains(input[position + 1]) {
                position += 1
            }
            result.append(input[position])
            position += 1
        }
        return result
    }
}
