internal import Inference

extension Options {
    /// What nodes with models run on.
    var modelHost: ModelHost.Options {
        var host = ModelHost.Options()
        host.device = Device(rawValue: device) ?? .auto
        host.memoryByteCount = modelByteCount ?? host.memoryByteCount
        host.limitThreads(to: resources)
        return host
    }
}
