import GraphCore
import Media

@testable import Nodes

/// Gives a number that no literal can be, under the type of everything: what a careless node may hand on.
struct GivenNumber: Node {
    static let text = Input<String>("text")
    static let output = Output<Value>("*")
    let schema = NodeSchema(type: "GivenNumber", category: "Testing", inputs: [text], outputs: [output])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let text = try inputs[Self.text]
        if let whole = Int128(text) { return [Self.output(.literal(.int(whole)))] }
        return [Self.output(.literal(.double(Double(text) ?? .nan)))]
    }
}

/// Gives a picture of an odd kind.
struct GivenPicture: Node {
    enum Kind: String, CaseIterable {
        case small, onePixel, row, column, gray, grayWithAlpha, alpha, fiveChannels, batch, notNumbers, farOutside
    }

    static let kind = Input<String>("kind")
    static let output = Output<Image>("IMAGE")
    let schema = NodeSchema(type: "GivenPicture", category: "Testing", inputs: [kind], outputs: [output])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(Self.picture(Kind(rawValue: try inputs[Self.kind]) ?? .small))]
    }

    private static func picture(_ kind: Kind) -> Image {
        switch kind {
        case .small: .counting(height: 24, width: 32)
        case .onePixel: .counting(height: 1, width: 1)
        case .row: .counting(height: 1, width: 300)
        case .column: .counting(height: 300, width: 1)
        case .gray: .counting(height: 9, width: 11, channels: 1)
        case .grayWithAlpha: .counting(height: 9, width: 11, channels: 2)
        case .alpha: .counting(height: 9, width: 11, channels: 4)
        case .fiveChannels: .counting(height: 9, width: 11, channels: 5)
        case .batch: .counting(batch: 3, height: 9, width: 11)
        case .notNumbers: floats([.nan, .infinity, -.infinity, 0.5, -.nan, .signalingNaN])
        case .farOutside: floats([3e38, -3e38, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 9.3e18, 2])
        }
    }

    private static func floats(_ values: [Float]) -> Image {
        let count = 24 * 32 * 3
        return Image(
            batch: 1, height: 24, width: 32, channels: 3, floats: (0..<count).map { values[($0 * 7) % values.count] })
    }
}

/// Gives a mask of an odd kind.
struct GivenMask: Node {
    static let kind = Input<String>("kind")
    static let output = Output<Mask>("MASK")
    let schema = NodeSchema(type: "GivenMask", category: "Testing", inputs: [kind], outputs: [output])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mask =
            switch GivenPicture.Kind(rawValue: try inputs[Self.kind]) {
            case .onePixel: Mask(batch: 1, height: 1, width: 1, floats: [0.5])
            case .row: Mask(batch: 1, height: 1, width: 300, floats: Array(repeating: 1, count: 300))
            case .column: Mask(batch: 1, height: 300, width: 1, floats: Array(repeating: 1, count: 300))
            case .batch: Mask(batch: 3, height: 9, width: 11, floats: Array(repeating: 0.25, count: 297))
            case .notNumbers: Mask(batch: 1, height: 2, width: 2, floats: [.nan, .infinity, -.infinity, 1])
            case .farOutside:
                Mask(batch: 1, height: 2, width: 2, floats: [3e38, -3e38, .leastNonzeroMagnitude, 9.3e18])
            default: Mask(batch: 1, height: 24, width: 32, floats: (0..<768).map { Float($0 % 5) / 4 })
            }
        return [Self.output(mask)]
    }
}

/// Gives a sound of an odd kind.
struct GivenSound: Node {
    enum Kind: String, CaseIterable {
        case small, empty, oneSample, slowest, fastest, manyChannels, batch, notNumbers, farOutside
    }

    static let kind = Input<String>("kind")
    static let output = Output<Audio>("AUDIO")
    let schema = NodeSchema(type: "GivenSound", category: "Testing", inputs: [kind], outputs: [output])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let wave = (0..<2_000).map { Float($0 % 50) / 50 - 0.5 }
        let sound =
            switch Kind(rawValue: try inputs[Self.kind]) {
            case .empty: Audio(sampleRate: 44_100, samples: [])
            case .oneSample: Audio(sampleRate: 44_100, samples: [1])
            case .slowest: Audio(sampleRate: Audio.sampleRates.lowerBound, samples: wave)
            case .fastest: Audio(sampleRate: Audio.sampleRates.upperBound, samples: wave)
            case .manyChannels:
                Audio(sampleRate: 44_100, channelCount: Audio.maxChannelCount, samples: Array(wave.prefix(640)))
            case .batch:
                Audio(
                    sampleRate: 22_050, channelCount: 1, items: [SampleStore(wave), SampleStore([]), SampleStore([1])])
            case .notNumbers: Audio(sampleRate: 44_100, samples: wave.map { $0 > 0 ? .nan : -.infinity })
            case .farOutside: Audio(sampleRate: 44_100, samples: wave.map { $0 * 3e38 })
            default: Audio(sampleRate: 44_100, channelCount: 2, samples: wave)
            }
        return [Self.output(sound)]
    }
}

/// Gives a model that is not there.
struct GivenModel: Node {
    static let kind = Input<String>("kind")
    static let output = Output<UpscaleModel>("UPSCALE_MODEL")
    let schema = NodeSchema(type: "GivenModel", category: "Testing", inputs: [kind], outputs: [output])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(UpscaleModel(path: "/none.onnx", name: "none.onnx"))]
    }
}
