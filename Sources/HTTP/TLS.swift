internal import COpenSSL
internal import Glibc
internal import Synchronization

/// A certificate and its key, for a server (TLS 1.2 and 1.3, ALPN `http/1.1`).
public final class TLSContext: Sendable {
    @safe private struct Handle {
        let context: OpaquePointer
    }

    // OpenSSL counts its references with atomics, but promises safe sharing only after set-up.
    private let handle: Mutex<Handle>

    /// - Parameters:
    ///   - certificateFile: PEM: the certificate, then those it was issued by.
    ///   - keyFile: PEM, without a passphrase.
    public init(certificateFile: String, keyFile: String) throws(TLSError) {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()), unsafe copenssl_prepare(context) == 1 else {
            throw TLSError("OpenSSL cannot be set up for TLS 1.2")
        }
        do throws(TLSError) {
            try Self.checkReadable(certificateFile)
            try Self.checkReadable(keyFile)
            ERR_clear_error()
            guard unsafe SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
                throw TLSError("'\(certificateFile)' holds no certificate in PEM form")
            }
            guard unsafe SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1 else {
                throw TLSError(
                    copenssl_is_key_mismatch(ERR_peek_last_error()) == 1
                        ? "the key in '\(keyFile)' does not belong to the certificate in '\(certificateFile)'"
                        : "'\(keyFile)' holds no private key in PEM form without a passphrase")
            }
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        handle = Mutex(unsafe Handle(context: context))
    }

    deinit { handle.withLock { unsafe SSL_CTX_free($0.context) } }

    /// Nil when there is no memory.
    func makeFilter() -> TLSFilter? {
        handle.withLock { handle in unsafe SSL_new(handle.context).flatMap { unsafe TLSFilter($0) } }
    }

    private static func checkReadable(_ path: String) throws(TLSError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TLSError("cannot read '\(path)': \(unsafe String(cString: strerror(errno)))")
        }
        close(descriptor)
    }
}

/// Why a certificate and key cannot be used.
public struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// One connection's encryption: bytes in, bytes out. It sees no socket, so what TLS wants to read or write next never
/// meets what the socket is ready for.
final class TLSFilter: Sendable {
    enum Progress {
        case bytes(Int)
        case needsMore
        /// The peer has said that it sends no more.
        case ended
        /// What the peer gets before the connection closes.
        case failed(answer: [UInt8])
    }

    /// Only used under the lock below, or before there is one.
    @safe private struct Handle: @unchecked Sendable {
        let ssl: OpaquePointer
        /// Owned by `ssl`: what the peer sent, and what it gets.
        let (incoming, outgoing): (OpaquePointer, OpaquePointer)
        var isFirst = true
    }

    /// What is read and written at a time: OpenSSL's memory stays as large as the most it ever held.
    static let recordByteCount = 16 << 10

    private let handle: Mutex<Handle>

    fileprivate init?(_ ssl: OpaquePointer) {
        guard let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(ssl)
            return nil
        }
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_accept_state(ssl)
        handle = Mutex(unsafe Handle(ssl: ssl, incoming: incoming, outgoing: outgoing))
    }

    deinit { handle.withLock { unsafe SSL_free($0.ssl) } }

    /// Takes what came over the wire, at most `recordByteCount`; `read` until `needsMore` afterwards.
    /// - Returns: the answer to a client that does not speak TLS, if it is one.
    func receive(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        handle.withLock { handle in
            defer { handle.isFirst = false }
            // A record begins with its type, 22 for a handshake; a method is capital letters.
            if handle.isFirst, let first = bytes.first, first >= 0x41, first <= 0x5A {
                let text = "this port speaks HTTPS, and the request came over plain HTTP\nUse https:// instead.\n"
                return ResponseWriter.head(
                    400, ["Content-Type": "text/plain; charset=utf-8"], framing: .length(text.utf8.count),
                    keepsAlive: false, date: "") + Array(text.utf8)
            }
            _ = unsafe bytes.withUnsafeBytes { bytes in
                unsafe BIO_write(handle.incoming, bytes.baseAddress, Int32(clamping: bytes.count))
            }
            return nil
        }
    }

    /// Decrypts into the beginning of `buffer`; the handshake happens here, too.
    func read(into buffer: inout [UInt8]) -> Progress {
        handle.withLock { handle in
            ERR_clear_error()
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe SSL_read(handle.ssl, bytes.baseAddress, Int32(clamping: bytes.count))
            }
            if count > 0 { return .bytes(Int(count)) }
            switch unsafe SSL_get_error(handle.ssl, count) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
            case SSL_ERROR_ZERO_RETURN: return .ended
            default:
                var alert: [UInt8] = []
                Self.take(handle, into: &alert)
                return .failed(answer: alert)
            }
        }
    }

    /// Whether there is something for the peer, such as a part of the handshake.
    var hasOutput: Bool { handle.withLock { unsafe BIO_ctrl_pending($0.outgoing) > 0 } }

    /// Replaces what the peer gets by its encryption, behind what is to be sent anyway.
    func seal(_ output: inout [UInt8]) {
        handle.withLock { handle in
            var sealed: [UInt8] = []
            sealed.reserveCapacity(output.count + output.count / 256 + 512)
            Self.take(handle, into: &sealed)
            for start in stride(from: 0, to: output.count, by: Self.recordByteCount) {
                let end = min(output.count, start + Self.recordByteCount)
                ERR_clear_error()
                let count = unsafe output[start..<end].withUnsafeBytes { bytes in
                    unsafe SSL_write(handle.ssl, bytes.baseAddress, Int32(clamping: bytes.count))
                }
                // Memory takes all; only a broken session takes nothing.
                guard count > 0 else { break }
                Self.take(handle, into: &sealed)
            }
            output = sealed
        }
    }

    /// Tells the peer that nothing more comes (RFC 8446 section 6.1), so that it can notice when an answer is cut.
    func close(_ output: inout [UInt8]) {
        handle.withLock { handle in
            ERR_clear_error()
            if unsafe SSL_is_init_finished(handle.ssl) == 1 { _ = unsafe SSL_shutdown(handle.ssl) }
            Self.take(handle, into: &output)
        }
    }

    private static func take(_ handle: Handle, into output: inout [UInt8]) {
        let count = unsafe BIO_ctrl_pending(handle.outgoing)
        guard count > 0 else { return }
        let start = output.count
        output += repeatElement(0, count: count)
        let read = unsafe output.withUnsafeMutableBytes { bytes in
            unsafe BIO_read(handle.outgoing, bytes.baseAddress.map { unsafe $0 + start }, Int32(clamping: count))
        }
        output.removeLast(count - max(0, Int(read)))
    }
}
