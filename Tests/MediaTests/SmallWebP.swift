import Foundation

/// 32x16 pixels: red, green above blue, white. Made with Pillow (libwebp).
enum SmallWebP {
    /// Quality 75.
    static let lossy = bytes(
        """
        UklGRk4AAABXRUJQVlA4IEIAAABwAgCdASogABAAAgA0JaACdLwJ4B+EH43ARGMAAP72Rz//6+4P/ICmWQH/8gP//ID8ftTW9/pOD//70vpe
        kUBUgAA=
        """)

    /// Lossless.
    static let lossless = bytes(
        """
        UklGRjgAAABXRUJQVlA4TCwAAAAvH8ADAB8gEEjeHzqN+RcQFPwf3fxHZA+AINtmkpOc5AEuENH/qFL9AWzbDw==
        """)

    /// Quality 75 with alpha: upper left clear, lower left half (128).
    static let clear = bytes(
        """
        UklGRoQAAABXRUJQVlA4WAoAAAAQAAAAHwAADwAAQUxQSBsAAAABFyAQSFKffI2ICAeBAGHSpFUDEf0PANWv6gUAVlA4IEIAAABwAgCdASog
        ABAAAgA0JaACdLwJ4B+EH43ARGMAAP72Rz//6+4P/ICmWQH/8gP//ID8ftTW9/pOD//70vpekUBUgAA=
        """)

    /// The same, lossless.
    static let losslessClear = bytes(
        """
        UklGRjgAAABXRUJQVlA4TCwAAAAvH8ADEB8gEEjaH3qN/Z9/AUHRdcuFzBaBINtmkpOc5AEuENH/AFD9bVvVDw==
        """)

    /// Lossless, with EXIF orientation 6: turn clockwise to stand upright.
    static let turned = bytes(
        """
        UklGRmwAAABXRUJQVlA4WAoAAAAIAAAAHwAADwAAVlA4TCwAAAAvH8ADAB8gEEjeHzqN+RcQFPwf3fxHZA+AINtmkpOc5AEuENH/qFL9AWzb
        D0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=
        """)

    /// Two frames.
    static let animated = bytes(
        """
        UklGRrwAAABXRUJQVlA4WAoAAAACAAAAHwAADwAAQU5JTQYAAAAAAAAAAABBTk1GRAAAAAAAAAAAAB8AAA8AAGQAAAJWUDhMLAAAAC8fwAMA
        HyAQSN4fOo35FxAU/B/d/EdkD4Ag22aSk7zkAC4Q0f/YNtUfQNUtQU5NRkQAAAAAAAAAAAAfAAAPAABkAAAAVlA4TCwAAAAvH8ADAB8gEEje
        HzqN+RcQFPwf3fxHZA+AINtmkpOc5AEuENH/2DaAn2rVLQ==
        """)

    private static func bytes(_ base64: String) -> [UInt8] {
        Data(base64Encoded: base64, options: .ignoreUnknownCharacters).map { [UInt8]($0) } ?? []
    }
}
