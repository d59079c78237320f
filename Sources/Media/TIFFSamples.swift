internal import GraphCore

/// What the numbers in a TIFF page mean, and how they become eight-bit colours: as Pillow converts what it opens, and by
/// the plain sense of the tags otherwise.
struct TIFFSamples {
    /// How a sample becomes a byte.
    enum Reduction: Equatable {
        /// 1, 2 or 4 bits, spread over 0...255; as they are in a palette's indices.
        case packed(bits: Int, factor: UInt8)
        case byte
        /// Of 16 bits.
        case highByte
        /// Gray of 12 or 16 bits: Pillow's `convert("RGB")` of mode `I;16` cuts at 255.
        case clipped12, clipped16
        /// Signed gray: ComfyUI's LoadImage multiplies mode `I` with 1/255, and Pillow drops the fraction.
        case signed16, signed32
        /// Gray: Pillow cuts at 0 and 255 and drops the fraction.
        case clippedFloat
        /// Colours of 0...1.
        case unitFloat
    }

    enum Colour: Equatable { case gray(isInverted: Bool), palette, rgb, cmyk, ycbcr }
    enum Alpha: Equatable { case none, straight, premultiplied }

    let reduction: Reduction
    let colour: Colour
    let alpha: Alpha
    /// In the file, with those that mean nothing here.
    let sampleCount: Int
    /// [256, 3], of `.palette`.
    var palette: [UInt8] = []

    /// Colour samples of a pixel; alpha, if any, follows them.
    var colourCount: Int {
        switch colour {
        case .gray, .palette: 1
        case .rgb, .ycbcr: 3
        case .cmyk: 4
        }
    }
}

extension TIFFSamples {
    /// The tags that decide, in libtiff's numbers (TIFF 6.0 section 8).
    struct Tags {
        var photometric: Int, bits: Int, sampleCount: Int, format: Int
        /// Nil without the tag.
        var extras: [Int]?
    }

    /// Nil for what only libtiff's own conversion may know.
    init?(_ tags: Tags) {
        guard let colour = Self.colour(tags) else { return nil }
        let count =
            switch colour {
            case .gray, .palette: 1
            case .rgb, .ycbcr: 3
            case .cmyk: 4
            }
        guard tags.sampleCount >= count, let reduction = Self.reduction(tags, colour) else { return nil }
        (self.colour, self.reduction, sampleCount) = (colour, reduction, tags.sampleCount)
        guard tags.sampleCount > count, colour != .cmyk else {
            alpha = .none
            return
        }
        switch tags.extras?.first {
        case 1?: alpha = .premultiplied
        case 2?: alpha = .straight
        case 999?: alpha = .straight  // Corel Draw 10
        case nil where colour == .rgb && tags.sampleCount == 4: alpha = .straight  // the tag was forgotten
        default: alpha = .none
        }
    }

    private static func colour(_ tags: Tags) -> Colour? {
        let isWholeNumber = tags.format == 1 || tags.format == 4
        switch tags.photometric {
        case 0: return .gray(isInverted: isWholeNumber && tags.bits <= 8)
        case 1: return .gray(isInverted: false)
        case 2: return .rgb
        case 3: return tags.bits <= 8 ? .palette : nil
        case 5: return .cmyk
        case 6: return .ycbcr
        default: return nil
        }
    }

    private static func reduction(_ tags: Tags, _ colour: Colour) -> Reduction? {
        let (unsigned, signed, float, void) = (1, 2, 3, 4)
        let isGray = tags.sampleCount == 1
        switch (tags.bits, tags.format) {
        case (1, unsigned), (2, unsigned), (4, unsigned), (1, void), (2, void), (4, void):
            let factor = UInt8(255 / (1 << tags.bits - 1))
            return .packed(bits: tags.bits, factor: colour == .palette ? 1 : factor)
        case (8, unsigned), (8, void), (8, signed): return .byte
        case (12, unsigned) where isGray: return .clipped12
        case (16, unsigned), (16, void): return isGray ? .clipped16 : .highByte
        case (16, signed) where isGray: return .signed16
        case (32, unsigned) where isGray, (32, signed) where isGray, (32, void) where isGray: return .signed32
        case (32, float): return isGray ? .clippedFloat : .unitFloat
        default: return nil
        }
    }

    /// Bytes of a row of `count` samples, as libtiff gives it.
    func rowSize(sampleCount count: Int) -> Int {
        let bits =
            switch reduction {
            case .packed(let bits, _): bits
            case .byte: 8
            case .clipped12: 12
            case .highByte, .clipped16, .signed16: 16
            case .signed32, .clippedFloat, .unitFloat: 32
            }
        return (count * bits + 7) / 8
    }
}

extension TIFFSamples {
    /// What a profile in the file must be for; nil for colours that it cannot be applied to any more.
    static func profileSamples(of colour: Colour?) -> ColorProfile.Samples? {
        switch colour {
        case .gray: .gray
        case .palette, .rgb, .ycbcr: .rgb
        case .cmyk: nil
        case nil: .rgb  // converted by libtiff
        }
    }
}
