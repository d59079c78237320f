import GraphCore
import Nodes
import TestNodes
import Testing

@testable import GraphServer

@Suite("A node with models")
struct ModelChoiceTests {
    private let place: TestPlace

    init() throws {
        place = try TestPlace(
            files: ["models/ddcolor/mine.safetensors": [1], "models/ddcolor/mine.safetensors.part": [1]],
            nodes: BuiltInNodes.all() + [ShowModel()])
    }

    private func errors(_ model: String) async -> JSON? {
        let answer = await place.post(
            "/prompt",
            json: ["prompt": ["1": ["class_type": "ShowModel", "inputs": ["model": .string(model)]]]])
        #expect(answer.status == 400)
        return answer.json["node_errors"]?["1"]?["errors"]?.array?.first
    }

    @Test("offers the published ones first, then what is found")
    func offers() async {
        let info = await place.get("/object_info/ShowModel").json
        #expect(
            info["ShowModel"]?["input"]?["required"]?["model"]?.array?.first
                == ["ddcolor_paper_tiny.pth", "ddcolor_modelscope.pth", "mine.safetensors"])
    }

    @Test("refuses a published one that is missing, and says how to get it")
    func missing() async {
        let error = await errors("ddcolor_modelscope.pth")
        #expect(
            error == [
                "type": "custom_validation_failed", "message": "Custom validation failed for node",
                "details": "model - the model 'ddcolor_modelscope.pth' is not in models/ddcolor/",
                "extra_info": ["input_name": "model"],
                "explanation":
                    "input 'model': the model 'ddcolor_modelscope.pth' is not in models/ddcolor/",
                "suggestion": "Get it with: graphrun models pull ddcolor_modelscope",
            ])
    }

    @Test("refuses an unknown name, and says what was meant")
    func unknown() async {
        let error = await errors("ddcolor_modelscop.pth")
        #expect(error?["type"] == "value_not_in_list")
        #expect(
            error?["details"]?.string == """
                model: 'ddcolor_modelscop.pth' not in \
                ['ddcolor_paper_tiny.pth', 'ddcolor_modelscope.pth', 'mine.safetensors']
                """)
        #expect(
            error?["explanation"] == "input 'model': 'ddcolor_modelscop.pth' was not found in models/ddcolor/")
        #expect(error?["suggestion"] == "Did you mean 'ddcolor_modelscope.pth'?")
        #expect(await errors("mine")?["suggestion"] == "Did you mean 'mine.safetensors'?")
        #expect(
            await errors("x.pth")?["suggestion"]?.string == """
                Put it into models/ddcolor/, or choose one of: \
                mine.safetensors.
                """)
    }
}
