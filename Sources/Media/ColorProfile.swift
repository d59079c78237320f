internal import GraphCore
internal import CLCMS  // the only file that does; C types and pointers stay in it

/// Embedded colour profiles (ICC.1) through Little CMS.
///
/// A picture whose profile says another colour space than sRGB is converted to sRGB, as viewers show it; ComfyUI ignores
/// profiles. One whose profile comes to the same as sRGB keeps every byte. A profile that is damaged, or not for the
/// picture's kind of pixels, is ignored, and a note says so.
public enum ColorProfile {
    /// What a picture's samples are.
    enum Samples: Sendable {
        /// RGB, of which all three are the same.
        case gray
        case rgb
        /// Cyan, magenta, yellow and black, 255 for none, as Adobe writes them into JPEGs.
        case inks
    }

    /// What a profile means for a picture.
    enum Verdict {
        /// As good as sRGB.
        case same
        /// The words of a note.
        case unusable(String)
        case other(ColorTransform)
    }

    /// Of the Little CMS in use: 2140 is 2.14.
    static var libraryVersion: String {
        let version = cmsGetEncodedCMMversion()
        return "\(version / 1000).\(version % 1000 / 10)"
    }

    /// An sRGB profile to embed: the same bytes at every call.
    public static let sRGB: [UInt8] = makeSRGB()

    static func judge(_ profile: [UInt8], for samples: Samples) -> Verdict {
        unsafe profile.withUnsafeBytes { bytes in
            guard let count = UInt32(exactly: bytes.count),
                let source = unsafe cmsOpenProfileFromMem(bytes.baseAddress, count)
            else { return .unusable("its colour profile is damaged, and was ignored") }
            defer { unsafe cmsCloseProfile(source) }
            let (space, format) = samples.format
            guard unsafe cmsGetColorSpace(source) == space else {
                return .unusable("its colour profile is not for \(samples.name), and was ignored")
            }
            guard let transform = unsafe ColorTransform(from: source, format) else {
                return .unusable("its colour profile is damaged, and was ignored")
            }
            return samples != .inks && transform.leavesColorsAlone(samples) ? .same : .other(transform)
        }
    }

    private static func makeSRGB() -> [UInt8] {
        guard let profile = unsafe cmsCreate_sRGBProfile() else { return [] }
        defer { unsafe cmsCloseProfile(profile) }
        var count: UInt32 = 0
        guard unsafe cmsSaveProfileToMem(profile, nil, &count) != 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let isSaved = unsafe bytes.withUnsafeMutableBytes {
            unsafe cmsSaveProfileToMem(profile, $0.baseAddress, &count) != 0
        }
        guard isSaved, bytes.count >= 128 else { return [] }
        // The time it was made, ICC.1 section 7.2.10: 1 January 2000.
        let date: [UInt8] = [0x07, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
        bytes.replaceSubrange(24..<36, with: date)
        return bytes
    }
}

extension ColorProfile.Samples {
    fileprivate var format: (space: cmsColorSpaceSignature, pixels: UInt32) {
        switch self {
        case .gray: (cmsSigGrayData, UInt32(CLCMS_GRAY_OF_RGB))
        case .rgb: (cmsSigRgbData, UInt32(CLCMS_RGB))
        case .inks: (cmsSigCmykData, UInt32(CLCMS_INKS))
        }
    }

    fileprivate var name: String {
        switch self {
        case .gray: "gray pictures"
        case .rgb: "RGB pictures"
        case .inks: "CMYK pictures"
        }
    }
}

/// From a profile's colours to sRGB, eight bits a channel, perceptually.
@safe final class ColorTransform: Sendable {
    /// Many threads may use a transform that keeps no cache (Little CMS 2.14 manual, cmsFLAGS_NOCACHE).
    @unsafe private struct Handle: @unchecked Sendable { let transform: cmsHTRANSFORM }

    private let handle: Handle

    fileprivate init?(from source: cmsHPROFILE, _ format: UInt32) {
        guard let target = unsafe cmsCreate_sRGBProfile() else { return nil }
        defer { unsafe cmsCloseProfile(target) }
        let transform = unsafe cmsCreateTransform(
            source, format, target, UInt32(CLCMS_RGB), UInt32(INTENT_PERCEPTUAL), UInt32(cmsFLAGS_NOCACHE))
        guard let transform = unsafe transform else { return nil }
        unsafe handle = Handle(transform: transform)
    }

    deinit { unsafe cmsDeleteTransform(handle.transform) }

    /// Whether no colour of a lattice moves by more than one level.
    fileprivate func leavesColorsAlone(_ samples: ColorProfile.Samples) -> Bool {
        var colors: [UInt8] = []
        for level in 0...255 { colors += Array(repeating: UInt8(level), count: 3) }
        if samples == .rgb {
            let levels = stride(from: 0, through: 255, by: 51).map { UInt8($0) }
            for r in levels { for g in levels { for b in levels { colors += [r, g, b] } } }
        }
        var converted = colors
        var all = converted.mutableSpan
        convert(&all)
        return zip(colors, converted).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
    }

    /// Pixels of three bytes, in place.
    private func convert(_ pixels: inout MutableSpan<UInt8>) {
        unsafe pixels.withUnsafeMutableBufferPointer { pixels in
            guard let base = pixels.baseAddress else { return }
            unsafe cmsDoTransform(handle.transform, base, base, UInt32(pixels.count / 3))
        }
    }

    /// Rows of `width` pixels of three bytes, in place. Throws `stopped` when the task is cancelled; some rows are
    /// converted then.
    func convert(_ rgb: inout PixelBuffer<UInt8>, width: Int, cores: SpareCores = .none) throws(CodecError) {
        do {
            var work = RowWork(rowCount: rgb.count / (width * 3), cores: cores) { _, _ in try CodecError.checkStopped()
            }
            try work.updateRows(of: &rgb, elementsPerRow: width * 3, workPerRow: width * Self.workPerPixel) { _, band in
                self.convert(&band)
            }
        } catch { throw .stopped }
    }

    /// Rows of `width` pixels of four inks, as RGB. Throws `stopped` when the task is cancelled.
    func rgb(ofInks inks: PixelBuffer<UInt8>, width: Int, cores: SpareCores) throws(CodecError) -> PixelBuffer<UInt8> {
        do {
            var work = RowWork(rowCount: inks.count / (width * 4), cores: cores) { _, _ in try CodecError.checkStopped()
            }
            return try work.makeRows(
                inks.count / (width * 4), elementsPerRow: width * 3, workPerRow: width * Self.workPerPixel
            ) { rows, band in
                unsafe inks.withUnsafeBufferPointer { inks in
                    unsafe band.withUnsafeMutableBufferPointer { band in
                        let source = unsafe UnsafeBufferPointer(
                            rebasing: inks[rows.lowerBound * width * 4..<rows.upperBound * width * 4])
                        guard let from = source.baseAddress, let into = band.baseAddress else { return }
                        unsafe cmsDoTransform(self.handle.transform, from, into, UInt32(source.count / 4))
                    }
                }
            }
        } catch { throw .stopped }
    }

    private static let workPerPixel = 16
}
