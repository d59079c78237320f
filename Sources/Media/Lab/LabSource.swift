internal import GraphCore

/// A picture to be read in CIELAB: its storage, and what each byte of it stands for.
struct LabSource: Sendable {
    let image: Image
    /// Light of each byte; f of the luminance of a gray of it; its place in the table of lightnesses. Empty for floats.
    let light: [Float], grayF: [Float], places: [OpenCVLightness.Place]

    init(_ image: Image) {
        self.image = image
        guard case .bytes(_, let levels) = image.storage else {
            (light, grayF, places) = ([], [], [])
            return
        }
        light = levels.map { Float(SRGB.light($0 > 0 ? min(Double($0), 1) : 0)) }
        places = levels.map(OpenCVLightness.place)
        grayF = places.map { OpenCVLightness.shared($0, $0, $0) }
    }
}
