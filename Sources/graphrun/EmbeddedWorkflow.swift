internal import GraphCore
internal import Media

/// The workflow that a picture or a sound carries.
enum EmbeddedWorkflow {
    /// 100 megapixels of noise make a PNG of about 300 MB.
    static let maxByteCount = 512 << 20

    /// Whether a file that begins so may carry texts.
    static func mayBe(_ start: [UInt8]) -> Bool { EmbeddedTexts.mayBe(start) }

    /// `prompt` is what made it; `workflow` is what the editor shows of that, and stands in where there is no prompt. Texts
    /// of these names by other programs are neither, and hide nothing.
    /// - Returns: nil when the bytes are no picture and no sound of a kind that carries texts.
    /// - Throws: when they are, and carry no workflow.
    static func json(in bytes: [UInt8]) throws(UnreadableWorkflow) -> JSON? {
        guard let texts = EmbeddedTexts.read(from: bytes) else {
            if let format = ImageFormat.sniff(bytes) { throw UnreadableWorkflow([unread(format)]) }
            return nil
        }
        var damage: UnreadableWorkflow?
        func find(_ keyword: String, isIt: (JSON) -> Bool) -> JSON? {
            for text in texts where text.keyword.lowercased() == keyword && text.text.first == "{" {
                do throws(UnreadableWorkflow) {
                    let json = try WorkflowReader.parse(withoutNaN(Array(text.text.utf8)))
                    if isIt(json) { return json }
                } catch {
                    damage = damage ?? error
                }
            }
            return nil
        }
        let workflow = find("workflow") { $0["nodes"]?.array != nil || isPrompt($0) }
        guard let prompt = find("prompt", isIt: isPrompt) else {
            if let workflow { return workflow }
            throw damage ?? UnreadableWorkflow([carriesNone])
        }
        let extra: JSON = workflow.map { ["extra_pnginfo": ["workflow": $0]] } ?? .object(JSONObject())
        return ["prompt": prompt, "extra_data": extra]
    }

    private static func isPrompt(_ json: JSON) -> Bool {
        json.object?.members.contains { $0.value["class_type"] != nil } == true
    }

    private static func unread(_ format: ImageFormat) -> Diagnostic {
        Diagnostic(
            .unknownFormat, node: nil, "the file is a \(format.name) picture, out of which no workflow can be read",
            suggestion: "Choose the PNG, JPEG, WebP or TIFF that was saved with it, or a workflow's JSON.")
    }

    private static let carriesNone = Diagnostic(
        .unknownFormat, node: nil, "the file carries no workflow",
        suggestion: "Choose one that ComfyUI or graphrun has saved and nobody has re-saved since, or a workflow's JSON."
    )

    /// ComfyUI keeps beside a node what tells whether it has changed, and of nodes that always have that is NaN, which
    /// JSON does not know: here it is null.
    private static func withoutNaN(_ text: [UInt8]) -> [UInt8] {
        let word = Array("NaN".utf8), null = Array("null".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var (isInString, position) = (false, 0)
        while position < text.count {
            let byte = text[position]
            if isInString && byte == UInt8(ascii: "\\") && position + 1 < text.count {
                result += text[position...position + 1]
                position += 2
            } else if !isInString && byte == word[0] && text[position...].starts(with: word) {
                result += null
                position += word.count
            } else {
                if byte == UInt8(ascii: "\"") { isInString.toggle() }
                result.append(byte)
                position += 1
            }
        }
        return result
    }
}
