import Glibc
import Testing

@testable import Media

@Suite("A Fourier transform")
struct FourierTransformTests {
    @Test("has the powers that the sum of its definition has")
    func definition() throws {
        let count = 32
        let samples = (0..<count).map { Float(sin(Double($0) * 1.7) + 0.3 * cos(Double($0 * $0))) }
        let expected = (0...count / 2).map { k in
            var (re, im) = (0.0, 0.0)
            for (n, x) in samples.enumerated() {
                re += Double(x) * cos(2 * .pi * Double(k * n) / Double(count))
                im -= Double(x) * sin(2 * .pi * Double(k * n) / Double(count))
            }
            return Float(re * re + im * im)
        }
        let transform = try #require(FourierTransform(count: count))
        var powers = [Float](repeating: 1, count: count / 2 + 1)
        transform.addPowers(of: samples, to: &powers)
        #expect(zip(powers, expected).allSatisfy { abs($0 - 1 - $1) < 1e-3 })
    }

    @Test("takes powers of two", arguments: [-8, 0, 1, 3, 100])
    func badCount(count: Int) { #expect(FourierTransform(count: count) == nil) }
}
