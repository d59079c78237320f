internal import CCrypto  // the only file that does

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto.
public enum SHA256 {
    /// Of the libcrypto in use.
    public static var libraryVersion: String { unsafe String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// 32 bytes as 64 lower-case hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let hashed = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(hashed == 1, "libcrypto has SHA-256")
        return hexadecimal(digits: digest)
    }

    fileprivate static func hexadecimal(digits digest: [UInt8]) -> String {
        digest.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }
}

/// SHA-1 (FIPS 180-4) by OpenSSL's libcrypto. Broken as a signature; the WebSocket handshake asks for it as a checksum.
public enum SHA1 {
    /// 20 bytes.
    public static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        let hashed = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil)
        precondition(hashed == 1, "libcrypto has SHA-1")
        return digest
    }
}

/// SHA-256 of bytes that come piece by piece.
@safe public struct IncrementalSHA256: ~Copyable {
    private let context: OpaquePointer?

    public init() {
        unsafe context = EVP_MD_CTX_new()
        let isReady = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(isReady == 1, "libcrypto has SHA-256")
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: ArraySlice<UInt8>) {
        let updated = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(updated == 1, "SHA-256 takes any bytes")
    }

    /// Of all bytes so far, 32 bytes as 64 lower-case hexadecimal digits. Afterwards it starts over.
    public mutating func hexadecimal() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe EVP_DigestFinal_ex(context, &digest, nil) == 1
        let isReady = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        precondition(isDone && isReady, "libcrypto has SHA-256")
        return SHA256.hexadecimal(digits: digest)
    }
}
