internal import GraphCore
internal import Media

/// How an answer's pictures differ from what was asked for, each the end of "'local' ...": servers leave out what they
/// do not know, and say nothing.
enum PictureDifferences {
    static func words(_ order: PictureOrder, _ files: [[UInt8]]) -> [String] {
        var words: [String] = []
        if files.count < order.count {
            let pictures = files.count == 1 ? "picture" : "pictures"
            words.append("made \(files.count) \(pictures) of the \(order.count) that were asked for")
        }
        guard let size = order.size else { return words }
        let other = files.lazy.compactMap { PictureSize(of: $0) }.first { ($0.width, $0.height) != size }
        if let other {
            words.append(
                "ignored the size: \(size.width)x\(size.height) was asked for, \(other.width)x\(other.height) came")
        }
        return words
    }
}
