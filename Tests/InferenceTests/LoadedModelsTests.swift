import Synchronization
import TestData
import Testing

@testable import Inference

@Suite("The loaded models", .timeLimit(.minutes(1)))
struct LoadedModelsTests {
    /// Counts how many of it live.
    private final class Model: Sendable {
        let name: String
        private let life: Life

        init(_ name: String, _ life: Life) {
            (self.name, self.life) = (name, life)
            life.begin(name)
        }

        deinit { life.end(name) }
    }

    private final class Life: Sendable {
        private let state = Mutex((loads: [String](), alive: Set<String>(), most: 0))

        func begin(_ name: String) {
            state.withLock { state in
                state.loads.append(name)
                state.alive.insert(name)
                state.most = max(state.most, state.alive.count)
            }
        }
        func end(_ name: String) { state.withLock { _ = $0.alive.remove(name) } }

        var loads: [String] { state.withLock { $0.loads } }
        var alive: [String] { state.withLock { $0.alive.sorted() } }
        var most: Int { state.withLock { $0.most } }
    }

    private struct Broken: Error {}

    private let life = Life()
    private let models = LoadedModels<String, Model>(byteBudget: 100)

    /// Asks and lets go again.
    private func use(_ name: String, _ byteCount: Int = 40) async throws {
        let model = try await models.model(for: name, byteCount: byteCount) { Model(name, life) }
        #expect(model.name == name)
    }

    private var kept: [String] { models.report.models.map { "\($0.key) \($0.byteCount)" } }

    /// Until so many wait for the one who loads.
    private func untilWaiting(_ count: Int) async throws {
        try await waits("\(count) wait") { models.waitingCount >= count }
    }

    @Test("are kept for the next who asks")
    func kept() async throws {
        try await use("a")
        try await use("b")
        try await use("a")
        #expect(life.loads == ["a", "b"] && life.alive == ["a", "b"])
        #expect(kept == ["a 40", "b 40"] && models.report.byteBudget == 100)
    }

    @Test("go when room is needed, those unused for longest first and no more than needed")
    func leastRecentlyUsed() async throws {
        for name in ["a", "b", "a", "c"] { try await use(name) }
        #expect(kept == ["c 40", "a 40"] && life.alive == ["a", "c"])
        try await use("d", 60)
        #expect(kept == ["d 60", "c 40"])
        try await use("e", 41)
        #expect(kept == ["e 41"])
    }

    @Test("go before the next is loaded: old and new are not there at once")
    func roomFirst() async throws {
        for name in ["a", "b", "c", "d"] { try await use(name, 100) }
        #expect(life.most == 1)
    }

    @Test("larger than the whole budget are kept alone")
    func large() async throws {
        for name in ["a", "b"] { try await use(name) }
        try await use("huge", 1_000)
        try await use("huge", 1_000)
        #expect(kept == ["huge 1000"] && life.loads == ["a", "b", "huge"])
        try await use("a")
        #expect(kept == ["a 40"])
    }

    @Test("live on with whoever uses them")
    func inUse() async throws {
        let mine = try await models.model(for: "a", byteCount: 90) { Model("a", life) }
        try await use("b", 90)
        #expect(kept == ["b 90"] && life.alive == ["a", "b"])
        models.release()
        #expect(life.alive == ["a"])
        #expect(mine.name == "a")
    }

    @Test("are all let go at once, and loaded anew afterwards")
    func release() async throws {
        for name in ["a", "b"] { try await use(name) }
        models.release()
        #expect(kept.isEmpty && life.alive.isEmpty)
        try await use("a")
        #expect(life.loads == ["a", "b", "a"])
    }

