public import GraphCore

extension Image: SocketValue {
    public static var socketType: SocketType { "IMAGE" }
}

extension Mask: SocketValue {
    public static var socketType: SocketType { "MASK" }
}
