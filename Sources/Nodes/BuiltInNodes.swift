public import GraphCore

/// The table of contents: every node type this module has.
public enum BuiltInNodes {
    public static func all() -> [any Node] {
        [
            LoadImage(), SaveImage(), PreviewImage(), SaveImageWebsocket(), EmptyImage(), ImageInvert(), ImageScale(),
            ImageBlend(),
            ImageGrayscale(), ImageAutoContrast(), ImageDenoise(), ImageDescratch(), ImageDeskew(), ImageVignetteFix(),
            PrimitiveInt(), PrimitiveFloat(), PrimitiveString(), PrimitiveBoolean(), PreviewAny(),
        ]
    }
}