    @Test("that fail to load are not kept; the next who asks tries again")
    func failure() async throws {
        await #expect(throws: Broken.self) {
            _ = try await models.model(for: "a", byteCount: 40) { throw Broken() }
        }
        #expect(kept.isEmpty)
        try await use("a")
        #expect(kept == ["a 40"])
    }

    /// Begins to load `name`, and goes on only after `body`, which others may wait in.
    private func whileLoading(
        _ name: String, ending: @escaping @Sendable () throws -> Void = {}, _ body: () async throws -> Void
    ) async throws {
        let (begun, gate) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        defer { gate.continuation.finish() }
        let task = Task { [models, life] in
            _ = try await models.model(for: name, byteCount: 40) {
                begun.continuation.finish()
                for await _ in gate.stream {}
                try ending()
                return Model(name, life)
            }
        }
        for await _ in begun.stream {}
        try await body()
        gate.continuation.finish()
        _ = try? await task.value
    }

    @Test("that several want at once are loaded once")
    func once() async throws {
        var others: [Task<String, any Error>] = []
        try await whileLoading("a") {
            for _ in 0..<4 {
                others.append(
                    Task { [models, life] in
                        try await models.model(for: "a", byteCount: 40) { Model("again", life) }.name
                    })
            }
            try await untilWaiting(4)
        }
        for other in others { #expect(try await other.value == "a") }
        #expect(life.loads == ["a"])
    }

    @Test("of different names are loaded side by side, and count while they load")
    func sideBySide() async throws {
        try await use("old", 61)
        try await whileLoading("a") {
            #expect(kept.isEmpty)
            try await use("b")
            #expect(kept == ["b 40"])
            // 40 of a and 40 of b are taken.
            try await use("c", 21)
            #expect(kept == ["c 21"])
        }
        #expect(kept == ["a 40", "c 21"])
    }

    @Test("are waited for by nobody whose task is cancelled")
    func cancelledWaiter() async throws {
        try await whileLoading("a") {
            let waiter = Task { [models, life] in
                _ = try await models.model(for: "a", byteCount: 40) { Model("again", life) }
            }
            try await untilWaiting(1)
            waiter.cancel()
            // It ends although the loading has not.
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        #expect(life.loads == ["a"])
        let late = Task { [models, life] in
            while !Task.isCancelled { await Task.yield() }
            _ = try await models.model(for: "a", byteCount: 40) { Model("again", life) }
        }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    @Test("that fail to load fail for all who waited")
    func sharedFailure() async throws {
        var other: Task<Void, any Error>?
        try await whileLoading("a", ending: { throw Broken() }) {
            other = Task { [models, life] in
                _ = try await models.model(for: "a", byteCount: 40) { Model("again", life) }
            }
            try await untilWaiting(1)
        }
        await #expect(throws: Broken.self) { try await other?.value }
        #expect(life.loads.isEmpty)
    }

    @Test("whose loading was cancelled are loaded by the next who waited, and the others wait for that one")
    func takenOver() async throws {
        var others: [Task<String, any Error>] = []
        try await whileLoading("a", ending: { throw CancellationError() }) {
            for _ in 0..<3 {
                others.append(
                    Task { [models, life] in
                        try await models.model(for: "a", byteCount: 40) { Model("again", life) }.name
                    })
            }
            try await untilWaiting(3)
        }
        for other in others { #expect(try await other.value == "again") }
        #expect(life.loads == ["again"])
    }

    @Test("that were let go while they loaded are handed out, and not kept")
    func releasedWhileLoading() async throws {
        var other: Task<String, any Error>?
        try await whileLoading("a") {
            other = Task { [models, life] in
                try await models.model(for: "a", byteCount: 40) { Model("again", life) }.name
            }
            try await untilWaiting(1)
            models.release()
        }
        #expect(try await other?.value == "a")
        other = nil
        #expect(kept.isEmpty && life.loads == ["a"])
    }

    @Test("hold the budget whatever is asked for in whatever order")
    func manyAtOnce() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let name = "m\(number * 7 % 11)"
                    let model = try await models.model(for: name, byteCount: 10 + number * 7 % 11) {
                        Model(name, life)
                    }
                    #expect(model.name == name)
                    #expect(models.report.models.reduce(0) { $0 + $1.byteCount } <= 100)
                }
            }
            try await group.waitForAll()
        }
        models.release()
        #expect(life.alive.isEmpty)
    }
}
