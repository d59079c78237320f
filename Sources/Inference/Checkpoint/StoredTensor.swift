internal import GraphCore

/// Where a tensor's numbers stand in its file. Made only when they all lie inside what holds them.
struct StoredTensor: Sendable, Hashable {
    /// More than any network's largest tensor; 4 GiB as float32.
    static let maxElementCount = 1 << 30
    static let maxDimensionCount = 16

    let entry: Checkpoint.Entry
    let count: Int
    /// Of the first number, in bytes from the start of the file.
    private let offset: Int
    /// In numbers, a dimension each; nil when they stand in row-major order without gaps.
    private let strides: [Int]?
    /// Of numbers from the first to the last in the file.
    private let span: Int

    /// - Parameters:
    ///   - name: for messages.
    ///   - offset, strides: in numbers; nil strides mean row-major order.
    ///   - start, byteCount: of the storage that holds them, in the file.
    init(
        _ name: String, shape: [Int], type: Checkpoint.ElementType, offset: Int = 0, strides: [Int]? = nil,
        storageAt start: Int, byteCount: Int, file: String
    ) throws(Diagnostic) {
        let tensor = Complaint.quoted(name)
        guard shape.count <= Self.maxDimensionCount else {
            throw Complaint.damaged(file, "the tensor \(tensor) has \(shape.count) dimensions")
        }
        let held = byteCount / type.byteCount
        func lie() -> Diagnostic {
            Complaint.bad(
                file, "lies about the tensor \(tensor): \(shape) numbers, but only \(held) are stored",
                Complaint.downloadAgain)
        }
        // A stride of 0 repeats numbers: few bytes could stand for more than any memory holds.
        guard let count = Self.product(shape), count <= held, offset >= 0, offset <= held else { throw lie() }
        let strides = strides ?? Self.rowMajor(shape)
        guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 }) else {
            throw Complaint.damaged(file, "the tensor \(tensor) has \(shape.count) dimensions and strides \(strides)")
        }
        guard let last = Self.lastIndex(shape, strides, count: count), last < held - offset || count == 0
        else { throw lie() }
        self.entry = Checkpoint.Entry(shape: shape, elementType: type)
        self.count = count
        self.offset = start + offset * type.byteCount
        self.span = count == 0 ? 0 : last + 1
        self.strides = Self.isRowMajor(shape, strides) || count < 2 ? nil : strides
        guard span <= Self.maxElementCount else {
            throw Complaint.tooLarge(
                file, "has the tensor \(tensor) of \(span) numbers; the limit is \(Self.maxElementCount)")
        }
    }

    /// In row-major order.
    func floats(_ file: CheckpointFile) throws(Diagnostic) -> [Float] {
        let stored = try file.floats(at: offset, count: strides == nil ? count : span, of: entry.elementType)
        guard let strides else { return stored }
        var result: [Float] = []
        result.reserveCapacity(count)
        var index = [Int](repeating: 0, count: strides.count)
        let inner = strides.count - 1
        var start = 0
        while result.count < count {
            for i in 0..<entry.shape[inner] { result.append(stored[start + i * strides[inner]]) }
            // The next row: like an odometer, without its last wheel.
            var wheel = inner - 1
            while wheel >= 0 {
                index[wheel] += 1
                start += strides[wheel]
                if index[wheel] < entry.shape[wheel] { break }
                start -= index[wheel] * strides[wheel]
                index[wheel] = 0
                wheel -= 1
            }
        }
        return result
    }

    /// Nil when it is negative somewhere or exceeds an `Int`.
    private static func product(_ shape: [Int]) -> Int? {
        var product = 1
        for size in shape where size != 0 {
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            guard size > 0, !overflows else { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    /// Of a shape whose product fits.
    private static func rowMajor(_ shape: [Int]) -> [Int] {
        var (strides, step) = (shape, 1)
        for i in shape.indices.reversed() {
            strides[i] = step
            step *= max(shape[i], 1)
        }
        return strides
    }

    private static func isRowMajor(_ shape: [Int], _ strides: [Int]) -> Bool {
        // The stride of a dimension of 1 is never used, and PyTorch writes anything there.
        zip(shape, zip(strides, rowMajor(shape))).allSatisfy { size, pair in size == 1 || pair.0 == pair.1 }
    }

    /// Of the last number, counted from the first; nil when it exceeds an `Int`.
    private static func lastIndex(_ shape: [Int], _ strides: [Int], count: Int) -> Int? {
        if count == 0 { return 0 }
        var last = 0
        for (size, stride) in zip(shape, strides) {
            let (step, overflows) = (size - 1).multipliedReportingOverflow(by: stride)
            let (next, exceeds) = last.addingReportingOverflow(step)
            guard !overflows, !exceeds else { return nil }
            last = next
        }
        return last
    }
}
