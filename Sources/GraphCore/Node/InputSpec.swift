/// Everything there is to know about one input of a node type; shared by validation, typed reading and `/object_info`.
///
/// A class, so that passing a declaration around costs one reference and comparing two of them one instruction.
public final class InputSpec: Sendable {
    public enum Presence: Sendable { case required, optional, hidden }

    public let name: String
    public let type: SocketType
    public let presence: Presence
    /// What a node gets when an optional input is absent; what an editor fills in.
    public let defaultValue: JSON?
    /// Closed range for numbers.
    public let minimum: JSONNumber?
    public let maximum: JSONNumber?
    public let choices: Choices?
    /// Evaluated only when the node asks for it (`Node.neededInputs`).
    public let isLazy: Bool
    /// The node gets the link, not what flows through it.
    public let isRawLink: Bool
    /// Further members for editors, in order: `step`, `display`, `tooltip`, `multiline`...
    public let options: [JSONObject.Member]
    /// `/object_info` shows an options object even when it is empty.
    public let alwaysShowsOptions: Bool
    /// What the Swift type that the node reads can hold; nil for any INT.
    let bounds: ClosedRange<Int128>?
    /// The range is for literals; a link may bring anything that the node can read.
    public let isLooseWhenLinked: Bool
    /// Where files whose names begin with the text are saved; nil for any other text.
    let savingFolder: FolderName?
    /// What literals are held to.
    let constraint: InputConstraint
    /// What every value is held to before a node is called.
    let callConstraint: InputConstraint

    init(
        name: String, type: SocketType, presence: Presence = .required, defaultValue: JSON? = nil,
        minimum: JSONNumber? = nil, maximum: JSONNumber? = nil, choices: Choices? = nil, isLazy: Bool = false,
        isRawLink: Bool = false, options: [JSONObject.Member]? = nil, bounds: ClosedRange<Int128>? = nil,
        isLooseWhenLinked: Bool = false, savingFolder: FolderName? = nil
    ) {
        (self.name, self.type, self.presence, self.defaultValue) = (name, type, presence, defaultValue)
        (self.minimum, self.maximum, self.choices) = (minimum, maximum, choices)
        (self.isLazy, self.isRawLink) = (isLazy, isRawLink)
        (self.options, self.alwaysShowsOptions) = (options ?? [], options != nil)
        (self.bounds, self.isLooseWhenLinked, self.savingFolder) = (bounds, isLooseWhenLinked, savingFolder)
        constraint = InputConstraint(type, minimum: minimum, maximum: maximum, choices: choices, bounds: bounds)
        callConstraint =
            isRawLink
            ? .none
            : isLooseWhenLinked
                ? InputConstraint(type, minimum: nil, maximum: nil, choices: choices, bounds: bounds) : constraint
    }

    /// Whether a person fills it in by hand, which gives it a place in an editor's `widgets_values`.
    public var isWidget: Bool { type.isWidget && !isRawLink && !options.contains(.init("forceInput", true)) }

    /// Whether editors store a second entry, `control_after_generate`, behind this one's in `widgets_values`.
    public var hasControlAfterGenerate: Bool {
        type == .int
            && (options.contains(.init("control_after_generate", true)) || name == "seed" || name == "noise_seed")
    }
}

/// What a COMBO input offers.
public enum Choices: Sendable, Hashable {
    case fixed([String])
    /// Depends on the world; resolved anew by the environment each time it is asked.
    case named(ChoiceSource)
}

/// A named list of things that come and go while the program runs.
public enum ChoiceSource: Sendable, Hashable {
    public enum FileKind: String, Sendable { case image, audio }

    /// Files of one kind in a folder, such as pictures in `input/`.
    case files(FolderName, FileKind)
    /// Model files of a kind: those that are published and known by name, whether they are there or not, then whatever
    /// else lies in the kind's folders. `.models("ddcolor", published: ["ddcolor_paper_tiny.pth"])`.
    case models(String, published: [String] = [])

    /// What is offered when `found` is there: published names first, in their order, each name once.
    public func offering(_ found: [String]) -> [String] {
        guard case .models(_, let published) = self, !published.isEmpty else { return found }
        let known = Set(published)
        return published + found.filter { !known.contains($0) }
    }

    /// Why `choice`, a model that was not found, may not be taken.
    public func modelMissing(_ choice: String) -> Diagnostic {
        guard case .models(_, let published) = self, published.contains(choice) else {
            return Diagnostic(
                .fileNotFound, node: nil, "'\(choice.prefix(60))' was not found in \(place)",
                suggestion: "Put the file into \(place).")
        }
        return Diagnostic(
            .modelMissing, node: nil, "the model '\(choice)' is not in \(place)",
            suggestion: "Get it with: graphrun models pull \(Self.pullName(choice))")
    }

    /// What a published model's file is called in `graphrun models pull`.
    static func pullName(_ choice: String) -> String {
        choice.lastIndex(of: ".").map { String(choice[..<$0]) } ?? choice
    }
}

/// The folders a node may reach. Their places are the environment's business.
public enum FolderName: String, Sendable, CaseIterable { case input, output, temp, models, user }

/// An input declared once, as a static member of its node: `static let image = Input<Image>("image")`.
public struct Input<Wrapped: SocketValue>: Sendable {
    public let spec: InputSpec

    init(spec: InputSpec) { self.spec = spec }

