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
        return digest.map { byte in
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
