public import Foundation

/// Files with times that Foundation cannot set, in a file system that keeps them.
public enum FileTime {
    /// Keeps all 64 bits of seconds; nil on systems without one.
    public static let farFolder: URL? = {
        let folder = URL(filePath: "/dev/shm")
        return FileManager.default.isWritableFile(atPath: folder.path) ? folder : nil
    }()

    /// The ends of what file systems keep, of what 64 bits of nanoseconds and milliseconds hold, and of HTTP's years.
    public static let farSeconds = [
        Int.max, Int.min, 9_223_372_037, -9_223_372_037, 9_223_372_036_854_776, -9_223_372_036_854_776,
        253_402_300_800, -62_135_596_801, 15_032_385_536, -1,
    ]

    /// Says that a file was read and written so many seconds after 1970.
    public static func set(_ path: String, seconds: Int) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard unsafe utimensat(AT_FDCWD, path, &times, 0) == 0 else {
            throw Child.Failure(description: "cannot set the time of \(path): \(errno)")
        }
    }
}
