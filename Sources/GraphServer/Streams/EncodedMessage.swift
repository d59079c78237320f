internal import ComfyProtocol
internal import GraphCore

/// One message of ComfyUI's protocol, ready to be framed.
struct EncodedMessage: Sendable {
    enum Audience: Sendable, Hashable {
        case everyone
        /// All streams of one client id.
        case client(String)
        /// Only streams that ask for the run by its id: it was posted without a client id.
        case nobody
    }

    let audience: Audience
    var variant = ComfyEncoder.Variant.all
    let role: ComfyEncoder.Role
    /// The run it speaks of; nil for the state of the queue.
    let run: RunID?
    /// `MessageNumbers.seq`; the state of the queue has the number of the message before it.
    let seq: UInt64
    var isBinary = false
    let payload: [UInt8]
}
