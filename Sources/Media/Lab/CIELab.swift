internal import GraphCore
internal import Glibc

/// CIE 1976 L*a*b* of sRGB colours, CIE 15:2004 section 8.2.1, with the numbers of OpenCV's documentation ("Color
/// conversions", RGB to CIE L*a*b*): white is D65, (0.950456, 1, 1.088754); 0.008856, 903.3 and 7.787 are CIE's
/// (6/29)^3, (29/3)^3 and (29/6)^2 / 3, rounded.
///
/// L* = 116 f(Y) - 16, a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)), X and Z as shares of white's. So a pixel is held
/// here as its luminance Y, f(Y), and how far f(X) and f(Z) are from f(Y): a* / 500 and -b* / 200. Near black, where L*
/// is 903.3 Y, the same f(Y) belongs to it.
enum CIELab {
    /// Light to luminance, and to X and Z as shares of white's.
    static let toX = SIMD3<Float>(0.412453, 0.357580, 0.180423) / 0.950456
    static let toY = SIMD3<Float>(0.212671, 0.715160, 0.072169)
    static let toZ = SIMD3<Float>(0.019334, 0.119193, 0.950227) / 1.088754

    /// X, Y and Z as shares of white's to light.
    static let toRed = SIMD3<Float>(3.240479 * 0.950456, -1.53715, -0.498535 * 1.088754)
    static let toGreen = SIMD3<Float>(-0.969256 * 0.950456, 1.875991, 0.041556 * 1.088754)
    static let toBlue = SIMD3<Float>(0.055648 * 0.950456, -0.204043, 1.057311 * 1.088754)

    /// The cube root, and a line near black.
    static func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16 / 116 }

    /// To within 2e-6.
    static let fTable = CurveTable(f)

    /// `f`'s inverse.
    @inline(__always)
    static func inverse(_ f: Float) -> Float {
        let line = f * (1 / 7.787) - 16 / 116 / 7.787
        return f <= 7.787 * 0.008856 + 16 / 116 ? line : f * f * f
    }
}
