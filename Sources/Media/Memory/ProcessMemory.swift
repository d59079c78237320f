internal import GraphCore

#if canImport(Glibc)
internal import CMalloc  // the only file that does
internal import Foundation
internal import Glibc
#endif

/// How this process takes memory from the system, and when it gives it back.
public enum ProcessMemory {
    /// Fixes what glibc otherwise adapts. Its threshold for mapped blocks grows with each mapped block that is freed, up
    /// to 32 MiB; pictures below it then lie in the arenas of single threads, which keep what is freed.
    ///
    /// Called once, before the program's first large allocation. Nothing happens where the C library is another one.
    public static func fixThresholds() {
        #if canImport(Glibc)
        _ = mallopt(M_MMAP_THRESHOLD, mappedByteCount)
        // The ratio that glibc keeps between the two by itself.
        _ = mallopt(M_TRIM_THRESHOLD, 2 * mappedByteCount)
        #endif
    }

    #if canImport(Glibc)
    /// 1 MiB: such a block is worth a call of the kernel, and one that is freed goes back at once.
    private static let mappedByteCount: Int32 = 1 << 20
    #endif

    /// Gives back what is free in all arenas. Takes milliseconds for each hundred megabytes, while threads that allocate
    /// may wait: for moments when nothing runs.
    public static func trim() {
        PagePool.shared.trim(to: 0)
        #if canImport(Glibc)
        _ = malloc_trim(0)
        #endif
    }

    /// Bytes that are in use of physical memory; nil where the system does not tell.
    public static var residentByteCount: Int? {
        #if canImport(Glibc)
        // proc(5): the second number is resident pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pageCount = Int(fields[1]) else { return nil }
        return pageCount * Int(getpagesize())
        #else
        return nil
        #endif
    }
}
