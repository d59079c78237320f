import Foundation
import GraphCore

/// Files of ComfyUI's editor: converting crashes on nothing, and what comes out can be drawn and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let reading = try? reader.read(bytes), reading.format == .editor else { return 0 }
    let drawing = EditorDrawing.json(of: reading.workflow, shapes: shapes).file
    guard let again = try? reader.read(drawing) else { return 0 }
    precondition(again.workflow.nodes.count == reading.workflow.nodes.count)
    return 0
}

/// What the pairs' server says of its nodes, where the shared folder is there; a few types otherwise.
private let description: JSONObject = {
    let file = FileManager.default.contents(atPath: "../shared/ui-format/object_info.json").map { [UInt8]($0) }
    let some: [UInt8] = Array(
        """
        {"LoadImage": {"input": {"required": {"image": [["a.png"], {"image_upload": true}]}}, "output": ["IMAGE"]},
         "KSampler": {"input": {"required": {"model": ["MODEL"], "seed": ["INT", {"default": 0}]}}, "output": ["LATENT"]}}
        """.utf8)
    return (try? JSONParser.parse(file ?? some))?.object ?? JSONObject()
}()

private let registry = NodeRegistry()
private let shapes = NodeShapes(registry, objectInfo: description)
private let reader = WorkflowReader(registry: registry, shapes: shapes)
