internal import GraphCore

/// The C libraries this module stands on, for `graphrun doctor`.
public enum LinkedLibraries {
    public static var versions: [(name: String, version: String)] {
        [
            ("libpng", PNGCodec.libraryVersion), ("libjpeg", JPEGCodec.libraryVersion),
            ("libwebp", WebPCodec.libraryVersion), ("libtiff", TIFFCodec.libraryVersion),
            ("giflib", GIFCodec.libraryVersion), ("Little CMS", ColorProfile.libraryVersion),
            ("libsndfile", SoundFile.libraryVersion),
            ("libsamplerate", SoundResampler.libraryVersion), ("libebur128", LoudnessMeter.libraryVersion),
        ]
    }
}
