internal import GraphCore

/// ComfyUI's upscale methods, under its names.
public enum ResamplingMethod: String, Sendable, CaseIterable {
    case nearestExact = "nearest-exact"
    case bilinear, area, bicubic, lanczos
}

extension Image {
    /// ComfyUI's `common_upscale`. `width` and `height` are at least 1; `centerCrop` first cuts away what does not fit
    /// their aspect. All methods but lanczos (Pillow's, antialiased) are PyTorch's `interpolate` without antialiasing.
    ///
    /// `nearestExact` keeps the storage as it is, `lanczos` returns eight bits, the others floats.
    /// - Parameter work: makes the work for so many rows: who is told of progress, and who lends cores.
    /// - Throws: what a step of `work` throws.
    public func resized(
        width: Int, height: Int, method: ResamplingMethod, centerCrop: Bool,
        work: (_ rowCount: Int) -> RowWork = { RowWork(rowCount: $0) }
    ) throws -> Image {
        precondition(width > 0 && height > 0 && self.width > 0 && self.height > 0, "an image without pixels")
        let window =
            centerCrop
            ? Window(of: self, croppedTo: (width, height))
            : Window(x: 0, y: 0, width: self.width, height: self.height)
        switch method {
        case .nearestExact: return try nearest(window, width: width, height: height, work: work)
        case .lanczos: return try lanczos(window, width: width, height: height, work: work)
        case .bilinear, .area, .bicubic:
            return try interpolated(
                window, columns: SampleWeights(method, from: window.width, to: width),
                rows: SampleWeights(method, from: window.height, to: height), work: work)
        }
    }
}

/// The part of each image that is resampled, in pixels.
struct Window: Equatable {
    var x: Int, y: Int, width: Int, height: Int
}

extension Window {
    /// ComfyUI utils.py common_upscale, crop "center": Python's `round`, so halves go to the even number. Keeps at
    /// least one row and column, where ComfyUI fails.
    init(of image: Image, croppedTo size: (width: Int, height: Int)) {
        let old = (width: Double(image.width), height: Double(image.height))
        let oldAspect = old.width / old.height
        let newAspect = Double(size.width) / Double(size.height)
        (x, y) = (0, 0)
        if oldAspect > newAspect {
            x = Int(clamping: ((old.width - old.width * (newAspect / oldAspect)) / 2).rounded(.toNearestOrEven))
        } else if oldAspect < newAspect {
            y = Int(clamping: ((old.height - old.height * (oldAspect / newAspect)) / 2).rounded(.toNearestOrEven))
        }
        x = min(x, (image.width - 1) / 2)
        y = min(y, (image.height - 1) / 2)
        width = image.width - 2 * x
        height = image.height - 2 * y
    }
}
