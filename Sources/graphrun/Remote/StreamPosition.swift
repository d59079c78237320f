internal import ComfyProtocol
internal import GraphCore

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

/// How many prompts are before this one, as far as the length of the queue tells.
struct QueuePlace {
    private var length: Int?
    private(set) var countBefore: Int?

    /// - Parameter message: `status`; others say nothing.
    mutating func read(_ message: JSON) {
        var numbers = BoundedNumbers(message["data"]?["status"]?["exec_info"] ?? .null)
        guard let new = numbers.count("queue_remaining") else { return }
        // The first is told before this prompt is posted. What comes later stands behind it, what leaves mostly was
        // before it.
        if let before = countBefore, let length {
            countBefore = max(0, min(before - max(0, length - new), new - 1))
        } else {
            countBefore = new
        }
        length = new
    }
}
