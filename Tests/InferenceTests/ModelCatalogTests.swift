import GraphCore
import Testing

@testable import Inference

@Suite("The catalogue of models")
struct ModelCatalogTests {
    @Test("offers the four official checkpoints in the node's order")
    func official() {
        let names = ["ddcolor_paper_tiny.pth", "ddcolor_paper.pth", "ddcolor_modelscope.pth", "ddcolor_artistic.pth"]
        #expect(ModelCatalog.ddcolor.map(\.fileName) == names)
        #expect(ModelCatalog.choices(of: "ddcolor") == .models("ddcolor", published: names))
        #expect(ModelCatalog.choices(of: "upscale_models") == .models("upscale_models"))
    }

    @Test("knows a model by name, with or without its extension")
    func named() {
        #expect(ModelCatalog.model(named: "ddcolor_paper")?.fileName == "ddcolor_paper.pth")
        #expect(ModelCatalog.model(named: "ddcolor_paper.pth")?.name == "ddcolor_paper")
        #expect(ModelCatalog.model(named: "ddcolor") == nil && ModelCatalog.model(named: "") == nil)
    }

    @Test("says where each lies, at the public hub or a mirror of it")
    func addresses() throws {
        let model = try #require(ModelCatalog.model(named: "ddcolor_artistic"))
        #expect(model.url() == "https://huggingface.co/piddnad/DDColor-models/resolve/main/ddcolor_artistic.pth")
        let mirror = ModelCatalog.hub(["GRAPHRUN_MODEL_HUB": "http://127.0.0.1:8000/hub/"])
        #expect(
            model.url(hub: mirror)
                == "http://127.0.0.1:8000/hub/piddnad/DDColor-models/resolve/main/ddcolor_artistic.pth")
        #expect(
            ModelCatalog.hub([:]) == ModelCatalog.hub
                && ModelCatalog.hub(["GRAPHRUN_MODEL_HUB": ""]) == ModelCatalog.hub)
    }
}
