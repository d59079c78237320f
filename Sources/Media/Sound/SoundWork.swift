public import GraphCore

/// Long work on sounds: block by block, told and stopped between blocks, so that memory and the wait for a cancelled run
/// do not grow with the sound.
///
/// One value accompanies all passes of a piece of work.
public struct SoundWork {
    private let scratchFolder: String?
    private let step: (_ completed: Int, _ total: Int) throws -> Void
    private let total: Int
    /// Frames of the blocks that are done.
    private var completed = 0

    /// - Parameters:
    ///   - frameCount: frames of all passes together: what `step` is told as the total.
    ///   - scratchFolder: as `SoundBuilder` takes it.
    ///   - step: is called before each block; when it throws, the work ends.
    public init(
        frameCount: Int, scratchFolder: String? = nil,
        step: @escaping (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
    ) {
        (total, self.scratchFolder, self.step) = (frameCount, scratchFolder, step)
    }

    /// As progress of the node that runs.
    public init(_ context: NodeContext, frameCount: Int) {
        self.init(
            frameCount: frameCount, scratchFolder: context.environment.scratchFolder, step: context.step(_:of:))
    }

    /// One pass that looks at a range of frames.
    public mutating func forEachBlock(
        of range: Range<Int>, _ body: (_ block: Range<Int>) throws -> Void
    ) throws {
        for block in Audio.blocks(of: range) {
            try step(completed, total)
            try body(block)
            completed += block.count
        }
    }

    /// One pass that makes a sound.
    /// - Parameter make: gives the interleaved samples of some frames.
    public mutating func makeSound(
        frameCount: Int, _ make: (_ block: Range<Int>) throws -> [Float]
    ) throws -> SampleStore {
        var builder = SoundBuilder(scratchFolder: scratchFolder)
        try forEachBlock(of: 0..<frameCount) { try builder.append(try make($0)) }
        return try builder.finish()
    }

    /// One pass that makes a sound of parts.
    /// - Parameter make: gives the interleaved samples of some frames of a part.
    public mutating func joinSounds(
        _ frameCounts: [Int], _ make: (_ part: Int, _ block: Range<Int>) throws -> [Float]
    ) throws -> SampleStore {
        var builder = SoundBuilder(scratchFolder: scratchFolder)
        for (part, frameCount) in frameCounts.enumerated() {
            try forEachBlock(of: 0..<frameCount) { try builder.append(try make(part, $0)) }
        }
        return try builder.finish()
    }

    /// One pass over all items of a batch, each of which keeps its length.
    /// - Parameter change: gets the interleaved samples of a block and gives as many frames.
    public mutating func change(
        _ audio: Audio, channelCount: Int? = nil, _ change: (_ samples: [Float], _ item: Int) -> [Float]
    ) throws -> Audio {
        var items: [SampleStore] = []
        for item in audio.items.indices {
            items.append(
                try makeSound(frameCount: audio.frameCount(of: item)) { block in
                    change(try audio.frames(block, of: item), item)
                })
        }
        return Audio(sampleRate: audio.sampleRate, channelCount: channelCount ?? audio.channelCount, items: items)
    }

    /// One pass over all items of a batch. Costs nothing when the sound has the rate already.
    public mutating func resample(
        _ audio: Audio, to rate: Int, quality: SoundResampler.Quality = .medium
    ) throws -> Audio {
        let (start, step, total) = (completed, step, total)
        let result = try SoundResampler.resample(audio, to: rate, quality: quality, scratchFolder: scratchFolder) {
            done, _ in try step(start + done, total)
        }
        completed += Self.frameCount(ofResampling: audio, to: rate)
        return result
    }

    /// What `resample` adds to the frames there are to work on.
    public static func frameCount(ofResampling audio: Audio, to rate: Int) -> Int {
        rate == audio.sampleRate ? 0 : audio.totalFrameCount
    }
}

extension Audio {
    /// Frames of one item alone, without the silence behind it.
    public func frameCount(of item: Int) -> Int { items[item].sampleCount / channelCount }

    /// Frames of all items together, without the silence behind them.
    public var totalFrameCount: Int { items.indices.reduce(0) { $0 + frameCount(of: $1) } }
}
