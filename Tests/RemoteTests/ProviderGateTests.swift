import Synchronization
import TestData
import Testing

@testable import Remote

@Suite("The gate of a provider", .timeLimit(.minutes(1)))
struct ProviderGateTests {
    /// Who came in, in order, and a door that keeps them there.
    private final class Room: Sendable {
        private struct State {
            var entered: [Int] = []
            var open = Set<Int>()
            var present = 0
            var most = 0
            var told: [String] = []
        }
        private let state = Mutex(State())
        var entered: [Int] { state.withLock { $0.entered } }
        var most: Int { state.withLock { $0.most } }
        var told: [String] { state.withLock { $0.told } }
        func tell(_ line: String) { state.withLock { $0.told.append(line) } }
        func open(_ number: Int) { state.withLock { state in _ = state.open.insert(number) } }

        func stay(_ number: Int) async throws {
            state.withLock { state in
                state.entered.append(number)
                state.present += 1
                state.most = max(state.most, state.present)
            }
            defer { state.withLock { $0.present -= 1 } }
            try await waits("\(number) may leave") { state.withLock { $0.open.contains(number) } }
        }
    }

    private let gate = ProviderGate(limit: 2)
    private let room = Room()

    /// A visitor, once it stands where it belongs.
    private func visitor(_ number: Int) async -> Task<Void, any Error> {
        let (gate, room) = (gate, room)
        let task = Task {
            try await gate.pass(telling: { room.tell("\(number): \($0)") }) { try await room.stay(number) }
        }
        await until { number <= 2 ? room.entered.contains(number) : room.told.contains { $0.hasPrefix("\(number):") } }
        return task
    }

    private func until(_ isSo: () -> Bool) async {
        for _ in 0..<20_000 where !isSo() { try? await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("lets so many in at once, the others in the order they came, and tells them how many are before them")
    func order() async throws {
        var tasks: [Task<Void, any Error>] = []
        for number in 1...5 { tasks.append(await visitor(number)) }
        #expect(room.entered == [1, 2] && gate.waitingCount == 3)
        #expect(room.told == ["3: 0", "4: 1", "5: 2"])
        room.open(2)
        await until { room.entered.count == 3 }
        #expect(room.told == ["3: 0", "4: 1", "5: 2", "4: 0", "5: 1"])
        for number in 1...5 { room.open(number) }
        for task in tasks { try await task.value }
        #expect(room.entered == [1, 2, 3, 4, 5] && room.most == 2 && gate.waitingCount == 0)
    }

    @Test("lets who waits go when it is cancelled, and those behind move up")
    func cancelled() async throws {
        var tasks: [Task<Void, any Error>] = []
        for number in 1...4 { tasks.append(await visitor(number)) }
        tasks[2].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[2].value }
        #expect(room.told == ["3: 0", "4: 1", "4: 0"] && gate.waitingCount == 1)
        for number in [1, 2, 4] { room.open(number) }
        for index in [0, 1, 3] { try await tasks[index].value }
        #expect(room.entered == [1, 2, 4])
    }

    @Test("has its room back after whoever failed or was cancelled inside or before, a thousand times")
    func kept() async throws {
        struct Failed: Error {}
        let gate = gate
        for number in 0..<1_000 {
            let task = Task<Void, any Error> { try await gate.pass(telling: { _ in }) { throw Failed() } }
            if number.isMultiple(of: 2) { task.cancel() }
            _ = await task.result
        }
        room.open(1)
        room.open(2)
        for number in 1...2 { try await visitor(number).value }
        #expect(room.entered == [1, 2] && gate.waitingCount == 0)
    }

    @Test("is never entered by more than it lets in, however many come and are cancelled")
    func crowd() async throws {
        let (gate, room) = (gate, room)
        for number in 0..<200 { room.open(number) }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let task = Task { try await gate.pass(telling: { _ in }) { try await room.stay(number) } }
                    if number.isMultiple(of: 3) { task.cancel() }
                    _ = await task.result
                }
            }
        }
        #expect(room.most <= 2 && gate.waitingCount == 0)
    }
}
