/// What the head of one part of a form says (RFC 7578 section 4).
struct FormPart: Sendable, Equatable {
    /// Content-Disposition, Content-Type and a few more.
    private static let maxFieldCount = 16

    let name: String
    /// `filename*` (RFC 8187) where it can be read, else `filename`.
    let filename: String?
    let contentType: String?

    /// - Parameter section: field lines and the empty line.
    /// - Throws: 400.
    init(_ section: ArraySlice<UInt8>) throws(HTTPProblem) {
        let fields: Headers
        do { fields = try HeadParser.fields(section, maxCount: Self.maxFieldCount) } catch {
            throw HTTPProblem(
                400, "a part of the form has a malformed head",
                suggestion: "Send each part's fields as RFC 7578 describes them, at most \(Self.maxFieldCount).")
        }
        guard let disposition = fields["Content-Disposition"].flatMap({ ParameterizedValue($0) }),
            fields.values("Content-Disposition").count == 1, disposition.value == "form-data",
            let name = disposition["name"]
        else {
            throw HTTPProblem(
                400, "a part of the form has no name",
                suggestion: "Give each part the field Content-Disposition: form-data; name=\"...\".")
        }
        if let encoding = fields["Content-Transfer-Encoding"],
            !["binary", "8bit", "7bit"].contains(encoding.lowercased())
        {
            throw HTTPProblem(
                400, "the part '\(name.prefix(40))' of the form has the encoding '\(encoding.prefix(40))'",
                suggestion: "Send its bytes as they are.")
        }
        self.name = name
        filename = disposition["filename*"].flatMap(Self.extended) ?? disposition["filename"]
        contentType = fields["Content-Type"]
    }

    /// `UTF-8'en'na%C3%AFve.png`; nil in another character set.
    private static func extended(_ text: String) -> String? {
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Syntax.matches(parts[0], "utf-8") else { return nil }
        return PercentCoding.decode(parts[2])
    }
}
