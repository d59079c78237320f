public import GraphCore

/// Passes its input on after a while, telling how far it is.
public struct TestSleep: Node {
    static let value = Input<Value>("value", options: [])
    static let seconds = Input<Double>(
        "seconds", default: 1, in: 0...9999,
        options: [.init("step", 0.01), .init("tooltip", "The amount of seconds to sleep.")])
    static let output = Output<Value>("*")

    public let schema = NodeSchema(
        type: "TestSleep", displayName: "Test Sleep", category: "_for_testing", inputs: [value, seconds],
        hidden: [.uniqueID], outputs: [output], resource: .network, module: "custom_nodes.testing-pack",
        showsEarlyProgress: true)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let seconds = try inputs[Self.seconds]
        let start = SuspendingClock.now
        while true {
            let elapsed = start.duration(to: .now).seconds
            if elapsed >= seconds { break }
            try context.progress(elapsed, of: seconds)
            try await Task.sleep(for: .milliseconds(10))
        }
        return [Self.output(try inputs[Self.value])]
    }
}

/// Blocks its thread, as a child process or a blocking library call does.
public struct TestBlock: Node {
    static let value = Input<Value>("value")
    static let seconds = Input<Double>("seconds", default: 0.1, in: 0...10)
    static let output = Output<Value>("*")

    public let schema: NodeSchema
    private let sleep: @Sendable (Double) -> Void

    /// - Parameter sleep: blocks the calling thread for so many seconds.
    public init(resource: ResourceName = .network, sleep: @escaping @Sendable (Double) -> Void) {
        schema = NodeSchema(
            type: "TestBlock", category: "_for_testing", inputs: [Self.value, Self.seconds], hidden: [.uniqueID],
            outputs: [Self.output], resource: resource, blocksThread: true)
        self.sleep = sleep
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        sleep(try inputs[Self.seconds])
        return [Self.output(try inputs[Self.value])]
    }
}

/// Fails on purpose.
public struct TestSyncError: Node {
    static let value = Input<Value>("value", options: [])
    static let output = Output<Value>("*")

    struct Intentional: Error, CustomStringConvertible {
        var description: String { "Intentional sync execution error for testing" }
    }

    public let schema = NodeSchema(
        type: "TestSyncError", displayName: "Test Sync Error", category: "_for_testing", inputs: [value],
        outputs: [output], module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        throw Intentional()
    }
}
