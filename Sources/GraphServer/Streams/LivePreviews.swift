internal import ComfyProtocol

/// To which sockets pictures go that a node shows of its work: `--preview-method`. Pictures that are a node's result go
/// to all.
enum LivePreviews: Sendable {
    /// To none, even if it takes them.
    case off
    /// To sockets that announced `supports_preview_metadata`, as editors do: a script may take a preview for the result.
    case announced
    case everywhere

    /// The values of ComfyUI's option; how a preview is made is the node's to know here.
    static let methods: [String: LivePreviews] = [
        "none": .off, "auto": .everywhere, "latent2rgb": .everywhere, "taesd": .everywhere,
    ]

    func reach(_ variant: ComfyEncoder.Variant) -> Bool {
        switch self {
        case .off: false
        case .announced: variant == .describedPreview
        case .everywhere: true
        }
    }
}
