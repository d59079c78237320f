internal import CZlib

/// The gzip format (RFC 1952), a whole body at a time.
public enum Gzip {
    /// RFC 1950's largest window; 16 more asks zlib for gzip's header and trailer.
    private static let windowBits: Int32 = 15 + 16

    /// Nil when it would not become smaller.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        // Level 5 is where larger ones begin to cost much time; level 1 is twice as fast, for what would hold up others.
        let level: Int32 = bytes.count > 256 << 10 ? 1 : 5
        guard let byteCount = UInt32(exactly: bytes.count) else { return nil }
        var stream = unsafe z_stream()
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        guard
            unsafe deflateInit2_(&stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
                == Z_OK
        else { return nil }
        defer { unsafe deflateEnd(&stream) }
        var input = bytes  // zlib's interface is not const
        var output = [UInt8](repeating: 0, count: bytes.count)
        let status = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = byteCount
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = byteCount
                return unsafe deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { return nil }
        output.removeLast(Int(unsafe stream.avail_out))
        return output
    }

    /// Nil for what is not gzip, is cut short, has bytes behind its end, or becomes larger than the limit.
    static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        guard let byteCount = UInt32(exactly: bytes.count), let room = UInt32(exactly: limit) else { return nil }
        var stream = unsafe z_stream()
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: limit)
        let status = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = byteCount
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = room
                return unsafe inflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END, unsafe stream.avail_in == 0 else { return nil }
        output.removeLast(Int(unsafe stream.avail_out))
        return output
    }
}
