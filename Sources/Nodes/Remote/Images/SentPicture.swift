internal import GraphCore
internal import Media
internal import Remote

/// A picture of the workflow as the file that goes to a server.
enum SentPicture {
    /// PNG of 8 bits a channel; what is transparent stays so.
    static func png(_ image: Image, at index: Int) throws -> [UInt8] {
        do throws(CodecError) { return try PNGCodec.encode(image, at: index) } catch {
            try Task.checkCancellation()
            throw Diagnostic(.nodeFailed, node: nil, error.message, suggestion: error.suggestion)
        }
    }

    /// Where to paint, which is where `mask` is 1: white in a grey picture for Xinference, transparent in a picture with
    /// alpha for OpenAI.
    /// - Throws: when the mask has another size than the picture.
    static func mask(_ mask: Mask, at index: Int, of image: Image, for kind: Provider.Kind) throws -> [UInt8] {
        guard mask.width == image.width, mask.height == image.height else {
            throw Diagnostic(
                .nodeFailed, node: nil, input: "mask",
                "the mask has \(mask.width)x\(mask.height) pixels and the picture \(image.width)x\(image.height)",
                suggestion: "Make the mask from the picture, or scale one of them to the other's size.")
        }
        let count = mask.width * mask.height
        let start = min(index, mask.batch - 1) * count
        let selected = mask.floats()[start..<start + count]
        let floats: [Float] =
            switch kind {
            case .xinference: Array(selected)
            case .openai: selected.flatMap { [0, 0, 0, 1 - $0] }
            }
        let picture = Image(
            batch: 1, height: mask.height, width: mask.width, channels: kind == .openai ? 4 : 1, floats: floats)
        return try png(picture, at: 0)
    }
}

/// Files that a server sent, as a batch of pictures.
enum ReceivedPictures {
    /// `[n, height, width, 3]`.
    /// - Throws: when one is no picture, or when their sizes differ.
    static func image(_ files: [[UInt8]], from server: String, _ context: NodeContext) throws -> Image {
        var decoded: [Image] = []
        for (index, file) in files.enumerated() {
            try Task.checkCancellation()
            do throws(CodecError) {
                decoded.append(
                    try ImageDecoder.decode(file, onlyFirstFrame: true, cores: context.spareCores).image)
            } catch {
                try Task.checkCancellation()
                throw Diagnostic(
                    .nodeFailed, node: nil, "picture \(index + 1) of '\(server)': \(error.message)",
                    suggestion: "Look into the server's log.")
            }
        }
        guard let first = decoded.first else {
            throw Diagnostic(.nodeFailed, node: nil, "'\(server)' sent no picture")
        }
        for image in decoded where (image.width, image.height) != (first.width, first.height) {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "'\(server)' sent pictures of \(first.width)x\(first.height) and \(image.width)x\(image.height) pixels, "
                    + "which cannot be one batch",
                suggestion: "Name a size, or make the pictures one by one.")
        }
        if decoded.count == 1 { return first }
        try ImageSize.check(batch: decoded.count, height: first.height, width: first.width)
        return Image(
            batch: decoded.count, height: first.height, width: first.width, channels: 3,
            bytes: decoded.reduce(into: PixelBuffer()) { $0 += $1.eightBit() })
    }
}
