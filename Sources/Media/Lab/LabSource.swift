/// A picture to be read in CIELAB: its storage, and what each byte of it stands for.
struct LabSource: Sendable {
    let image: Image
    /// Light of each byte, and f of that; empty for floats.
    let light: [Float], grayF: [Float]
    /// The shares of a pixel's luminance: 256 of red, of green, of blue.
    let weighted: [Float]

    init(_ image: Image) {
        self.image = image
        guard case .bytes(_, let levels) = image.storage else {
            (light, grayF, weighted) = ([], [], [])
            return
        }
        let exact = levels.map { SRGB.light($0 > 0 ? min(Double($0), 1) : 0) }
        light = exact.map { Float($0) }
        grayF = exact.map { Float(CIELab.f($0)) }
        weighted = (0..<3).flatMap { c in exact.map { Float($0) * CIELab.toY[c] } }
    }
}
