import Testing

@testable import Media

@Suite("Removing scratches")
struct DescratchTests {
    private static let noise = 3.0 / 255

    /// A slope with a dark wall whose edge is as sharp as can be, and a bar of 12 pixels.
    private static func scene(_ x: Int, _ y: Int) -> Double {
        if (200..<212).contains(x) { return 0.7 }
        return x > 120 ? 0.25 : 0.45 + 0.0008 * Double(y)
    }

    private static func isScratch(_ x: Int, _ y: Int) -> Bool {
        // Leans, from the top to the bottom, two pixels wide; crosses the wall's edge.
        abs(Double(x) - (40 + 0.6 * Double(y))) <= 1
    }

    private static func isSpeck(_ x: Int, _ y: Int) -> Bool { (60..<63).contains(x) && (80..<84).contains(y) }

    private static let size = 256
    private static let clean = DrawnPicture.eightBit(DrawnPicture.grey(size, size, noise: noise, scene))

    /// The clean picture and something added, whose noise is the same.
    private static func damaged(by amount: Double, _ isDamaged: (Int, Int) -> Bool) -> Image {
        var floats = clean.floats()
        for y in 0..<size {
            for x in 0..<size where isDamaged(x, y) {
                for c in 0..<3 { floats[(y * size + x) * 3 + c] += Float(amount) }
            }
        }
        return DrawnPicture.eightBit(Image(batch: 1, height: size, width: size, channels: 3, floats: floats))
    }

    private func repaired(_ image: Image, _ settings: Descratch? = nil) throws -> (image: Image, mask: Mask) {
        var work = RowWork(rowCount: Descratch.passCount * image.batch * image.height)
        return try image.descratched(settings ?? Descratch(), &work)
    }

    @Test("finds a scratch and no more, bright or dark, and fills it within the noise", arguments: [0.3, -0.2])
    func scratch(amount: Double) throws {
        let damaged = Self.damaged(by: amount, Self.isScratch).floats()
        let (image, mask) = try repaired(Self.damaged(by: amount, Self.isScratch))
        let found = mask.floats()
        var (hits, misses, extra) = (0, 0, 0)
        for y in 0..<Self.size {
            for x in 0..<Self.size {
                let isFound = found[y * Self.size + x] == 1
                if Self.isScratch(x, y) {
                    if isFound { hits += 1 } else { misses += 1 }
                } else if isFound, !(-4...4).contains(where: { Self.isScratch(x + $0, y) }) {
                    extra += 1
                }
            }
        }
        #expect(Double(misses) < 0.02 * Double(hits), "\(misses) of \(hits + misses) missed")
        #expect(extra < 20)
        let (filled, clean) = (image.floats(), Self.clean.floats())
        let errors = found.indices.filter { found[$0] == 1 }.map { Double(abs(filled[3 * $0] - clean[3 * $0])) }
        // Two noisy pixels differ by 1.1 deviations on average.
        #expect(errors.mean < 2 * Self.noise, "\(errors.mean * 255) levels")
        #expect(errors.count { $0 > 0.15 } < errors.count / 50)
        #expect(found.indices.allSatisfy { found[$0] == 1 || filled[3 * $0] == damaged[3 * $0] })
    }

    @Test("finds a level scratch and a slanting one")
    func directions() throws {
        for isDamaged: (Int, Int) -> Bool in [
            { _, y in y == 31 || y == 32 }, { x, y in x < 110 && abs(x + y - 160) <= 1 },
        ] {
            let mask = try repaired(Self.damaged(by: 0.3, isDamaged)).mask.floats()
            let places = mask.indices.filter { isDamaged($0 % Self.size, $0 / Self.size) }
            #expect(places.count { mask[$0] == 1 } > places.count * 95 / 100)
        }
    }

    @Test("finds a speck of dust, if asked to")
    func dust() throws {
        let image = Self.damaged(by: 0.3, Self.isSpeck)
        let mask = try repaired(image).mask.floats()
        #expect(mask.indices.allSatisfy { !Self.isSpeck($0 % Self.size, $0 / Self.size) || mask[$0] == 1 })
        let (same, none) = try repaired(image, Descratch(findsDust: false))
        #expect(same == image)
        #expect(none.floats().allSatisfy { $0 == 0 })
    }

    @Test("leaves a picture without any as it is, bit for bit, with its grain, edges and bars")
    func nothing() throws {
        let (image, mask) = try repaired(Self.clean)
        #expect(image == Self.clean)
        #expect(mask.floats().allSatisfy { $0 == 0 })
    }

    @Test("leaves dark scratches when asked for bright ones")
    func kind() throws {
        let image = Self.damaged(by: -0.2, Self.isScratch)
        #expect(try repaired(image, Descratch(kind: .bright)).image == image)
    }

    @Test("leaves what is wider or shorter than a scratch is said to be")
    func limits() throws {
        let wide = Self.damaged(by: 0.3) { x, _ in (40..<52).contains(x) }
        #expect(try repaired(wide).image == wide)
        let short = Self.damaged(by: 0.3) { x, y in x == 40 && (100..<120).contains(y) }
        #expect(try repaired(short).image == short)
    }

    @Test("gives floats the same mask as eight bits, and keeps the storage of both")
    func storage() throws {
        let bytes = Self.damaged(by: 0.3, Self.isScratch)
        let floats = Image(batch: 1, height: Self.size, width: Self.size, channels: 3, floats: bytes.floats())
        let (a, b) = (try repaired(bytes), try repaired(floats))
        #expect(a.mask == b.mask)
        #expect(zip(a.image.floats(), b.image.floats()).allSatisfy { abs($0 - $1) <= 0.51 / 255 })
        guard case .bytes = a.image.storage, case .floats = b.image.storage else {
            Issue.record("the storage changed")
            return
        }
    }

    @Test("takes each picture of a batch by itself")
    func batch() throws {
        let (a, b) = (Self.damaged(by: 0.3, Self.isScratch), Self.clean)
        let pair = Image(
            batch: 2, height: Self.size, width: Self.size, channels: 3, floats: a.floats() + b.floats())
        let (image, mask) = try repaired(pair)
        let half = Self.size * Self.size
        #expect(mask.floats()[half...].allSatisfy { $0 == 0 })
        #expect(Array(mask.floats()[..<half]) == (try repaired(a).mask.floats()))
        #expect(Array(image.floats()[(3 * half)...]) == b.floats())
    }

    @Test("does not stumble over a tiny picture", arguments: [1, 2, 7])
    func tiny(side: Int) throws {
        let image = DrawnPicture.random(side, side, channels: 1)
        #expect(try repaired(image).mask.floats().count == side * side)
    }
}
