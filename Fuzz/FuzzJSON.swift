import GraphCore

/// JSON: no crash on any bytes; what is accepted is written and read back as the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let value = try? JSONParser.parse(bytes) else { return 0 }
    for style in [JSONWriter.Style.compact, .python, .indented] {
        guard let again = try? JSONParser.parse(JSONWriter.bytes(value, style: style)) else { fatalError("unreadable") }
        precondition(again == value, "changed by \(style)")
    }
    return 0
}
