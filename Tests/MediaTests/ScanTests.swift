import Testing

@testable import Media

/// TIFF, GIF, BMP and animated WebP, against Pillow.
@Suite("A scan or an old picture")
struct ScanTests {
    @Test("has the pixels and the mask that ComfyUI's LoadImage has, in hundreds of kinds")
    func equal() async throws {
        let pictures = try await PeerScan.all()
        var count = 0
        for picture in pictures {
            guard let expected = picture.pixels else { continue }
            count += 1
            do {
                let read = try ImageDecoder.decode(picture.file).pixels
                // Pillow's tables for plain YCbCr are not those of any formula.
                if picture.name.contains("YCbCr"), largestDifference(read, expected) == 1 { continue }
                if read != expected { Issue.record("\(picture.name): \(difference(read, expected))") }
            } catch { Issue.record("\(picture.name): \(error.message)") }
        }
        #expect(count > 600)
    }

    @Test("that Pillow does not open is read by the plain sense of its tags")
    func beyondPillow() async throws {
        for picture in try await PeerScan.all() where picture.pixels == nil {
            let complaint = complaint(about: picture.file)
            #expect(complaint == nil, "\(picture.name): \(complaint?.message ?? "")")
        }
    }

    private func largestDifference(_ read: PeerScan.Pixels, _ expected: PeerScan.Pixels) -> Int {
        guard read.rgb.count == expected.rgb.count else { return .max }
        return zip(read.rgb, expected.rgb).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    private func difference(_ read: PeerScan.Pixels, _ expected: PeerScan.Pixels) -> String {
        guard (read.frames, read.height, read.width) == (expected.frames, expected.height, expected.width) else {
            return "\(read.frames)x\(read.height)x\(read.width) instead of "
                + "\(expected.frames)x\(expected.height)x\(expected.width)"
        }
        let colours = zip(read.rgb, expected.rgb).map { abs(Int($0) - Int($1)) }
        let alphas = zip(read.alpha, expected.alpha).map { abs(Int($0) - Int($1)) }
        return "\(colours.count { $0 > 0 }) of \(colours.count) colours differ, by \(colours.max() ?? 0) at most; "
            + "\(read.alpha.count) instead of \(expected.alpha.count) alphas, \(alphas.count { $0 > 0 }) differ"
    }
}
