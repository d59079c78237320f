internal import GraphCore
internal import CKissFFT
internal import Glibc

/// The discrete Fourier transform of real numbers, with KISS FFT in single precision.
@safe final class FourierTransform {
    /// How many numbers it takes: a power of two.
    let count: Int
    private let configuration: OpaquePointer
    private var output: [kiss_fft_cpx]

    /// - Parameter count: a power of two, at least 2.
    init?(count: Int) {
        guard count >= 2, count & (count - 1) == 0,
            let configuration = unsafe kiss_fftr_alloc(Int32(count), 0, nil, nil)
        else { return nil }
        unsafe self.configuration = configuration
        self.count = count
        output = [kiss_fft_cpx](repeating: kiss_fft_cpx(r: 0, i: 0), count: count / 2 + 1)
    }

    deinit { unsafe free(UnsafeMutableRawPointer(configuration)) }

    /// The squared magnitudes of frequencies 0, 1 ... `count` / 2 cycles per `count` samples, unscaled, added to `powers`.
    /// - Parameters:
    ///   - samples: `count` of them.
    ///   - powers: `count / 2 + 1` of them.
    func addPowers(of samples: [Float], to powers: inout [Float]) {
        precondition(samples.count == count && powers.count == output.count, "a transform has one length")
        unsafe samples.withUnsafeBufferPointer { samples in
            unsafe output.withUnsafeMutableBufferPointer { output in
                guard let input = samples.baseAddress, let result = output.baseAddress else { return }
                unsafe kiss_fftr(configuration, input, result)
            }
        }
        for i in output.indices { powers[i] += output[i].r * output[i].r + output[i].i * output[i].i }
    }
}
