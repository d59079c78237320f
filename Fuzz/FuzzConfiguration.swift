import Files
import Foundation
import GraphCore
import Remote

/// Both kinds of YAML files that people write: no crash on any bytes, and a complaint names a line and what to do.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Data(UnsafeBufferPointer(start: start, count: count))
    guard (try? bytes.write(to: file)) != nil else { preconditionFailure("no file can be written") }
    check("providers") { () throws(Diagnostic) in
        let configuration = try Configuration(file: file.path, baseDirectory: "/", environment: [:])
        precondition(configuration.providers.allSatisfy { !$0.name.isEmpty && $0.limit > 0 })
    }
    check("folders") { () throws(Diagnostic) in
        var paths = ModelPaths()
        try paths.read(file.path)
    }
    return 0
}

private let file = FileManager.default.temporaryDirectory.appendingPathComponent("graphrun-fuzz-\(getpid()).yaml")

private func check(_ what: String, _ read: () throws(Diagnostic) -> Void) {
    do throws(Diagnostic) { try read() } catch {
        precondition(error.message.contains(", line "), "\(what): \(error.message)")
        precondition(error.suggestion?.isEmpty == false, "\(what): no suggestion")
    }
}
