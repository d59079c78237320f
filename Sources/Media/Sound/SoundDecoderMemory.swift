internal import GraphCore

extension SoundDecoder {
    /// Reads a sound that came as bytes, such as a server's answer.
    /// - Throws: as `decode(path:)`.
    public static func decode(_ bytes: [UInt8], scratchFolder: String?) throws -> DecodedSound {
        // libsndfile reads files; this one has no name and goes when it is read.
        let file = try ByteFile(namelessIn: scratchFolder ?? "/tmp")
        try file.write(bytes, at: 0)
        return try decode(file, into: SoundBuilder(scratchFolder: scratchFolder))
    }
}
