internal import GraphCore

/// One message of ComfyUI's protocol, ready to be framed.
struct WireMessage: Sendable {
    enum Audience: Sendable, Hashable {
        case everyone
        /// All sockets of one client id.
        case client(String)
        /// Only who asks for the run by its id: it was posted without a client id.
        case nobody
    }

    /// Which of a client's sockets it is for: they differ in what they understand and in what they asked for.
    enum Variant: UInt8, Sendable {
        case all
        /// A picture for sockets that take only the picture (binary type 1), and for those that take its metadata (4).
        case plainPreview, describedPreview
        /// Progress text (binary type 3), for sockets that announced it: scripts take any binary message for a picture.
        case progressText
        /// Progress of a node that has only just started, for sockets that resume and for `/events`.
        case earlyProgress
    }

    /// What the log does with it besides passing it on.
    enum Role: UInt8, Sendable {
        /// Kept, replayed, never skipped.
        case fact
        /// The same, and what a client that comes back is told first: without it ComfyUI's frontend shows progress of a
        /// run that it offers no way to interrupt.
        case start
        /// The same, and the newest of a run is what a client that comes back is told.
        case executing
        /// The same, and ends what is told of a run.
        case end
        /// Skipped for who falls behind.
        case transient
        /// The same, and the newest of a run is what a client that comes back is told.
        case state
    }

    let audience: Audience
    var variant = Variant.all
    let role: Role
    /// The run it speaks of; nil for the state of the queue.
    let run: RunID?
    /// Over all messages about runs; the state of the queue has the number of the message before it.
    let seq: UInt64
    var isBinary = false
    let payload: [UInt8]
}
