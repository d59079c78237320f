import Foundation

/// PNG files of 4x2 pixels.
enum SmallPicture {
    /// Reds; the right half is half transparent (128).
    static let clear = bytes(
        """
        iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAYAAAB/qH1jAAAAG0lEQVR42mP4xZDy/5cGEAekNPyqSGlgQBcAAEOLEs2aGHJMAAAAAElFTkSuQmCC
        """)

    /// (10, 20, 30) all over.
    static let plain = bytes(
        """
        iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAAEElEQVR42mPgEpGDIwZkDgAX2gHhEd5X7QAAAABJRU5ErkJggg==
        """)

    private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }

    /// The colour type in a PNG's header: 2 is RGB, 6 is RGB with alpha.
    static func colorType(_ png: [UInt8]) -> UInt8? {
        png.starts(with: [0x89] + "PNG".utf8) && png.count > 25 ? png[25] : nil
    }
}
