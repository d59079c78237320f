internal import Foundation
internal import Synchronization

/// Names of the files in a folder that nodes offer, kept until the folder changes: a prompt of many nodes asks for the
/// same ones with each, and a look at every one of 10,000 files takes 30 ms.
final class ChoiceListings: Sendable {
    private struct Listing {
        let identity: String
        let names: [String]
    }

    private static let maxListingCount = 32
    /// A folder that changed just now may change again within the same tick of the file system's clock.
    private static let settledMilliseconds = 2_000

    private let listings = Mutex<[String: Listing]>([:])

    /// - Parameters:
    ///   - key: another one for each way to choose among the files.
    ///   - list: looks at them.
    func names(in folder: String, key: String, list: () -> [String]) -> [String] {
        guard let status = FileStatus(Folders.realPath(folder)) else { return list() }
        let key = folder + "\0" + key
        if let known = listings.withLock({ $0[key] }), known.identity == status.identity { return known.names }
        let names = list()
        let now = Int(exactly: (Date().timeIntervalSince1970 * 1000).rounded()) ?? 0
        let (age, isBeyond) = now.subtractingReportingOverflow(
            max(status.modifiedMilliseconds, status.changedMilliseconds))
        guard !isBeyond, age > Self.settledMilliseconds else { return names }
        listings.withLock { listings in
            if listings.count >= Self.maxListingCount { listings = [:] }
            listings[key] = Listing(identity: status.identity, names: names)
        }
        return names
    }
}
