internal import CCurl  // the only file that does
internal import Glibc
internal import Synchronization

/// Hears of a transfer while it runs, on the thread that runs it.
protocol CurlListener: AnyObject {
    /// One line of a response's head. False ends the transfer.
    func received(line: String) -> Bool
    /// A piece of the body, decompressed. False ends the transfer.
    func received(_ bytes: ArraySlice<UInt8>) -> Bool
    func progressed(_ progress: ClientRequest.Progress)
    /// Looked at whenever something moves and after `wake`.
    var isStopped: Bool { get }
}

enum CurlFailure {
    case badURL, unsupportedScheme, hostNotFound, proxyNotFound, notConnected, timedOut, insecure, tooManyRedirects
    case unreadableFile, stopped, broken
}

struct CurlOutcome {
    /// Nil when the response came in full.
    var failure: CurlFailure?
    /// libcurl's or the system's words.
    var detail = ""
    var wasConnected = false
    var elapsed = Duration.zero
    /// Of the last request, behind all redirects.
    var url = ""
}

/// What `CurlHandle.receive` and `send` did.
enum CurlMoved: Equatable {
    case bytes(Int)
    /// Nothing for now; wait.
    case blocked
    case closed
    case failed(String)
}

/// One libcurl handle with the connections it keeps alive. Blocking: it is used on a thread of its own.
///
/// `lock` is held by whoever uses it; only `wake` goes past the lock, as `curl_multi_wakeup` may.
@safe final class CurlHandle: Sendable {
    private let lock = Mutex(())
    nonisolated(unsafe) private let easy: UnsafeMutableRawPointer
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer
    nonisolated(unsafe) private let errorText: UnsafeMutablePointer<CChar>

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() throws(HTTPClientError) {
        guard Self.isReady, let easy = unsafe curl_easy_init(), let multi = unsafe curl_multi_init() else {
            throw HTTPClientError(.interrupted, "libcurl could not be started")
        }
        unsafe self.easy = unsafe easy
        unsafe self.multi = unsafe multi
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        // A connection made for a WebSocket is still in there; libcurl takes a handle out twice without harm.
        unsafe curl_multi_remove_handle(multi, easy)
        unsafe curl_easy_cleanup(easy)
        unsafe curl_multi_cleanup(multi)
        unsafe errorText.deallocate()
    }

    /// Has the waiting thread look at `isStopped`, or return from `wait`. From any thread.
    func wake() { unsafe _ = curl_multi_wakeup(multi) }

    // MARK: Transfers

