public import GraphCore

/// A model that its makers publish, and that can be fetched by name.
public struct PublishedModel: Sendable, Hashable {
    /// Of the file: `ddcolor_modelscope.pth`.
    public let fileName: String
    /// The folder below `models/` that it belongs into.
    public let kind: String
    /// About; the server says it exactly.
    public let byteCount: Int
    /// What it is for, in one line.
    public let purpose: String
    /// Below the hub's address.
    let place: String

    /// Without the extension: what `graphrun models pull` takes.
    public var name: String { String(fileName.prefix { $0 != "." }) }

    /// - Parameter hub: without a `/` at its end.
    public func url(hub: String = ModelCatalog.hub) -> String { "\(hub)/\(place)/\(fileName)" }
}

/// The models that nodes offer by name whether they are there or not.
public enum ModelCatalog {
    /// The public hub that holds them.
    public static let hub = "https://huggingface.co"
    /// Names the variable that leads to a mirror of it.
    public static let hubVariable = "GRAPHRUN_MODEL_HUB"

    /// DDColor's official checkpoints, in the order in which the ComfyUI node lists them.
    public static let ddcolor = [
        ddcolor(
            "ddcolor_paper_tiny", 220_000_000, "the paper's small network (ConvNeXt-T), ImageNet: fastest, least memory"
        ),
        ddcolor("ddcolor_paper", 912_000_000, "the paper's large network (ConvNeXt-L), ImageNet"),
        ddcolor("ddcolor_modelscope", 912_000_000, "DDColor's own default: large, a cleaned ImageNet"),
        ddcolor(
            "ddcolor_artistic", 912_000_000,
            "large, ImageNet and pictures that are not public, without the colourfulness loss"),
    ]

    public static let all = ddcolor

    /// What a COMBO of a node offers: these, and what else is found.
    public static func choices(of kind: String) -> ChoiceSource {
        .models(kind, published: all.filter { $0.kind == kind }.map(\.fileName))
    }

    /// By name, with the extension or without.
    public static func model(named name: String) -> PublishedModel? {
        all.first { $0.fileName == name || $0.name == name }
    }

    /// The hub to fetch from: `environment`'s when it names one.
    public static func hub(_ environment: [String: String]) -> String {
        guard var hub = environment[hubVariable], !hub.isEmpty else { return hub }
        while hub.hasSuffix("/") { hub.removeLast() }
        return hub
    }

    private static func ddcolor(_ name: String, _ byteCount: Int, _ purpose: String) -> PublishedModel {
        PublishedModel(
            fileName: name + ".pth", kind: "ddcolor", byteCount: byteCount, purpose: purpose,
            place: "piddnad/DDColor-models/resolve/main")
    }
}
