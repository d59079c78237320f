internal import GraphCore

/// JSON that this server wrote itself and keeps as text.
enum KeptJSON {
    /// It was bounded when it came; unfolded graphs and options may let it be larger than what is read by default.
    static func parse(_ text: [UInt8]) throws -> JSON {
        var limits = JSONParser.Limits()
        limits.maxByteCount = .max
        return try JSONParser.parse(text, limits: limits)
    }

    /// The text of an object's member, found without parsing the others: a graph may have 200,000. The last one counts.
    /// - Parameter object: as `JSONWriter` writes it, without white space.
    static func member(_ key: String, of object: [UInt8]) -> ArraySlice<UInt8>? {
        let wanted = JSONWriter.bytes(.string(key))
        var found: ArraySlice<UInt8>?
        var position = 1
        while position < object.count, object[position] == UInt8(ascii: "\"") {
            let colon = end(of: object, from: position)
            let isWanted = object[position..<colon].elementsEqual(wanted)
            let comma = end(of: object, from: colon + 1)
            if isWanted { found = object[colon + 1..<comma] }
            position = comma + 1
        }
        return found
    }

    /// Where the value or key that begins at `start` ends.
    private static func end(of text: [UInt8], from start: Int) -> Int {
        var depth = 0
        var isInString = false
        var position = start
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\\") where isInString: position += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position }
                depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        return text.count
    }
}