    /// - Parameters:
    ///   - type: defaults to the Swift type's own socket type; give it for unions, wildcards and raw links.
    ///   - options: shown to editors as they are; an empty list still shows an empty options object.
    public init(_ name: String, type: SocketType? = nil, options: [JSONObject.Member]? = nil) {
        let integer = Wrapped.self as? any FixedWidthInteger.Type
        spec = InputSpec(
            name: name, type: type ?? Wrapped.socketType, options: options, bounds: integer.map { $0.bounds })
    }

    private func with(
        presence: InputSpec.Presence? = nil, isLazy: Bool? = nil, isLooseWhenLinked: Bool? = nil,
        savingFolder: FolderName? = nil
    ) -> InputSpec {
        InputSpec(
            name: spec.name, type: spec.type, presence: presence ?? spec.presence, defaultValue: spec.defaultValue,
            minimum: spec.minimum, maximum: spec.maximum, choices: spec.choices, isLazy: isLazy ?? spec.isLazy,
            isRawLink: spec.isRawLink, options: spec.alwaysShowsOptions ? spec.options : nil, bounds: spec.bounds,
            isLooseWhenLinked: isLooseWhenLinked ?? spec.isLooseWhenLinked,
            savingFolder: savingFolder ?? spec.savingFolder)
    }

    /// Evaluated only when the node's `neededInputs` names it.
    public var lazy: Input { Input(spec: with(isLazy: true)) }
    /// The declared range is for literals only, as all of ComfyUI's are: a node that has to give what ComfyUI gives for
    /// linked values outside of it declares this, and copes with every value that its Swift type holds.
    public var looseWhenLinked: Input { Input(spec: with(isLooseWhenLinked: true)) }
    /// May be left out; reading gives the default, or nil.
    public var optional: OptionalInput<Wrapped> { OptionalInput(spec: with(presence: .optional)) }
    /// Takes values from workflow files, is shown to no one (`hidden` in `/object_info`).
    public var hidden: OptionalInput<Wrapped> { OptionalInput(spec: with(presence: .hidden)) }
}

extension Input where Wrapped == Link {
    /// An input that gets the link itself; what it links to runs first all the same.
    public static func raw(_ name: String, type: SocketType = .any) -> Input<Link> {
        Input(spec: InputSpec(name: name, type: type, isRawLink: true, options: [.init("rawLink", true)]))
    }
}

extension FixedWidthInteger {
    fileprivate static var bounds: ClosedRange<Int128> { Int128(clamping: min)...Int128(clamping: max) }
}

extension Input where Wrapped: FixedWidthInteger {
    /// - Parameter range: held by literals and linked values alike, unless the input is `looseWhenLinked`.
    public init(
        _ name: String, default defaultValue: Wrapped? = nil, in range: ClosedRange<Int128>? = nil,
        options: [JSONObject.Member]? = nil
    ) {
        spec = InputSpec(
            name: name, type: .int, defaultValue: defaultValue.map { .number(JSONNumber(Int128($0))) },
            minimum: range.map { JSONNumber($0.lowerBound) }, maximum: range.map { JSONNumber($0.upperBound) },
            options: options, bounds: Wrapped.bounds)
    }
}

extension Input where Wrapped == Double {
    public init(
        _ name: String, default defaultValue: Double? = nil, in range: ClosedRange<Double>? = nil,
        options: [JSONObject.Member]? = nil
    ) {
        spec = InputSpec(
            name: name, type: .float, defaultValue: defaultValue.map { .number(JSONNumber($0)) },
            minimum: range.map { JSONNumber($0.lowerBound) }, maximum: range.map { JSONNumber($0.upperBound) },
            options: options)
    }

    /// A FLOAT whose bounds editors show as whole numbers, as ComfyUI's PrimitiveFloat.
    public init(_ name: String, inWhole range: ClosedRange<Int128>, options: [JSONObject.Member]? = nil) {
        spec = InputSpec(
            name: name, type: .float, minimum: JSONNumber(range.lowerBound), maximum: JSONNumber(range.upperBound),
            options: options)
    }
}

extension Input where Wrapped == String {
    public init(_ name: String, default defaultValue: String, options: [JSONObject.Member]? = nil) {
        spec = InputSpec(name: name, type: .string, defaultValue: .string(defaultValue), options: options)
    }

    /// The text is a `FilenamePrefix` of files in `folder`: one that leads out of it is refused before the run.
    public func prefixing(filesIn folder: FolderName) -> Input { Input(spec: with(savingFolder: folder)) }

    /// A COMBO.
    public init(
        _ name: String, choices: Choices, default defaultValue: String? = nil, options: [JSONObject.Member]? = nil
    ) {
        spec = InputSpec(
            name: name, type: .combo, defaultValue: defaultValue.map { .string($0) }, choices: choices,
            options: options)
    }
}

extension Input where Wrapped == Bool {
    public init(_ name: String, default defaultValue: Bool, options: [JSONObject.Member]? = nil) {
        spec = InputSpec(name: name, type: .boolean, defaultValue: .bool(defaultValue), options: options)
    }
}

/// An input that may be absent.
public struct OptionalInput<Wrapped: SocketValue>: Sendable {
    public let spec: InputSpec

    init(spec: InputSpec) { self.spec = spec }
}

/// Lets one list hold inputs of different types.
public protocol InputDeclaration: Sendable { var spec: InputSpec { get } }
extension Input: InputDeclaration {}
extension OptionalInput: InputDeclaration {}
