// swift-tools-version: 6.2
import PackageDescription

/// The compiler as reviewer: every target is built with the same strict settings.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "graphrun",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "graphrun", targets: ["graphrun"]),
        .executable(name: "graphserver", targets: ["GraphServerMain"]),
    ],
    targets: [
        .target(name: "GraphCore", swiftSettings: strict),

        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png"), .linkedLibrary("z")]),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .systemLibrary(
            name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
        .systemLibrary(
            name: "CLCMS", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"]), .brew(["little-cms2"])]),
        .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
        .target(name: "CGIF", linkerSettings: [.linkedLibrary("gif")]),
        .systemLibrary(
            name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"]), .brew(["libsndfile"])]),
        .systemLibrary(
            name: "CSampleRate", pkgConfig: "samplerate",
            providers: [.apt(["libsamplerate0-dev"]), .brew(["libsamplerate"])]),
        .systemLibrary(
            name: "CEBUR128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"]), .brew(["libebur128"])]),
        // Its pkg-config file names macros that SwiftPM refuses; float is what it takes without them.
        .systemLibrary(name: "CKissFFT", providers: [.apt(["libkissfft-dev"]), .brew(["kissfft"])]),
        .systemLibrary(name: "CMalloc"),
        .target(
            name: "Media",
            dependencies: [
                "GraphCore", "CPNG", "CJPEG", "CWebP", "CLCMS", "CTIFF", "CGIF", "CSndfile", "CSampleRate", "CEBUR128",
                "CKissFFT", "CMalloc",
            ],
            // For `PixelBuffer.span`: in Swift 6.3 a type of one's own cannot otherwise lend its memory.
            swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),

        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .target(name: "Digest", dependencies: ["CCrypto"], swiftSettings: strict),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        .target(name: "Files", dependencies: ["GraphCore", "Digest", "CYAML"], swiftSettings: strict),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .target(name: "CEpoll"),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(
            name: "HTTP", dependencies: ["Digest", "CEpoll", "CZlib", "COpenSSL", "CCurl"], swiftSettings: strict),

        .target(name: "COnnxRuntime", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "Inference", dependencies: ["GraphCore", "Digest", "COnnxRuntime"], swiftSettings: strict),

        .target(name: "Processes", dependencies: ["GraphCore"], swiftSettings: strict),
        .target(name: "Remote", dependencies: ["GraphCore", "Files", "HTTP"], swiftSettings: strict),

        .target(
            name: "Nodes", dependencies: ["GraphCore", "Media", "Inference", "Processes", "Remote"],
            swiftSettings: strict),
        .target(name: "ComfyProtocol", dependencies: ["GraphCore"], swiftSettings: strict),
        .target(name: "Arguments", dependencies: ["GraphCore"], swiftSettings: strict),
        .executableTarget(
            name: "graphrun",
            dependencies: [
                "Arguments", "ComfyProtocol", "GraphCore", "Media", "Files", "HTTP", "Inference", "Processes", "Remote",
                "Nodes",
            ],
            swiftSettings: strict),

        .target(
            name: "GraphServer",
            dependencies: ["Arguments", "ComfyProtocol", "GraphCore", "Media", "Files", "Digest", "HTTP"],
            swiftSettings: strict),
        .executableTarget(
            name: "GraphServerMain", dependencies: ["GraphCore", "Inference", "Remote", "Nodes", "GraphServer"],
            swiftSettings: strict),

        .target(
            name: "TestNodes", dependencies: ["GraphCore", "Media"], path: "Tests/TestNodes", swiftSettings: strict),
        .executableTarget(
            name: "TestServer", dependencies: ["GraphCore", "Nodes", "GraphServer", "TestNodes"],
            path: "Tests/TestServer", swiftSettings: strict),
        .executableTarget(
            name: "Bench", dependencies: ["CEpoll", "GraphCore", "Media", "Inference"], path: "Bench",
            exclude: [
                "RESULTS.md", "run.sh", "processes.py", "libvips.py", "decode_alone.c", "ddcolor.py", "speech.py",
                "loop.py", "memory.py",
            ],
            swiftSettings: strict),

        .target(name: "TestData", path: "Tests/TestData", swiftSettings: strict),
        .target(
            name: "TestModelServer", dependencies: ["GraphCore", "HTTP"], path: "Tests/TestModelServer",
            swiftSettings: strict),
        .testTarget(
            name: "GraphCoreTests", dependencies: ["GraphCore", "TestData", "TestNodes"], swiftSettings: strict),
        .testTarget(
            name: "MediaTests", dependencies: ["Media", "TestData"], exclude: ["peers"], swiftSettings: strict),
        .testTarget(
            name: "InferenceTests", dependencies: ["GraphCore", "Inference", "TestData"], swiftSettings: strict),
        .testTarget(
            name: "NodesTests",
            dependencies: [
                "GraphCore", "Media", "Files", "HTTP", "Inference", "Processes", "Remote", "Nodes", "TestData",
                "TestModelServer",
            ],
            exclude: ["peers"],
            swiftSettings: strict),
        .testTarget(
            name: "ProcessesTests", dependencies: ["GraphCore", "Processes", "TestData"], swiftSettings: strict),
        .testTarget(
            name: "RemoteTests", dependencies: ["GraphCore", "Files", "HTTP", "Remote", "TestData", "TestModelServer"],
            swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["GraphCore", "Files", "TestData"], swiftSettings: strict),
        .testTarget(
            name: "HTTPTests", dependencies: ["Digest", "HTTP", "TestData"], exclude: ["peer.py"], swiftSettings: strict
        ),
        .testTarget(
            name: "ComfyProtocolTests", dependencies: ["ComfyProtocol", "GraphCore", "TestData", "TestNodes"],
            swiftSettings: strict),
        .testTarget(
            name: "GraphServerTests",
            dependencies: [
                "Arguments", "ComfyProtocol", "GraphCore", "Files", "HTTP", "Nodes", "GraphServer", "TestData",
                "TestNodes", "TestServer",
            ],
            exclude: ["peers"],
            swiftSettings: strict),
        .testTarget(
            name: "GraphrunTests",
            dependencies: [
                "Digest", "GraphCore", "HTTP", "Media", "Nodes", "TestData", "TestModelServer", "TestServer",
            ],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
