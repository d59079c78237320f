@testable import Media

/// The corners of an RGB image from the upper left to the lower right, each as the letter of its nearest colour.
func corners(_ image: Image) -> String {
    let bytes = image.eightBit()
    let (right, bottom) = (image.width - 1, (image.height - 1) * image.width)
    return [0, right, bottom, bottom + right].map { pixel in
        switch (bytes[3 * pixel] > 127, bytes[3 * pixel + 1] > 127, bytes[3 * pixel + 2] > 127) {
        case (true, false, false): "R"
        case (false, true, false): "G"
        case (false, false, true): "B"
        case (true, true, true): "W"
        default: "?"
        }
    }.joined()
}
