internal import GraphCore

/// L* of stored colours as OpenCV finds it in float pictures, which is what DDColor was trained and is run with: from a
/// table of 33 x 33 x 33 colours, between them in sixteenths. It is off the formula by up to 0.19, and near black that
/// moves a pixel by as much as 7 levels of 255.
///
/// opencv/modules/imgproc/src/color_lab.cpp, `RGB2Lab_f`: colours and L* as 14-bit integers, 5 bits for the place in the
/// table, 4 for the share of its neighbour, the rest dropped.
struct OpenCVLightness: Sendable {
    /// A channel of 0...1 in sixteenths of the table's steps: 0...512.
    typealias Place = Int32

    static let shared = OpenCVLightness()
    /// One more than there are entries in a row, so that the last has a neighbour, which then has no share.
    static var side: Int { 34 }
    private static let unit = 16384.0

    /// 2^14 * L / 100 of [red][green][blue].
    let table: [Int16]
    /// f(Y) of 2^14 * L / 100, 0...2^14.
    let f: [Float]

    private init() {
        let light = (0...32).map { SRGB.light(Double($0) / 32) } + [1]
        var table: [Int16] = []
        table.reserveCapacity(Self.side * Self.side * Self.side)
        for red in light {
            for green in light {
                for blue in light {
                    let y = 0.212671 * red + 0.715160 * green + 0.072169 * blue
                    let lightness = y > 216.0 / 24389 ? 116 * CIELab.f(y) - 16 : y * 24389 / 27
                    table.append(Int16((lightness * Self.unit / 100).rounded(.toNearestOrEven)))
                }
            }
        }
        self.table = table
        f = (0...Int(clamping: Self.unit)).map { value in
            let lightness = Double(value) * 100 / Self.unit
            return Float(lightness > 0.008856 * 903.3 ? (lightness + 16) / 116 : 7.787 * lightness / 903.3 + 16.0 / 116)
        }
    }

    /// NaN counts as 0.
    static func place(_ stored: Float) -> Place {
        let clipped = stored > 0 ? min(stored, 1) : 0
        return Place(Int16((clipped * Float(unit)).rounded(.toNearestOrEven))) >> 5
    }

    /// f(Y) of a colour.
    func callAsFunction(_ red: Place, _ green: Place, _ blue: Place) -> Float {
        func along(_ corner: Int, _ step: Int, _ share: Place, _ value: (Int) -> Place) -> Place {
            value(corner) * (16 - share) + value(corner + step) * share
        }
        let corner = (Int(red >> 4) * Self.side + Int(green >> 4)) * Self.side + Int(blue >> 4)
        let sum = along(corner, Self.side * Self.side, red & 15) { corner in
            along(corner, Self.side, green & 15) { corner in
                along(corner, 1, blue & 15) { Place(table[$0]) }
            }
        }
        return f[Int((sum + 2048) >> 12)]
    }
}