    /// Sends the request and receives its response.
    func perform(
        _ request: ClientRequest, headers: [String], noProxy: String, listener: any CurlListener
    ) -> CurlOutcome {
        lock.withLock { _ in
            unsafe curl_easy_reset(easy)
            let lists = unsafe Lists()
            defer { unsafe lists.free() }
            var outcome = CurlOutcome()
            prepare(request, noProxy: noProxy)
            // Parts of a packed body do not fit together.
            if case .part = request.destination {} else { set(CURLOPT_ACCEPT_ENCODING, "") }
            for header in headers { unsafe lists.headers = unsafe curl_slist_append(lists.headers, header) }
            unsafe set(CURLOPT_HTTPHEADER, pointer: lists.headers)
            if request.maxRedirectCount > 0 {
                set(CURLOPT_FOLLOWLOCATION, 1)
                set(CURLOPT_MAXREDIRS, request.maxRedirectCount)
            }
            switch request.body {
            case .bytes(let bytes):
                setMethod(request.method, hasBody: true)
                unsafe ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
                unsafe bytes.withUnsafeBufferPointer { buffer in
                    // An empty array has no address, and no address would mean: ask the read function.
                    if let start = buffer.baseAddress {
                        unsafe set(CURLOPT_POSTFIELDS, pointer: start)
                    } else {
                        unsafe _ = ccurl_set_text(easy, CURLOPT_COPYPOSTFIELDS, "")
                    }
                    outcome = run(listener, stallTimeout: request.stallTimeout)
                }
                return outcome
            case .none:
                setMethod(request.method, hasBody: false)
            case .file(let path):
                guard let (file, count) = unsafe Self.open(path) else { return .unreadable(path) }
                unsafe lists.file = unsafe file
                setMethod(request.method, hasBody: true)
                unsafe ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(count))
                // libcurl's own read function reads a FILE.
                unsafe set(CURLOPT_READDATA, pointer: file)
            case .form(let parts):
                unsafe lists.form = unsafe curl_mime_init(easy)
                for part in parts {
                    if let path = unsafe add(part, to: lists.form) { return .unreadable(path) }
                }
                unsafe set(CURLOPT_MIMEPOST, pointer: UnsafeRawPointer(lists.form))
                if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
            }
            return run(listener, stallTimeout: request.stallTimeout)
        }
    }

    /// Connects only: TCP, the proxy, TLS. What is sent then is the caller's.
    func connect(_ request: ClientRequest, noProxy: String, listener: any CurlListener) -> CurlOutcome {
        lock.withLock { _ in
            unsafe curl_easy_reset(easy)
            prepare(request, noProxy: noProxy)
            set(CURLOPT_CONNECT_ONLY, 1)
            set(CURLOPT_HTTPPROXYTUNNEL, 1)
            // No HTTP/2 by ALPN: the handshake is HTTP/1.1.
            set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            return run(listener, stallTimeout: nil, keepsConnection: true)
        }
    }

    // MARK: A connection for a WebSocket

    func receive(into buffer: inout [UInt8]) -> CurlMoved {
        lock.withLock { _ in
            var count = 0
            let code = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe curl_easy_recv(easy, bytes.baseAddress, bytes.count, &count)
            }
            if code == CURLE_OK { return count == 0 ? .closed : .bytes(count) }
            return code == CURLE_AGAIN ? .blocked : .failed(words(code))
        }
    }

    func send(_ bytes: ArraySlice<UInt8>) -> CurlMoved {
        lock.withLock { _ in
            var count = 0
            let code = unsafe bytes.withUnsafeBytes { bytes in
                unsafe curl_easy_send(easy, bytes.baseAddress, bytes.count, &count)
            }
            if code == CURLE_OK { return .bytes(count) }
            return code == CURLE_AGAIN ? .blocked : .failed(words(code))
        }
    }

    /// Until the connection can be read (or written), `wake`, or the timeout.
    func wait(reading: Bool, writing: Bool, timeout: Duration) {
        lock.withLock { _ in
            var events: Int32 = 0
            if reading { events |= CURL_WAIT_POLLIN }
            if writing { events |= CURL_WAIT_POLLOUT }
            var socket = unsafe curl_waitfd(fd: ccurl_active_socket(easy), events: Int16(events), revents: 0)
            let milliseconds = Int32(clamping: max(0, timeout.milliseconds))
            unsafe _ = curl_multi_poll(multi, &socket, events == 0 ? 0 : 1, milliseconds, nil)
        }
    }

    // MARK: Details

    /// What one transfer lends to libcurl.
    @unsafe private final class Lists {
        var headers: UnsafeMutablePointer<curl_slist>?
        var form: OpaquePointer?
        var file: UnsafeMutablePointer<FILE>?

        func free() {
            unsafe curl_slist_free_all(headers)
            unsafe curl_mime_free(form)
            if let file = unsafe file { unsafe _ = fclose(file) }
        }
    }

    private func set(_ option: CURLoption, _ value: Int) { unsafe _ = ccurl_set_long(easy, option, value) }
    private func set(_ option: CURLoption, _ value: String) { unsafe _ = ccurl_set_text(easy, option, value) }
    private func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        unsafe _ = ccurl_set_pointer(easy, option, pointer)
    }

    private func prepare(_ request: ClientRequest, noProxy: String) {
        unsafe errorText[0] = 0
        unsafe set(CURLOPT_ERRORBUFFER, pointer: errorText)
        set(CURLOPT_NOSIGNAL, 1)
        // A cancelled transfer does not wait for the resolver.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_BUFFERSIZE, 64 << 10)
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_NOPROXY, noProxy)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.milliseconds))
        if let timeout = request.timeout { set(CURLOPT_TIMEOUT_MS, max(1, timeout.milliseconds)) }
        if let authority = request.authorityFile { set(CURLOPT_CAINFO, authority) }
    }

    private func setMethod(_ method: String, hasBody: Bool) {
        if hasBody { set(CURLOPT_POST, 1) }
        switch method {
        case "POST" where hasBody, "GET" where !hasBody: break
        case "POST":
            set(CURLOPT_POST, 1)
            set(CURLOPT_COPYPOSTFIELDS, "")
        case "HEAD" where !hasBody: set(CURLOPT_NOBODY, 1)
        default: set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    /// - Returns: the path of a file that cannot be read.
    private func add(_ part: ClientRequest.FormPart, to form: OpaquePointer?) -> String? {
        let field = unsafe curl_mime_addpart(form)
        unsafe curl_mime_name(field, part.name)
        switch part.content {
        case .bytes(let bytes):
            unsafe bytes.withUnsafeBytes { buffer in
                let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                unsafe _ = curl_mime_data(field, start, buffer.count)
            }
        case .file(let path):
            guard unsafe curl_mime_filedata(field, path) == CURLE_OK else { return path }
        }
        if let fileName = part.fileName { unsafe curl_mime_filename(field, fileName) }
        if let contentType = part.contentType { unsafe curl_mime_type(field, contentType) }
        return nil
    }

    private static func open(_ path: String) -> (UnsafeMutablePointer<FILE>, Int)? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        var status = stat()
        guard unsafe fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            unsafe fclose(file)
            return nil
        }
        return unsafe (file, Int(status.st_size))
    }

    private func run(
        _ listener: any CurlListener, stallTimeout: Duration?, keepsConnection: Bool = false
    ) -> CurlOutcome {
        // The box lives on this stack frame as long as libcurl may call back.
        let box = ListenerBox(listener)
        let context = unsafe Unmanaged.passUnretained(box).toOpaque()
        unsafe ccurl_set_callbacks(
            easy,
            { line, size, count, context in
                let bytes = unsafe UnsafeRawBufferPointer(start: line, count: size * count)
                let box = unsafe ListenerBox.from(context)
                box.movedCount += 1
                return unsafe box.listener.received(line: String(decoding: bytes, as: UTF8.self)) ? size * count : 0
            },
            { start, size, count, context in
                let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: size * count))
                let box = unsafe ListenerBox.from(context)
                box.movedCount += 1
                return box.listener.received(bytes[...]) ? size * count : 0
            },
            { context, toReceive, received, toSend, sent in
                let box = unsafe ListenerBox.from(context)
                if Int(sent) != box.sentByteCount {
                    (box.sentByteCount, box.movedCount) = (Int(sent), box.movedCount + 1)
                }
                box.listener.progressed(
                    ClientRequest.Progress(
                        sentByteCount: Int(sent), toSendByteCount: toSend > 0 ? Int(toSend) : nil,
                        receivedByteCount: Int(received), toReceiveByteCount: toReceive > 0 ? Int(toReceive) : nil))
                return box.listener.isStopped ? 1 : 0
            }, context)
        let start = ContinuousClock.now
        var (moved, lastMove) = (-1, start)
        unsafe curl_multi_add_handle(multi, easy)
        var code = CURLE_OK
        var isStopped = false
        var isStalled = false
        var running: Int32 = 1
        while true {
            unsafe curl_multi_perform(multi, &running)
            isStopped = listener.isStopped
            if running == 0 || isStopped { break }
            // libcurl's own low-speed limit means seconds over the last five: too coarse to promise anything.
            let now = ContinuousClock.now
            if moved != box.movedCount || !isConnected { (moved, lastMove) = (box.movedCount, now) }
            let patience = stallTimeout.map { $0 - (now - lastMove) } ?? .seconds(1)
            isStalled = patience <= .zero
            if isStalled { break }
            unsafe curl_multi_poll(multi, nil, 0, Int32(min(.seconds(1), patience).milliseconds + 1), nil)
        }
        if unsafe ccurl_finished(multi, &code) == 0 { code = CURLE_ABORTED_BY_CALLBACK }
        if isStopped { code = CURLE_ABORTED_BY_CALLBACK }
        if isStalled { code = CURLE_OPERATION_TIMEDOUT }
        var outcome = self.outcome(code)
        outcome.elapsed = ContinuousClock.now - start
        if !keepsConnection || code != CURLE_OK { unsafe curl_multi_remove_handle(multi, easy) }
        withExtendedLifetime(box) {}
        return outcome
    }

    private func outcome(_ code: CURLcode) -> CurlOutcome {
        var outcome = CurlOutcome(detail: words(code))
        var text: UnsafePointer<CChar>?
        if unsafe ccurl_get_text(easy, CURLINFO_EFFECTIVE_URL, &text) == CURLE_OK, let text = unsafe text {
            outcome.url = unsafe String(cString: text)
        }
        outcome.wasConnected = isConnected
        switch code {
        case CURLE_OK: outcome.failure = nil
        case CURLE_URL_MALFORMAT: outcome.failure = .badURL
        case CURLE_UNSUPPORTED_PROTOCOL: outcome.failure = .unsupportedScheme
        case CURLE_COULDNT_RESOLVE_HOST: outcome.failure = .hostNotFound
        case CURLE_COULDNT_RESOLVE_PROXY: outcome.failure = .proxyNotFound
        case CURLE_COULDNT_CONNECT:
            outcome.failure = .notConnected
            var number = 0
            unsafe ccurl_get_long(easy, CURLINFO_OS_ERRNO, &number)
            if number != 0, let words = unsafe strerror(Int32(number)) {
                outcome.detail = unsafe String(cString: words).lowercased()
            }
        case CURLE_OPERATION_TIMEDOUT: outcome.failure = .timedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            outcome.failure = .insecure
        case CURLE_TOO_MANY_REDIRECTS: outcome.failure = .tooManyRedirects
        case CURLE_READ_ERROR, CURLE_FILE_COULDNT_READ_FILE: outcome.failure = .unreadableFile
        case CURLE_ABORTED_BY_CALLBACK, CURLE_WRITE_ERROR: outcome.failure = .stopped
        default: outcome.failure = .broken
        }
        return outcome
    }

    /// TCP, the proxy and TLS are done.
    private var isConnected: Bool {
        var microseconds: curl_off_t = 0
        unsafe ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    /// libcurl's words for this transfer, or else for the code in general.
    private func words(_ code: CURLcode) -> String {
        let own = unsafe String(cString: errorText)
        return unsafe own.isEmpty ? String(cString: curl_easy_strerror(code)) : own
    }
}

/// Something with an address, for libcurl to hand back.
private final class ListenerBox {
    let listener: any CurlListener
    /// Grows whenever something moves.
    var movedCount = 0
    var sentByteCount = 0

    init(_ listener: any CurlListener) { self.listener = listener }

    @unsafe static func from(_ context: UnsafeMutableRawPointer?) -> ListenerBox {
        guard let context = unsafe context else { preconditionFailure("libcurl hands back what it was given") }
        return unsafe Unmanaged<ListenerBox>.fromOpaque(context).takeUnretainedValue()
    }
}

extension CurlOutcome {
    fileprivate static func unreadable(_ path: String) -> Self { Self(failure: .unreadableFile, detail: path) }
}

extension Duration {
    var milliseconds: Int {
        Int(min(components.seconds, 1 << 40)) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }

    /// As people write it: `10 s`, `0.25 s`.
    var words: String {
        let seconds = Double(milliseconds) / 1000
        return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
