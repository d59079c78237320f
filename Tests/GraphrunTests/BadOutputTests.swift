import Foundation
import TestData
import Testing

@Suite("An output that cannot be written", .timeLimit(.minutes(1)))
struct BadOutputTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("small.json", Samples.small)
    }

    @Test(
        "because its name leads out of the folder is refused before the run",
        arguments: ["../x", "a/../../x", "/x"])
    func outside(_ prefix: String) async throws {
        let result = try await workplace.graphrun("small.json", "--set", "2.filename_prefix=\(prefix)", "--quiet")
        #expect(result.code == 2 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.errors == """
                error: node 2 (SaveImage): input 'filename_prefix': the prefix '\(prefix)' leads out of the output folder
                  Use a name, or SUBFOLDER/NAME.

                """)
        #expect(workplace.files("").filter { $0.contains(".png") || $0.contains(".part") }.isEmpty)
    }

    @Test("because a link leads out of the folder fails its node")
    func link() async throws {
        try workplace.makeFolder("outside")
        try workplace.makeFolder("output")
        try workplace.link("output/away", to: "../outside")
        let result = try await workplace.graphrun("small.json", "--set", "2.filename_prefix=away/deep/x", "--quiet")
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 2 (SaveImage): 'away/deep' is a symbolic link in the output folder
                  Use a real folder, or choose another place with --output-directory.

                """)
        #expect(workplace.files("outside").isEmpty)
    }

    @Test("because its name is too long is refused before the run")
    func long() async throws {
        let prefix = String(repeating: "a", count: 201)
        let result = try await workplace.graphrun("small.json", "--set", "2.filename_prefix=\(prefix)", "--quiet")
        #expect(result.code == 2 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.errors == """
                error: node 2 (SaveImage): input 'filename_prefix': the prefix is longer than a file name may be
                  Use at most 200 bytes.

                """)
    }

    // Tests may run as root, whom permissions do not stop; a file in the way stops everybody.
    @Test("because its folder cannot be made fails its node", arguments: ["file", "file/sub"])
    func fileInTheWay(_ folder: String) async throws {
        try workplace.write("file", "keep me")
        let result = try await workplace.graphrun("small.json", "--output-directory", folder, "--quiet")
        #expect(result.code == 1 && result.output.isEmpty)
        #expect(
            result.errors == """
                error: node 2 (SaveImage): cannot write to \(folder): a file is in the way
                  Choose another name, or move what has it out of the way.

                """)
        #expect(try workplace.text("file") == "keep me")
    }

    @Test("because its folder is read-only fails its node", .enabled(if: getuid() != 0, "root may write everywhere"))
    func readOnly() async throws {
        try workplace.makeFolder("output")
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: workplace.url("output").path)
        let result = try await workplace.graphrun("small.json", "--quiet")
        #expect(result.code == 1 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.errors == """
                error: node 2 (SaveImage): cannot write to output: permission denied
                  Check its permissions, or choose another place with --output-directory.

                """)
    }

    #if os(Linux)
    @Test(
        "because the disk is full, or read-only, fails its node and leaves no part of it",
        .enabled(if: TinyDisk.isPossible))
    func fullDisk() async throws {
        try workplace.makeFolder("output")
        let disk = try TinyDisk(at: workplace.url("output").path)
        try workplace.write("input/noise.png", Samples.noise)
        try workplace.write("load.json", Samples.load("noise.png"))
        try workplace.write("output/kept.txt", "keep me")
        let full = try await workplace.graphrun("load.json", "--quiet")
        #expect(full.code == 1 && full.output.isEmpty)
        #expect(
            full.errors == """
                error: node 3 (SaveImage): cannot write to output: the disk is full
                  Free some space, or choose another disk with --output-directory.

                """)
        #expect(workplace.outputs == ["kept.txt"])
        #expect(try workplace.text("output/kept.txt") == "keep me")

        try disk.makeReadOnly()
        let readOnly = try await workplace.graphrun("small.json", "--quiet")
        #expect(readOnly.code == 1 && readOnly.output.isEmpty && workplace.outputs == ["kept.txt"])
        #expect(
            readOnly.errors == """
                error: node 2 (SaveImage): cannot write to output: the disk is read-only
                  Check its permissions, or choose another place with --output-directory.

                """)
        withExtendedLifetime(disk) {}
    }
    #endif

    @Test("because the system limits file sizes fails its node and leaves no part of it")
    func fileSizeLimit() async throws {
        try workplace.write("input/noise.png", Samples.noise)
        try workplace.write("load.json", Samples.load("noise.png"))
        // In blocks of 512 bytes. XFSZ would end the program before the call could fail.
        let command = "ulimit -f 16; trap '' XFSZ; exec '\(Program.path)' load.json --quiet"
        let result = try await Program(["-c", command], in: workplace.folder, program: "/bin/sh").result()
        #expect(result.code == 1)
        #expect(
            result.errors == """
                error: node 3 (SaveImage): cannot write to output: the file is larger than the system allows
                  Check its permissions, or choose another place with --output-directory.

                """)
        #expect(workplace.outputs.isEmpty)
    }
}

#if os(Linux)
/// A disk of 32 kB. Only root may have one, and not in every container.
private final class TinyDisk {
    static let isPossible = getuid() == 0 && (try? TinyDisk.probe()) != nil

    private let path: String

    init(at path: String) throws {
        self.path = path
        try Self.shell("mount -t tmpfs -o size=32k tmpfs '\(path)'")
    }

    func makeReadOnly() throws { try Self.shell("mount -o remount,ro '\(path)'") }

    deinit { try? Self.shell("umount -l '\(path)'") }

    private static func probe() throws {
        let workplace = try Workplace()
        try workplace.makeFolder("disk")
        _ = try TinyDisk(at: workplace.url("disk").path)
    }

    private static func shell(_ command: String) throws {
        if try Child.run("/bin/sh", ["-c", command]).code != 0 { throw CocoaError(.fileWriteNoPermission) }
    }
}
#endif
