internal import GraphCore
internal import Media

/// Refuses pictures larger than the limits before memory is taken for them.
enum ImageSize {
    static func check(batch: Int, height: Int, width: Int) throws {
        do throws(CodecError) {
            try ImageLimits().check(batch: batch, height: height, width: width)
        } catch {
            throw Diagnostic(
                .outOfMemory, node: nil, error.message, suggestion: "Use a smaller width, height or batch.")
        }
    }
}
