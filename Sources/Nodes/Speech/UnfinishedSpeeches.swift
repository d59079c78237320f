internal import GraphCore
internal import Synchronization

/// What runs of a node had spoken when they failed or were cancelled: the next run of the same text goes on behind it.
///
/// The last few, on disk, for as long as the process lives.
final class UnfinishedSpeeches: Sendable {
    private struct Entry {
        let identity: SpeechIdentity
        let paragraphPause: Double
        let beginning: SpeechBeginning
    }

    private static let maxCount = 4
    /// The newest last.
    private let entries = Mutex<[Entry]>([])

    /// - Parameter identity: nil for an engine whose pieces are soon made anew.
    func keep(_ beginning: SpeechBeginning, _ identity: SpeechIdentity?, _ paragraphPause: Double) {
        // On a full disk there is nothing to keep it on.
        guard let identity, let beginning = try? beginning.stored() else { return }
        entries.withLock { entries in
            entries.append(Entry(identity: identity, paragraphPause: paragraphPause, beginning: beginning))
            if entries.count > Self.maxCount { entries.removeFirst() }
        }
    }

    /// The longest beginning of `text` that the same engine has spoken; it is here no more.
    func take(_ identity: SpeechIdentity?, _ paragraphPause: Double, of text: SpeechText) -> SpeechBeginning? {
        guard let identity else { return nil }
        return entries.withLock { entries in
            let fitting = entries.indices.filter { index in
                let entry = entries[index]
                return entry.paragraphPause == paragraphPause && text.pieces.starts(with: entry.beginning.pieces)
                    && entry.identity == identity
            }
            let longest = fitting.max { entries[$0].beginning.pieces.count < entries[$1].beginning.pieces.count }
            return longest.map { entries.remove(at: $0).beginning }
        }
    }
}
