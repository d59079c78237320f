public import GraphCore

/// The table of contents: every node type this module has.
public enum BuiltInNodes {
    public static func all() -> [any Node] {
        [
            LoadImage(), SaveImage(), SaveImageAdvanced(), PreviewImage(), SaveImageWebsocket(), EmptyImage(),
            ImageInvert(), ImageScale(),
            ImageBlend(),
            PrimitiveInt(), PrimitiveFloat(), PrimitiveString(), PrimitiveBoolean(), PreviewAny(),
        ]
    }
}
