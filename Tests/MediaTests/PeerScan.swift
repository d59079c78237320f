import Foundation
import TestData

@testable import Media

/// A picture file that the Python peer made, and what Pillow reads in it.
struct PeerScan: Sendable {
    struct Pixels: Sendable, Equatable {
        let frames: Int, height: Int, width: Int
        let rgb: [UInt8]
        /// Empty without alpha.
        let alpha: [UInt8]
    }

    let name: String
    let file: [UInt8]
    /// Nil when Pillow does not open the file.
    let pixels: Pixels?

    /// The records of Tests/MediaTests/peers/scans.py.
    static func all() async throws -> [PeerScan] {
        let bytes = try await Python.run("MediaTests/peers/scans.py")
        var rest = bytes[...]
        func number() -> Int {
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        func blob() -> [UInt8] {
            let count = number()
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        var pictures: [PeerScan] = []
        while !rest.isEmpty {
            let name = String(decoding: blob(), as: UTF8.self), file = blob()
            var pixels: Pixels?
            if number() > 0 {
                let (frames, height, width) = (number(), number(), number())
                pixels = Pixels(frames: frames, height: height, width: width, rgb: blob(), alpha: blob())
            }
            pictures.append(PeerScan(name: name, file: file, pixels: pixels))
        }
        return pictures
    }
}

extension DecodedImage {
    var pixels: PeerScan.Pixels {
        PeerScan.Pixels(
            frames: image.batch, height: image.height, width: image.width, rgb: Array(image.eightBit()),
            alpha: Array(alpha ?? []))
    }
}
