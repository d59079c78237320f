public import GraphCore
internal import Media

/// Both batches in one. The second is resized to the first's size (bilinear, cropped around its centre); when only one
/// has an alpha, the other gets an opaque one.
public struct ImageBatch: Node {
    static let image1 = Input<Image>("image1")
    static let image2 = Input<Image>("image2")
    static let both = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageBatch", displayName: "Batch Images", category: "image", inputs: [image1, image2], outputs: [both])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        var (first, second) = (try inputs[Self.image1], try inputs[Self.image2])
        try ImageSize.check(
            batch: first.batch + second.batch, height: first.height, width: first.width,
            channels: max(first.channels, second.channels))
        (first, second) = try Image.withSameChannels(first, second, context)
        if first.width != second.width || first.height != second.height {
            second = try second.resized(
                width: first.width, height: first.height, method: .bilinear, centerCrop: true,
                work: { RowWork(context, rowCount: $0) })
        }
        return [Self.both(try Image.batched([first, second], context))]
    }
}

/// The whole batch, several times over.
public struct RepeatImageBatch: Node {
    static let image = Input<Image>("image")
    static let amount = Input<Int>("amount", default: 1, in: 1...4096)
    static let repeated = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "RepeatImageBatch", displayName: "RepeatImageBatch", category: "image/batch", inputs: [image, amount],
        outputs: [repeated], module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let amount = try inputs[Self.amount]
        if amount == 1 { return [Self.repeated(image)] }
        let (batch, overflow) = image.batch.multipliedReportingOverflow(by: amount)
        try ImageSize.check(
            batch: overflow ? .max : batch, height: image.height, width: image.width, channels: image.channels)
        let rowCount = image.batch * image.height
        return [
            Self.repeated(
                try Image.gathered(batch: batch, from: [image], context) { (source: 0, row: $0 % rowCount) })
        ]
    }
}

/// Some of a batch: `length` pictures from `batch_index` on, or as many as there are.
public struct ImageFromBatch: Node {
    static let image = Input<Image>("image")
    static let index = Input<Int>("batch_index", default: 0, in: 0...4095).looseWhenLinked
    static let length = Input<Int>("length", default: 1, in: 1...4096).looseWhenLinked
    static let chosen = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageFromBatch", displayName: "ImageFromBatch", category: "image/batch",
        inputs: [image, index, length], outputs: [chosen], module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let index = min(try inputs[Self.index], image.batch - 1)
        let length = min(try inputs[Self.length], image.batch.addingClamped(index == .min ? .max : -index))
        return [
            Self.chosen(try image.part(pythonSlice(index, index.addingClamped(length), count: image.batch), context))
        ]
    }
}

/// All pictures of a list of batches, in batches of another size; the last may be smaller.
public struct RebatchImages: Node {
    static let images = Input<Image>("images", options: [])
    static let batchSize = Input<Int>("batch_size", default: 1, in: 1...4096)
    static let rebatched = Output<Image>("IMAGE", isList: true)

    public let schema = NodeSchema(
        type: "RebatchImages", displayName: "Rebatch Images", category: "image/batch", inputs: [images, batchSize],
        outputs: [rebatched], takesLists: true, module: "comfy_extras.nodes_rebatch", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let batches = try inputs.list(Self.images)
        let size = max(1, try inputs.list(Self.batchSize).first ?? 1)
        var made: [Image] = []
        var parts: [Image] = []
        var room = size
        for batch in batches {
            var start = 0
            while start < batch.batch {
                let count = min(room, batch.batch - start)
                parts.append(try batch.part(start..<start + count, context))
                start += count
                room -= count
                if room > 0 { continue }
                made.append(try Image.batched(parts, context))
                (parts, room) = ([], size)
            }
        }
        if !parts.isEmpty { made.append(try Image.batched(parts, context)) }
        return [Self.rebatched.list(made)]
    }
}

extension Image {
    /// Some pictures of the batch.
    fileprivate func part(_ range: Range<Int>, _ context: NodeContext) throws -> Image {
        if range == 0..<batch { return self }
        guard !range.isEmpty else {
            throw Diagnostic(
                .nodeFailed, node: nil, "the batch has \(batch) pictures, and none of them is chosen",
                suggestion: "Choose a batch_index from 0 to \(batch - 1) and a length of at least 1.")
        }
        let first = range.lowerBound * height
        return try .gathered(batch: range.count, from: [self], context) { (source: 0, row: first + $0) }
    }

    /// One below the other. Throws when they differ in size or channels.
    fileprivate static func batched(_ images: [Image], _ context: NodeContext) throws -> Image {
        guard let first = images.first, images.count > 1 else { return images[0] }
        for image in images {
            guard image.width == first.width && image.height == first.height && image.channels == first.channels else {
                throw Diagnostic(
                    .nodeFailed, node: nil,
                    "pictures of \(first.width) x \(first.height) x \(first.channels) and "
                        + "\(image.width) x \(image.height) x \(image.channels) cannot be in one batch",
                    suggestion: "Resize them to the same size first.")
            }
        }
        let batch = images.reduce(0) { $0 + $1.batch }
        try ImageSize.check(batch: batch, height: first.height, width: first.width, channels: first.channels)
        // Which of `images` each picture of the batch is in, and which it is there.
        let places = images.enumerated().flatMap { source, image in
            (0..<image.batch).map { (source: source, picture: $0) }
        }
        let height = first.height
        return try gathered(batch: batch, from: images, context) { row in
            let place = places[row / height]
            return (source: place.source, row: place.picture * height + row % height)
        }
    }

    /// Whole rows of pictures of one size.
    fileprivate static func gathered(
        batch: Int, from images: [Image], _ context: NodeContext,
        row: @escaping @Sendable (Int) -> (source: Int, row: Int)
    ) throws -> Image {
        let (height, width) = (images[0].height, images[0].width)
        var work = RowWork(context, rowCount: batch * height)
        return try .assembled(batch: batch, height: height, width: width, from: images, work: &work) {
            let place = row($0)
            return [.pixels(of: place.source, from: place.row * width, width: width)]
        }
    }

    /// Both with the same number of channels: the one without an alpha gets an opaque one.
    static func withSameChannels(_ a: Image, _ b: Image, _ context: NodeContext) throws -> (Image, Image) {
        let count = max(a.channels, b.channels)
        func widened(_ image: Image) throws -> Image {
            var work = RowWork(context, rowCount: image.batch * image.height)
            guard let widened = try image.withChannelCount(count, work: &work) else {
                throw Diagnostic(
                    .nodeFailed, node: nil,
                    "the pictures have \(a.channels) and \(b.channels) channels, which do not go together",
                    suggestion: "Convert both to the same number of channels.")
            }
            return widened
        }
        return (try widened(a), try widened(b))
    }
}
