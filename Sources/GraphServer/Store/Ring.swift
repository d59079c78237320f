/// A queue whose elements keep their number for life: the first ever added is 0.
struct Ring<Element> {
    private var elements: [Element?] = []
    /// How many of `elements` are gone.
    private var head = 0
    /// The number of the oldest element there is.
    private(set) var start = 0

    var end: Int { start + elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Nil for a number that is gone or not there yet.
    subscript(number: Int) -> Element? {
        number >= start && number < end ? elements[head + number - start] : nil
    }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        start += 1
        // Each element is moved at most once for each that was removed.
        if head > 64 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Gives up the room of elements that are gone.
    mutating func compact() {
        elements = Array(elements[head...])
        head = 0
    }

    /// The number of the first element for which `isAfter` holds; it must hold for all behind that one.
    func firstNumber(where isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (start, end)
        while low < high {
            let middle = (low + high) / 2
            if let element = self[middle], isAfter(element) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
