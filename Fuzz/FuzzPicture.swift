import Media

/// PNG, JPEG and WebP: no crash and no outsized allocation on any bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var limits = ImageLimits()
    limits.maxPixelCount = 1_000_000  // speed; the check is the same
    _ = try? ImageDecoder.decode(bytes, limits: limits)
    _ = try? PNGCodec.textChunks(of: bytes)
    for name in ["png", "jpg", "webp", "wav"] { _ = InlineDisplay.contentType(of: bytes, claiming: name) }
    return 0
}
