/// "Did you mean": the candidate nearest to what was written, if any is near.
public enum NearestName {
    /// How many candidates are compared at most; a folder may hold a million files.
    private static let maxCandidates = 5_000

    /// The candidate within three edits (fewer for short words; an extension does not count), case aside; nil when none
    /// is near.
    public static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
        let stem = word.lastIndex(of: ".").map { word[..<$0] } ?? word[...]
        let limit = min(3, stem.prefix(6).count / 2)
        let lowercased = word.lowercased()
        var best: (name: String, distance: Int)?
        for candidate in candidates.prefix(maxCandidates) {
            let distance = editDistance(lowercased, candidate.lowercased(), limit: (best?.distance ?? limit + 1) - 1)
            if let distance { best = (candidate, distance) }
            if distance == 0 { break }
        }
        return best?.name
    }

    public static func sentence(_ word: String, among candidates: some Sequence<String>) -> String? {
        of(word, among: candidates).map { "Did you mean '\($0)'?" }
    }

    /// The first candidates, for when none is near: `a, b and 3 more`.
    static func list(_ candidates: [String], atMost count: Int) -> String {
        let rest = candidates.count - count
        return candidates.prefix(count).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// Levenshtein distance, or nil when above `limit`.
    static func editDistance(_ one: String, _ other: String, limit: Int) -> Int? {
        let a = Array(one.utf8.prefix(200)), b = Array(other.utf8.prefix(200))
        guard limit >= 0, abs(a.count - b.count) <= limit else { return nil }
        var row = Array(0...b.count)
        for i in 0..<a.count {
            var diagonal = row[0]
            row[0] = i + 1
            for j in 0..<b.count {
                let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
            }
            if row.allSatisfy({ $0 > limit }) { return nil }
        }
        return row[b.count] <= limit ? row[b.count] : nil
    }
}
