internal import GraphCore
internal import Glibc

/// The transfer curve of sRGB, IEC 61966-2-1:1999 section 5.2: what a stored number means as an amount of light.
enum SRGB {
    /// Light, 0...1, of a stored colour of 0...1.
    static func light(_ stored: Double) -> Double {
        stored <= 0.04045 ? stored / 12.92 : pow((stored + 0.055) / 1.055, 2.4)
    }

    /// The stored colour, 0...1, of an amount of light of 0...1.
    static func stored(_ light: Double) -> Double {
        light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
    }

    /// To within 4e-6 of the value, for a picture of floats.
    static let lightTable = CurveTable(light)

    /// Not below and at most 5e-6 above: else a gray that was k / 255 would become the level below when SaveImage cuts
    /// off what is behind the point. 0 and 1 are exact.
    static let storedTable = CurveTable(liesAbove: true, stored)
}
