internal import Foundation

/// The formulas in double precision, step by step as they stand in the standards: what the fast ones are held against.
///
/// IEC 61966-2-1 (sRGB), CIE 15 (CIELAB), and the matrices and the white of OpenCV's documentation.
public enum LabReference {
    public static func light(_ v: Double) -> Double { v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4) }

    public static func stored(_ light: Double) -> Double {
        let v = min(max(light, 0), 1)
        return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055
    }

    public static func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }

    public static func lab(_ rgb: [Double]) -> (l: Double, a: Double, b: Double) {
        let (r, g, b) = (light(rgb[0]), light(rgb[1]), light(rgb[2]))
        let x = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.950456
        let y = 0.212671 * r + 0.715160 * g + 0.072169 * b
        let z = (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754
        let l = y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y
        return (l, 500 * (f(x) - f(y)), 200 * (f(y) - f(z)))
    }

    /// L* as OpenCV has it: the formula at 33 x 33 x 33 colours, rounded to 14 bits, and between them by eight corners.
    public static func openCVLightness(_ rgb: [Double]) -> Double {
        // The product is OpenCV's, in float32.
        let places = rgb.map { Int((Float($0) * 16384).rounded(.toNearestOrEven)) >> 5 }
        var sum = 0
        for corner in 0..<8 {
            var (weight, color) = (1, [Double]())
            for c in 0..<3 {
                let isUpper = corner >> c & 1 == 1
                weight *= isUpper ? places[c] % 16 : 16 - places[c] % 16
                color.append(Double(min(places[c] / 16 + (isUpper ? 1 : 0), 32)) / 32)
            }
            sum += weight * Int((lab(color).l * 16384 / 100).rounded(.toNearestOrEven))
        }
        return Double((sum + 2048) >> 12) * 100 / 16384
    }

    public static func rgb(_ l: Double, _ a: Double, _ b: Double) -> [Double] {
        let nearBlack = l <= 0.008856 * 903.3
        let fy = nearBlack ? 7.787 * (l / 903.3) + 16.0 / 116 : (l + 16) / 116
        let y = nearBlack ? l / 903.3 : fy * fy * fy
        func inverse(_ f: Double) -> Double {
            f <= 7.787 * 0.008856 + 16.0 / 116 ? (f - 16.0 / 116) / 7.787 : f * f * f
        }
        let (x, z) = (0.950456 * inverse(fy + a / 500), 1.088754 * inverse(fy - b / 200))
        return [
            stored(3.240479 * x - 1.53715 * y - 0.498535 * z), stored(-0.969256 * x + 1.875991 * y + 0.041556 * z),
            stored(0.055648 * x - 0.204043 * y + 1.057311 * z),
        ]
    }

    /// One new sample of a row of values, half-pixel centres.
    public static func linear(_ new: Int, from oldCount: Int, to newCount: Int, _ value: (Int) -> Double) -> Double {
        let place = (Double(new) + 0.5) * Double(oldCount) / Double(newCount) - 0.5
        let low = place.rounded(.down)
        func edge(_ i: Int) -> Int { min(max(i, 0), oldCount - 1) }
        let share = place - low
        return (1 - share) * value(edge(Int(low))) + share * value(edge(Int(low) + 1))
    }
}
