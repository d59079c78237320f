import Media

/// PNG and JPEG: no crash and no outsized allocation on any bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var limits = ImageLimits()
    limits.maxPixelCount = 1_000_000  // speed; the check is the same
    _ = try? ImageDecoder.decode(bytes, limits: limits)
    _ = try? PNGCodec.textChunks(of: bytes)
    return 0
}
