import GraphCore
import Media
import Testing

@testable import Nodes
@testable import Remote

@Suite("An order for a picture")
struct PictureOrderTests {
    private static var full: PictureOrder {
        PictureOrder(
            prompt: "a cat", negativePrompt: "dogs", size: (64, 48), count: 2, steps: 8, guidance: 3.5,
            seed: .max)
    }

    private static func json(_ order: PictureOrder, _ kind: Provider.Kind, _ model: String) -> String {
        let request = order.request(to: kind, model: model, requestID: "id1")
        guard case .json(let json) = request.body else { return "no JSON" }
        return "\(request.path) \(JSONWriter.text(json))"
    }

    /// Fields of a form, one a line; of files their names, types and sizes.
    private static func form(_ order: PictureOrder, _ kind: Provider.Kind, _ model: String) -> String {
        let request = order.request(to: kind, model: model, requestID: "id1")
        guard case .form(let parts) = request.body else { return "no form" }
        return request.path + "\n"
            + parts.map { part in
                guard let file = part.fileName else {
                    return "\(part.name): \(String(decoding: part.bytes, as: UTF8.self))"
                }
                return "\(part.name): \(file), \(part.contentType ?? ""), \(part.bytes.count) bytes"
            }.joined(separator: "\n")
    }

    @Test("goes to Xinference with its settings in a JSON text")
    func xinference() {
        #expect(
            Self.json(Self.full, .xinference, "Z-Image-Turbo")
                == #"/v1/images/generations {"model":"Z-Image-Turbo","prompt":"a cat","n":2,"response_format":"b64_json","#
                + #""kwargs":"{\"negative_prompt\":\"dogs\",\"num_inference_steps\":8,\"guidance_scale\":3.5,"#
                + #"\"seed\":18446744073709551615,\"request_id\":\"id1\"}","size":"64*48"}"#)
    }

    @Test("leaves to the model what nobody set")
    func defaults() {
        #expect(
            Self.json(PictureOrder(prompt: "x"), .xinference, "m")
                == #"/v1/images/generations {"model":"m","prompt":"x","n":1,"response_format":"b64_json","#
                + #""kwargs":"{\"seed\":0,\"request_id\":\"id1\"}"}"#)
        #expect(
            Self.json(PictureOrder(prompt: "x"), .openai, "m")
                == #"/v1/images/generations {"model":"m","prompt":"x","n":1,"response_format":"b64_json","seed":0}"#)
    }

    @Test("goes to servers with OpenAI's routes with the settings beside its fields")
    func openAI() {
        #expect(
            Self.json(Self.full, .openai, "flux")
                == #"/v1/images/generations {"model":"flux","prompt":"a cat","n":2,"size":"64x48","#
                + #""response_format":"b64_json","negative_prompt":"dogs","num_inference_steps":8,"#
                + #""guidance_scale":3.5,"seed":18446744073709551615}"#)
    }

    @Test("tells OpenAI's own models only what they know")
    func ownModels() {
        #expect(
            Self.json(Self.full, .openai, "gpt-image-1")
                == #"/v1/images/generations {"model":"gpt-image-1","prompt":"a cat","n":2,"size":"64x48"}"#)
        #expect(
            Self.json(Self.full, .openai, "dall-e-2")
                == #"/v1/images/generations {"model":"dall-e-2","prompt":"a cat","n":2,"size":"64x48","#
                + #""response_format":"b64_json"}"#)
        #expect(Self.full.leftOut(for: .openai, model: "dall-e-2") == ["negative_prompt", "steps", "guidance"])
        #expect(Self.full.leftOut(for: .openai, model: "flux") == [])
        #expect(Self.full.leftOut(for: .xinference, model: "dall-e-2") == [])
    }

    @Test("that changes a picture goes to variations, and with a mask to inpainting, on Xinference")
    func sourceForXinference() {
        var order = Self.full
        order.source = PictureOrder.Source(picture: [1, 2, 3], strength: 0.5)
        let fields = """
            model: m
            prompt: a cat
            n: 2
            response_format: b64_json
            negative_prompt: dogs
            size: 64*48
            kwargs: {"num_inference_steps":8,"guidance_scale":3.5,"strength":0.5,"seed":18446744073709551615,\
            "request_id":"id1"}
            image: image.png, image/png, 3 bytes
            """
        #expect(Self.form(order, .xinference, "m") == "/v1/images/variations\n" + fields)
        order.source?.mask = [1]
        #expect(
            Self.form(order, .xinference, "m")
                == "/v1/images/inpainting\n" + fields + "\nmask_image: mask_image.png, image/png, 1 bytes")
    }

    @Test("that changes a picture goes to edits elsewhere")
    func sourceForOpenAI() {
        var order = Self.full
        order.source = PictureOrder.Source(picture: [1, 2, 3], mask: [4, 5], strength: 0.5)
        #expect(
            Self.form(order, .openai, "gpt-image-1") == """
                /v1/images/edits
                model: gpt-image-1
                prompt: a cat
                n: 2
                size: 64x48
                image: image.png, image/png, 3 bytes
                mask: mask.png, image/png, 2 bytes
                """)
    }

    @Test("takes no more than its pictures can have")
    func bounds() {
        #expect(Self.full.maxByteCount == 64 << 20)
        #expect(PictureOrder(prompt: "", size: (2048, 2048), count: 4).maxByteCount == 4 * 2048 * 2048 * 8 / 3 * 4)
        #expect(PictureOrder(prompt: "", size: (8192, 8192), count: 16).maxByteCount == 256 << 20)
        #expect(PictureOrder(prompt: "").maxByteCount == 256 << 20)
    }

    @Test("carries its mask as the server wants it: white, or transparent, where to paint")
    func masks() throws {
        let image = Image.counting(height: 1, width: 2)
        let mask = Mask(batch: 1, height: 1, width: 2, floats: [1, 0])
        let white = try ImageDecoder.decode(try SentPicture.mask(mask, at: 0, of: image, for: .xinference))
        #expect(white.image.eightBit() == [255, 255, 255, 0, 0, 0])
        let clear = try ImageDecoder.decode(try SentPicture.mask(mask, at: 3, of: image, for: .openai))
        #expect(clear.alpha == [0, 255])
        #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, input: "mask", "the mask has 2x1 pixels and the picture 1x1",
                suggestion: "Make the mask from the picture, or scale one of them to the other's size.")
        ) { try SentPicture.mask(mask, at: 0, of: .counting(height: 1, width: 1), for: .openai) }
    }
}
