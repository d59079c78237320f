public import GraphCore

/// A super-resolution model that was found and could be loaded: what flows between the loader and its users.
public struct UpscaleModel: SocketValue {
    public static var socketType: SocketType { SocketType("UPSCALE_MODEL") }

    let path: String
    /// As workflows name it.
    let name: String
}
