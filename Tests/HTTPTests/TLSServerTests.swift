import Foundation
import TestData
import Testing

@testable import HTTP

/// A certificate for localhost and its key, made by the `openssl` program, in a folder that goes with this object.
final class TestCertificate: Sendable {
    let certificate: String
    let key: String
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        (certificate, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
        let made = try Child.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
                "-out", certificate,
            ])
        #expect(made.code == 0, "\(made.output)")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func file(_ name: String, _ text: String) throws -> String {
        let path = folder.appending(path: name)
        try Data(text.utf8).write(to: path)
        return path.path
    }

    func context() throws -> TLSContext { try TLSContext(certificateFile: certificate, keyFile: key) }
}

@Suite("A server with TLS")
struct TLSServerTests {
    private static let routes = [
        Route.get("/hello") { .now(Response(200, text: $0.isSecure ? "secret" : "open")) },
        Route.get("/large") { _ in .now(Response(200, body: .bytes((0..<20_000_000).map { UInt8($0 & 255) }))) },
        Route.post("/echo", maxByteCount: 64 << 20) { .now(Response(200, body: .bytes($0.body))) },
    ]

    /// A client of Python's, with `context` for its side and `port`.
    private static func python(_ certificate: TestCertificate, _ port: Int, _ script: String) throws -> String {
        let (status, output) = try Child.run(
            "python3",
            [
                "-c",
                """
                import socket, ssl, sys, time
                port = \(port)
                context = ssl.create_default_context(cafile='\(certificate.certificate)')
                def connect(session=None, context=context):
                    plain = socket.create_connection(('127.0.0.1', port), timeout=10)
                    return context.wrap_socket(plain, server_hostname='localhost', session=session)
                def ask(tls, request):
                    tls.sendall(request)
                    return answer(tls)
                def answer(tls):
                    data = b''
                    while b'\\r\\n\\r\\n' not in data:
                        more = tls.recv(65536)
                        if not more: return data
                        data += more
                    head, body = data.split(b'\\r\\n\\r\\n', 1)
                    body = bytearray(body)
                    length = int([l for l in head.split(b'\\r\\n') if l.lower().startswith(b'content-length')][0].split()[1])
                    while len(body) < length:
                        more = tls.recv(65536)
                        if not more: raise Exception('short')
                        body += more
                    return body
                hello = b'GET /hello HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'
                \(script)
                """,
            ])
        #expect(status == 0, "\(output)")
        return output
    }

    @Test("speaks with curl", arguments: ["--tlsv1.3", "--tls-max 1.2"])
    func curl(version: String) async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { _, port in
            let words = "-sS \(version) --cacert \(certificate.certificate) https://localhost:\(port)/hello"
            let (status, output) = try Child.run("curl", words.split(separator: " ").map(String.init))
            #expect(status == 0)
            #expect(output == "secret")
        }
    }

    @Test("refuses TLS 1.1, and a client that wants another protocol than HTTP/1.1")
    func refuses() async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { _, port in
            let output = try Self.python(
                certificate, port,
                """
                import warnings; warnings.simplefilter('ignore')
                old = ssl.create_default_context(cafile='\(certificate.certificate)')
                old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
                old.set_ciphers('ALL:@SECLEVEL=0')
                try: connect(context=old); print('spoke 1.1')
                except (ssl.SSLError, OSError) as e: print('no 1.1')
                other = ssl.create_default_context(cafile='\(certificate.certificate)')
                other.set_alpn_protocols(['h2'])
                try: connect(context=other); print('spoke h2')
                except ssl.SSLError as e: print(e.args[1].split(' (')[0])
                other.set_alpn_protocols(['h2', 'http/1.1'])
                print(connect(context=other).selected_alpn_protocol())
                """)
            #expect(output == "no 1.1\n[SSL] tlsv1 alert no application protocol\nhttp/1.1\n")
        }
    }

    @Test("carries large bodies both ways, pipelined, and to a slow reader")
    func large() async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { _, port in
            let output = try Self.python(
                certificate, port,
                """
                tls = connect()
                body = bytes(i % 251 for i in range(10_000_000))
                head = b'POST /echo HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(body)
                print(ask(tls, head + body) == body)
                large = b'GET /large HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'
                tls.sendall(large)
                time.sleep(0.2)
                print(answer(tls) == bytes(range(256)) * 78125)
                print(bytes(ask(tls, hello)).decode())
                """)
            #expect(output == "True\nTrue\nsecret\n")
        }
    }

    @Test("resumes a session")
    func resumption() async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { _, port in
            let output = try Self.python(
                certificate, port,
                """
                first = connect()
                ask(first, hello)
                second = connect(first.session)
                print(ask(second, hello).decode(), first.session_reused, second.session_reused)
                """)
            #expect(output == "secret False True\n")
        }
    }

    @Test("says that nothing more comes before it closes")
    func closeNotify() async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { server, port in
            let output = try Self.python(
                certificate, port,
                """
                tls = connect()
                tls.suppress_ragged_eofs = False
                print(ask(tls, hello.replace(b'Host', b'Connection: close\\r\\nHost')).decode())
                print(tls.recv(1))
                """)
            #expect(output == "secret\nb''\n")
            #expect(eventually { server.connectionCount == 0 })
        }
    }

    @Test("tells a client that speaks plain HTTP")
    func plain() async throws {
        let certificate = try TestCertificate()
        try await withServer(Self.routes, tls: certificate.context()) { server, port in
            let peer = try WireClient(port)
            let answer = try peer.get("/hello")
            #expect(answer.status == 400)
            #expect(
                answer.text
                    == "this port speaks HTTPS, and the request came over plain HTTP\nUse https:// instead.\n")
            #expect(try peer.readToEnd() == [])
            #expect(eventually { server.connectionCount == 0 })
        }
    }

    @Test("closes on nonsense, and on a handshake that does not come to its end")
    func nonsense() async throws {
        let certificate = try TestCertificate()
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(200)
        try await withServer(Self.routes, limits: limits, tls: certificate.context()) { server, port in
            let nonsense = try WireClient(port)
            nonsense.send([0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07])
            _ = try nonsense.readToEnd()
            let half = try WireClient(port)
            half.send([0x16, 0x03, 0x01, 0x02, 0x00])
            #expect(try half.readToEnd() == [])
            #expect(eventually { server.connectionCount == 0 })
        }
    }

    @Test("says what is wrong with a certificate or a key")
    func badFiles() throws {
        let (first, second) = (try TestCertificate(), try TestCertificate())
        let text = try first.file("text.pem", "no PEM\n")
        let message = { (certificate: String, key: String) -> String in
            do throws(TLSError) {
                _ = try TLSContext(certificateFile: certificate, keyFile: key)
                return ""
            } catch { return error.description }
        }
        #expect(message("/missing.pem", first.key) == "cannot read '/missing.pem': No such file or directory")
        #expect(message(first.certificate, "/missing.pem") == "cannot read '/missing.pem': No such file or directory")
        #expect(message(text, first.key) == "'\(text)' holds no certificate in PEM form")
        #expect(
            message(first.certificate, text)
                == "'\(text)' holds no private key in PEM form without a passphrase")
        #expect(
            message(first.certificate, second.key)
                == "the key in '\(second.key)' does not belong to the certificate in '\(first.certificate)'")
        let locked = first.key + ".locked"
        _ = try Child.run("openssl", ["ec", "-aes256", "-passout", "pass:x", "-in", first.key, "-out", locked])
        #expect(
            message(first.certificate, locked)
                == "'\(locked)' holds no private key in PEM form without a passphrase")
        #expect(message(first.certificate, first.key) == "")
    }
}
