public import GraphCore

/// The samples of one sound, which never change: in memory, or in a file that nobody else sees when they are many.
public final class SampleStore: Sendable {
    private enum Place {
        case memory(PixelBuffer<Float>)
        case silence
        case file(ScratchFile)
    }

    private let place: Place
    public let sampleCount: Int

    public init(_ samples: PixelBuffer<Float>) { (place, sampleCount) = (.memory(samples), samples.count) }
    /// Copies `samples`: for sounds that are short.
    public convenience init(_ samples: [Float]) { self.init(PixelBuffer(samples)) }
    /// Zeros, which take no room.
    public init(silence sampleCount: Int) { (place, self.sampleCount) = (.silence, sampleCount) }
    init(_ file: ScratchFile, sampleCount: Int) { (place, self.sampleCount) = (.file(file), sampleCount) }

    /// - Throws: `.fileNotReadable` when the file fails.
    func read(_ range: Range<Int>) throws(Diagnostic) -> [Float] {
        switch place {
        case .memory(let samples): return Array(samples[range])
        case .silence: return [Float](repeating: 0, count: range.count)
        case .file(let file): return try file.read(range)
        }
    }

    var memoryByteCount: Int {
        if case .memory(let samples) = place { return samples.count * MemoryLayout<Float>.size }
        return 0
    }
}

/// Collects samples as they come; beyond 64 MiB they go to a file, so the memory taken does not grow with the sound.
public struct SoundBuilder: Sendable {
    /// 16 Mi samples: 12 minutes of a voice at 22,050 Hz.
    static let memorySampleCount = 16 << 20
    /// 16 GiB of disk: 2 days of a voice at 22,050 Hz.
    public static let maxSampleCount = 4 << 30

    private let scratchFolder: String?
    private let memoryLimit: Int
    private var pending = PixelBuffer<Float>()
    private var file: ScratchFile?
    private var writtenCount = 0

    /// - Parameter scratchFolder: where large sounds may lie (`NodeEnvironment.scratchFolder`); nil keeps all in memory.
    public init(scratchFolder: String?) {
        self.init(scratchFolder: scratchFolder, memorySampleCount: Self.memorySampleCount)
    }

    init(scratchFolder: String?, memorySampleCount: Int) {
        (self.scratchFolder, memoryLimit) = (scratchFolder, memorySampleCount)
    }

    public var sampleCount: Int { writtenCount + pending.count }

    /// - Throws: `.tooLarge` beyond 16 GiB, `.fileNotWritable` when the disk is full.
    public mutating func append(_ samples: some Collection<Float>) throws(Diagnostic) {
        guard sampleCount + samples.count <= Self.maxSampleCount else { throw Self.tooLarge }
        pending += samples
        if pending.count >= memoryLimit { try write(keepingCapacity: true) }
    }

    /// Puts what is in memory into the file, if there is a folder for one.
    /// - Throws: `.fileNotWritable` when the disk is full.
    public mutating func leaveMemory() throws(Diagnostic) { try write(keepingCapacity: false) }

    private mutating func write(keepingCapacity: Bool) throws(Diagnostic) {
        guard let scratchFolder, !pending.isEmpty else { return }
        if file == nil { file = try ScratchFile(in: scratchFolder) }
        try file?.append(pending, at: writtenCount)
        writtenCount += pending.count
        pending.removeAll(keepingCapacity: keepingCapacity)
    }

    /// A sound of more than `maxSampleCount` samples.
    public static let tooLarge = Diagnostic(
        .tooLarge, node: nil, "the sound has more than \(maxSampleCount) samples", suggestion: "Work on it in parts.")

    public func finish() throws(Diagnostic) -> SampleStore {
        guard let file else { return SampleStore(pending) }
        try file.append(pending, at: writtenCount)
        return SampleStore(file, sampleCount: sampleCount)
    }
}
