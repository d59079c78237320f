/// What goes wrong with one request.
public enum Fault: Sendable, Equatable {
    /// Nothing: a good answer.
    case nothing
    case status(Int, String, retryAfter: String? = nil)
    /// 429, as Xinference says it.
    case busy(retryAfter: String? = nil)
    /// 503, while a model is being loaded.
    case loading(retryAfter: String? = "30")
    case unauthorized
    /// 500, the GPU's memory is full.
    case outOfMemory
    /// A good head, and a connection that breaks behind so many bytes of the body.
    case cut(after: Int)
    /// 200 with half an object.
    case wrongJSON
    /// 200 with so many bytes.
    case huge(Int)
    case redirect(String)
    /// 200 with something else.
    case body([UInt8], type: String)
    /// No answer before `release`, and then a good one.
    case held
}
