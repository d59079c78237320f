internal import Glibc

/// The transfer curve of sRGB, IEC 61966-2-1:1999 section 5.2: what a stored number means as an amount of light.
enum SRGB {
    /// Light, 0...1, of a stored colour. What lies outside 0...1 counts as the nearer end, and NaN as 0.
    static func light(_ stored: Float) -> Float {
        let v = clipped(stored)
        return v <= 0.04045 ? v / 12.92 : powf((v + 0.055) / 1.055, 2.4)
    }

    /// The stored colour, 0...1, of an amount of light. What lies outside 0...1 counts as the nearer end, NaN as 0.
    static func stored(_ light: Float) -> Float {
        let v = clipped(light)
        return v <= 0.0031308 ? 12.92 * v : 1.055 * powf(v, 1 / 2.4) - 0.055
    }

    private static func clipped(_ x: Float) -> Float { x > 0 ? min(x, 1) : 0 }
}
