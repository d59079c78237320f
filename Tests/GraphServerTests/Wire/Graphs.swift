import GraphCore

/// Small prompts.
enum Graphs {
    static func node(_ type: String, _ inputs: JSON) -> JSON { ["class_type": .string(type), "inputs": inputs] }

    static func image(_ color: Int = 5, size: Int = 8) -> JSON {
        node(
            "EmptyImage",
            [
                "width": .number(JSONNumber(size)), "height": .number(JSONNumber(size)), "batch_size": 1,
                "color": .number(JSONNumber(color)),
            ])
    }

    /// A picture, shown.
    static func picture(_ color: Int = 5) -> JSON {
        ["1": image(color), "2": node("PreviewImage", ["images": ["1", 0]])]
    }

    /// A number, shown: no files.
    static func number(_ value: Int) -> JSON {
        [
            "1": node("PrimitiveInt", ["value": .number(JSONNumber(value))]),
            "2": node("PreviewAny", ["source": ["1", 0]]),
        ]
    }

    /// Node 2 takes so many seconds; a test that waits for it to be interrupted gives it hundreds.
    static func sleep(_ seconds: Double, value: Int = 1) -> JSON {
        [
            "1": node("PrimitiveInt", ["value": .number(JSONNumber(value))]),
            "2": node("TestSleep", ["value": ["1", 0], "seconds": .number(JSONNumber(seconds))]),
            "3": node("PreviewAny", ["source": ["2", 0]]),
        ]
    }

    /// Two nodes each for so many values, all of them shown, beside each other.
    static func wide(_ values: Swift.Range<Int>) -> JSON {
        .object(
            JSONObject(
                values.flatMap { value in
                    [
                        JSONObject.Member(
                            "a\(value)", node("PrimitiveInt", ["value": .number(JSONNumber(value))])),
                        JSONObject.Member(
                            "b\(value)", node("PreviewAny", ["source": [.string("a\(value)"), 0]])),
                    ]
                }))
    }
}
