internal import GraphCore

/// A text as its paragraphs: what nobody speaks is gone, runs of white space are one space, and blank lines part.
enum SpokenParagraphs {
    /// UAX #15, Stream-Safe Text Format: real text has no more combining marks in a row.
    private static let maxCombiningCount = 30

    /// - Returns: paragraphs that have at least one character, without white space at their ends. Takes linear time.
    static func of(_ text: String) -> [[Unicode.Scalar]] {
        var paragraphs: [[Unicode.Scalar]] = []
        var current: [Unicode.Scalar] = []
        var (lineEndCount, hasSpace, combiningCount, isBehindReturn) = (0, false, 0, false)
        for scalar in text.unicodeScalars {
            let kind = Kind(scalar)
            switch kind {
            case .space: hasSpace = true
            case .lineEnd:
                // The two of a Windows line end are one.
                if !(isBehindReturn && scalar == "\n") { lineEndCount += 1 }
            case .paragraphEnd: lineEndCount += 2
            case .unspoken: break
            case .combining where combiningCount == maxCombiningCount: break
            case .combining, .written:
                combiningCount = kind == .combining ? combiningCount + 1 : 0
                if lineEndCount > 1 && !current.isEmpty {
                    paragraphs.append(current)
                    current = []
                } else if (hasSpace || lineEndCount == 1) && !current.isEmpty {
                    current.append(" ")
                }
                (lineEndCount, hasSpace) = (0, false)
                current.append(scalar)
            }
            isBehindReturn = scalar == "\r"
        }
        return current.isEmpty ? paragraphs : paragraphs + [current]
    }

    private enum Kind {
        case space, lineEnd, paragraphEnd, unspoken, combining, written

        init(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x21...0x7E, 0xC0...0x24F, 0x3001...0x3029, 0x3041...0x3096, 0x30A1...0x30FF, 0x4E00...0x9FFF,
                0xAC00...0xD7A3, 0xFF01...0xFF60:
                self = .written
            case 0x20, 0x09, 0xA0: self = .space
            case 0x0A, 0x0D, 0x85, 0x0B, 0x2028: self = .lineEnd
            case 0x0C, 0x2029: self = .paragraphEnd
            // Joiners of emoji and of Persian and Indic letters.
            case 0x200C, 0x200D: self = .written
            // The flags of England, Scotland and Wales are written with these.
            case 0xE0020...0xE007F: self = .combining
            default: self = Self(scalar.properties)
            }
        }

        private init(_ properties: Unicode.Scalar.Properties) {
            switch properties.generalCategory {
            // Soft hyphens, marks of direction, private use: engines have read some of these as orders.
            case .control, .format, .privateUse, .unassigned, .surrogate: self = .unspoken
            case .spaceSeparator: self = .space
            case .nonspacingMark, .enclosingMark: self = .combining
            default: self = properties.canonicalCombiningClass == .notReordered ? .written : .combining
            }
        }
    }
}
