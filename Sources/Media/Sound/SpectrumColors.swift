internal import GraphCore
internal import Glibc

/// Colours for levels, from soft to loud: each a little lighter than the one before, so that the picture reads in grey
/// too.
public enum SpectrumColors: String, CaseIterable, Sendable {
    /// Black, violet, red, orange, pale yellow.
    case fire
    /// Dark blue, teal, green, yellow.
    case sea
    case gray

    /// 256 colours, red, green and blue each.
    func table() -> [[UInt8]] {
        (0..<256).map { level in
            let t = Double(level) / 255
            switch self {
            case .gray: return [UInt8](repeating: UInt8(level), count: 3)
            // Hues in degrees of OKLab: 290 is violet, 20 red, 100 yellow, 190 teal.
            case .fire: return Self.color(lightness: 0.98 * t, chroma: 0.22 * sin(.pi * t), hue: 290 + 175 * t)
            case .sea: return Self.color(lightness: 0.2 + 0.75 * t, chroma: 0.15, hue: 285 - 180 * t)
            }
        }
    }

    /// With as much of the chroma as a screen can show.
    private static func color(lightness: Double, chroma: Double, hue: Double) -> [UInt8] {
        var (least, most) = (0.0, 1.0)
        for _ in 0..<12 {
            let middle = (least + most) / 2
            let isShown = linear(lightness, chroma * middle, hue).allSatisfy { (0...1).contains($0) }
            if isShown { least = middle } else { most = middle }
        }
        return linear(lightness, chroma * least, hue).map { x in
            UInt8(clamping: (SRGB.stored(x) * 255).rounded())
        }
    }

    /// OKLab (B. Ottosson, 2020) to linear sRGB.
    private static func linear(_ lightness: Double, _ chroma: Double, _ hue: Double) -> [Double] {
        let (a, b) = (chroma * cos(hue * .pi / 180), chroma * sin(hue * .pi / 180))
        let l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3)
        let m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3)
        let s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3)
        return [
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
        ]
    }
}
