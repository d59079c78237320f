internal import GraphCore

/// The frames of one file on their way to a batch, as ComfyUI's LoadImage makes it: each is turned upright, and one
/// whose size then differs from the first's is left out.
///
/// Every codec gives its frames through here. One that knows how many there are calls `expect` before it decodes any,
/// so that a file of a thousand frames is refused before memory is taken; `append` refuses what was not announced.
struct PictureFrames {
    /// However small they are, each costs its decoder's memory and time.
    private static let maxFrameCount = 10_000

    private let limits: ImageLimits
    private let cores: SpareCores
    private(set) var count = 0
    /// Of every frame, upright. 0 before the first.
    private(set) var width = 0, height = 0
    /// [count, height, width, 3].
    private var pixels = PixelBuffer<UInt8>()
    /// [count, height, width]; nil while no frame had any.
    private var alpha: PixelBuffer<UInt8>?
    private var expectedCount = 1

    /// - Parameter cores: for converting colours.
    init(limits: ImageLimits, cores: SpareCores = .none) { (self.limits, self.cores) = (limits, cores) }

    /// Says how many frames of this stored size are to come at most. Throws when all together are beyond the limits.
    mutating func expect(_ frameCount: Int, width: Int, height: Int) throws(CodecError) {
        guard frameCount <= Self.maxFrameCount else {
            throw CodecError(
                "the picture has \(frameCount.grouped) frames, and the limit is \(Self.maxFrameCount.grouped)",
                suggestion: "Cut it into shorter ones.")
        }
        try limits.check(batch: frameCount, height: height, width: width)
        expectedCount = frameCount
    }

    /// Adds a frame as it is stored.
    /// - Parameters:
    ///   - rgb: [height, width, 3].
    ///   - alpha: [height, width], 255 is opaque; nil counts as opaque when another frame has alpha.
    /// - Throws: the limit's sentence when the batch grows too large; `stopped` when the task is cancelled.
    mutating func append(
        _ rgb: consuming PixelBuffer<UInt8>, alpha frameAlpha: consuming PixelBuffer<UInt8>? = nil, width: Int,
        height: Int, orientation: EXIFOrientation = .upright
    ) throws(CodecError) {
        let upright = orientation.size(width: width, height: height)
        let pixelCount = width * height
        if count == 0 {
            (self.width, self.height) = upright
        } else {
            guard upright == (self.width, self.height) else { return }
            try limits.check(batch: count + 1, height: upright.height, width: upright.width)
        }
        let colors = try orientation.upright(rgb, width: width, height: height, channels: 3, cores: cores)
        if let given = frameAlpha {
            let turned = try orientation.upright(given, width: width, height: height, channels: 1, cores: cores)
            try add(turned, to: &alpha, before: count * pixelCount, pixelCount)
        } else if alpha != nil {
            alpha?.append(contentsOf: repeatElement(255, count: pixelCount))
        }
        if count == 0 && expectedCount == 1 {
            pixels = colors  // one picture is never copied
        } else {
            if count == 0 { pixels.reserveCapacity(expectedCount * pixelCount * 3) }
            pixels += colors
        }
        count += 1
    }

    /// Frames before the first with alpha were opaque.
    private func add(
        _ new: PixelBuffer<UInt8>, to alpha: inout PixelBuffer<UInt8>?, before opaqueCount: Int, _ pixelCount: Int
    ) throws(CodecError) {
        if alpha == nil {
            if opaqueCount == 0 && expectedCount == 1 {
                alpha = new
                return
            }
            var opaque = PixelBuffer<UInt8>()
            opaque.reserveCapacity(max(expectedCount, count + 1) * pixelCount)
            opaque.append(contentsOf: repeatElement(255, count: opaqueCount))
            alpha = opaque
        }
        alpha?.append(contentsOf: new)
    }

    /// All frames as one picture, converted to sRGB where the profile says another colour space.
    /// - Parameters:
    ///   - format: the file's, for the error when there was no frame.
    ///   - profile: the embedded one; the result keeps it as it is.
    ///   - samples: what the file holds, which the profile must be for; nil when its colours are converted already.
    consuming func picture(
        format: String, text: [TextChunk] = [], profile: [UInt8]? = nil, samples: ColorProfile.Samples? = .rgb
    ) throws(CodecError) -> DecodedImage {
        guard count > 0 else { throw .damaged(format, "it holds no picture") }
        var notes: [String] = []
        if let profile, let samples {
            switch ColorProfile.judge(profile, for: samples) {
            case .same: break
            case .unusable(let note): notes.append(note)
            case .other(let transform): try transform.convert(&pixels, width: width, cores: cores)
            }
        }
        return DecodedImage(
            image: Image(batch: count, height: height, width: width, channels: 3, bytes: pixels), alpha: alpha,
            text: text, profile: profile, notes: notes)
    }
}
