import Glibc
import GraphCore
import Inference

/// Files of weights: no crash and no outsized allocation on any bytes, and a tensor has as many numbers as its shape
/// says. Bytes that begin like a pickle, or like the header of safetensors, are tried inside a file of that kind too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    read(bytes)
    switch bytes.first {
    case 0x80: read(WrittenZip(pickle: bytes, storages: [64, 4, 0].map { [UInt8](repeating: 1, count: $0) }).bytes)
    case UInt8(ascii: "{"): read(WrittenZip.eight(count) + bytes + [UInt8](repeating: 1, count: largestNumber(bytes)))
    default: break
    }
    return 0
}

/// A regular file in memory, without a name.
private let file: CInt = {
    var path = Array("/dev/shm/graphrun-fuzz-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    unlink(path)
    return file
}()

private func read(_ bytes: [UInt8]) {
    guard file >= 0, ftruncate(file, 0) == 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else { fatalError() }
    guard let checkpoint = try? Checkpoint(path: "/proc/self/fd/\(file)") else { return }
    for (name, entry) in checkpoint.entries.prefix(64) {
        guard let floats = try? checkpoint.floats(name) else { continue }
        precondition(floats.count == entry.shape.reduce(1, *), "\(name) has \(floats.count) numbers")
    }
}

/// Where the last tensor of a header ends, most likely.
private func largestNumber(_ bytes: [UInt8]) -> Int {
    var (largest, number) = (0, 0)
    for byte in bytes {
        number = (48...57).contains(byte) ? min(number * 10 + Int(byte - 48), 1 << 20) : 0
        if number <= 4096 { largest = max(largest, number) }
    }
    return largest
}
