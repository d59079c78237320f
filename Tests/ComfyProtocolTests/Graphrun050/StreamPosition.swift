import GraphCore

// As it was in graphrun 0.5.0, which people have installed and which goes on with a newer server.

/// How far the messages of a server have been handled, to go on from there on another connection.
struct StreamPosition {
    private var epoch: String?
    private var seq: Int128 = 0
    /// Pictures are messages without a number of their own.
    private var pictureCount = 0
    private var repeatedPictureCount = 0
    /// A server that has us start over says first what runs now, by messages from before.
    private var isCatchingUp = false

    /// `EPOCH:SEQ`; nil for a server that numbers nothing.
    var text: String? { epoch.map { "\($0):\(seq)" } }

    /// Starts over from the numbers that a `resync` gives.
    mutating func restart(_ data: JSON) {
        epoch = data["epoch"]?.string
        seq = data["seq"]?.number?.int ?? 0
        isCatchingUp = true
        (pictureCount, repeatedPictureCount) = (0, 0)
    }

    /// The connection is lost: the pictures since the last number will come again.
    mutating func lose() { repeatedPictureCount = pictureCount }

    /// Whether a message has not been handled yet; from now on it has.
    mutating func isNew(_ data: JSON) -> Bool {
        guard let number = data["seq"]?.number?.int, data["epoch"]?.string == epoch else { return true }
        guard number > seq else { return isCatchingUp }
        (seq, isCatchingUp) = (number, false)
        (pictureCount, repeatedPictureCount) = (0, 0)
        return true
    }

    mutating func isNewPicture() -> Bool {
        if repeatedPictureCount > 0 {
            repeatedPictureCount -= 1
            return false
        }
        pictureCount += 1
        return true
    }
}
