/// How long node types take, learned from runs: the only source of "time left". Nothing is guessed: what was never
/// measured has no estimate.
public struct CostModel: Sendable, Equatable {
    /// A running mean that follows changes: the newest measurement weighs a quarter.
    struct Mean: Sendable, Equatable {
        var seconds: Double

        mutating func add(_ measured: Double) { seconds += (measured - seconds) / 4 }
    }

    /// Node types are told apart by the size of what they take, in powers of two.
    private struct Key: Hashable, Sendable {
        let type: String
        let sizeClass: Int
    }

    private var means: [Key: Mean] = [:]
    /// Of a type at the size it was last seen with, for nodes whose inputs are not computed yet.
    private var latest: [String: Mean] = [:]

    /// More types than anyone has; beyond it nothing new is learned.
    private static let maxEntryCount = 10_000
    /// Thirty years; what a file says beyond it is no measurement.
    private static let maxSeconds = 1e9

    public init() {}

    mutating func record(type: String, byteCount: Int, seconds: Double) {
        let key = Key(type: type, sizeClass: Self.sizeClass(byteCount))
        guard (0...Self.maxSeconds).contains(seconds), means.count < Self.maxEntryCount || means[key] != nil else {
            return
        }
        means[key, default: Mean(seconds: seconds)].add(seconds)
        latest[type, default: Mean(seconds: seconds)].add(seconds)
    }

    /// - Parameter byteCount: of the node's inputs; nil while they are not computed.
    func seconds(type: String, byteCount: Int?) -> Double? {
        if let byteCount, let mean = means[Key(type: type, sizeClass: Self.sizeClass(byteCount))] {
            return mean.seconds
        }
        return latest[type]?.seconds
    }

    static func sizeClass(_ byteCount: Int) -> Int { byteCount <= 0 ? 0 : Int.bitWidth - byteCount.leadingZeroBitCount }

    // MARK: The small file between runs

    /// `{"version": 1, "seconds": {"ImageScale": {"27": 0.04}}}`; the inner names are size classes.
    public var json: JSON {
        let byType = Dictionary(grouping: means, by: \.key.type).sorted { $0.key < $1.key }
        let members = byType.map { type, entries in
            JSONObject.Member(
                type,
                .object(
                    JSONObject(
                        entries.sorted { $0.key.sizeClass < $1.key.sizeClass }
                            .map { .init(String($0.key.sizeClass), .number(JSONNumber($0.value.seconds))) })))
        }
        return ["version": 1, "seconds": .object(JSONObject(members))]
    }

    /// Reads what `json` gave; whatever does not fit is left out, for an estimate is never worth a failure.
    public init(_ json: JSON) {
        for type in json["seconds"]?.object?.members ?? [] {
            for entry in type.value.object?.members ?? [] {
                guard let sizeClass = Int(entry.key), (0...64).contains(sizeClass),
                    let seconds = entry.value.number?.double, (0...Self.maxSeconds).contains(seconds),
                    means.count < Self.maxEntryCount
                else { continue }
                means[Key(type: type.key, sizeClass: sizeClass)] = Mean(seconds: seconds)
                // The largest size seen stands in for the latest.
                latest[type.key] = Mean(seconds: seconds)
            }
        }
    }
}
