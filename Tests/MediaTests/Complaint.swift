@testable import Media

/// What the decoder says of bytes it does not take; nil when it takes them.
func complaint(about bytes: [UInt8]) -> CodecError? {
    do {
        _ = try ImageDecoder.decode(bytes)
        return nil
    } catch { return error }
}
