import Foundation
import TestData
import Testing

@testable import Media

@Suite("A picture file")
struct LoadedPixelsTests {
    /// In the script's form.
    private func described(_ picture: DecodedImage) -> [UInt8] {
        let image = picture.image
        let line = "\(image.batch) \(image.height) \(image.width) \(picture.alpha == nil ? 0 : 1)\n"
        return Array(line.utf8) + image.eightBit() + (picture.alpha ?? [])
    }

    @Test("has the frames, colours and mask of ComfyUI's LoadImage, byte for byte")
    func pixels() async throws {
        let suite = Shared.has("png-suite") ? Shared.folder.appending(path: "png-suite").path : ""
        let pictures = try await PeerPictures("pictures.py", [suite]).all()
        #expect(pictures.count >= 250)
        for picture in pictures {
            let decoded = try ImageDecoder.decode(picture.bytes)
            #expect(described(decoded) == picture.expected, "\(picture.name)")
            let first = try ImageDecoder.decode(picture.bytes, onlyFirstFrame: true)
            let count = first.image.eightBit().count
            #expect(first.image.batch == 1 && first.image.eightBit()[...] == decoded.image.eightBit().prefix(count))
        }
    }
}
