internal import GraphCore
internal import Media

/// Refuses pictures larger than the limits before memory is taken for them.
enum ImageSize {
    static func check(batch: Int, height: Int, width: Int, channels: Int = 3) throws {
        do throws(CodecError) {
            try ImageLimits().check(batch: batch, height: height, width: width, channels: channels)
        } catch {
            throw Diagnostic(
                .outOfMemory, node: nil, error.message, suggestion: "Use a smaller width, height or batch.")
        }
    }

    /// Python's `round`: halves go to the even number. At least 1, so that no picture loses its last row.
    static func rounded(_ length: Double) -> Int { max(1, Int(clamping: length.rounded(.toNearestOrEven))) }
}
