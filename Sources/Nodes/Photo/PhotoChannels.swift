internal import GraphCore
internal import Media

/// What the nodes for photos can work on.
enum PhotoChannels {
    static func check(_ image: Image) throws {
        guard [1, 3, 4].contains(image.channels) else {
            throw Diagnostic(
                .nodeFailed, node: nil, "the picture has \(image.channels) channels, and a photo has 1, 3 or 4",
                suggestion: "Convert it to grey, RGB or RGBA first.")
        }
    }
}

extension [JSONObject.Member] {
    /// What editors show for a number.
    static func number(step: Double, _ tooltip: String) -> Self {
        [.init("step", .number(JSONNumber(step))), .init("tooltip", .string(tooltip))]
    }

    static func whole(step: Int, _ tooltip: String) -> Self {
        [.init("step", .number(JSONNumber(Int128(step)))), .init("tooltip", .string(tooltip))]
    }

    static func tooltip(_ text: String) -> Self { [.init("tooltip", .string(text))] }
}
