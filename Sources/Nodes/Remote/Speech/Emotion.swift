internal import GraphCore
internal import Media
internal import Remote

/// How IndexTTS2 is to feel: as a text says, as eight numbers say, or as a sound is.
struct Emotion: Sendable, Equatable {
    /// In the order that the model takes them (infer_v2.py, `normalize_emo_vec`).
    static let names = ["happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm"]
    /// What the eight may add up to: beyond that the model's own program scales them down, and Xinference, which leaves
    /// that program out, does not.
    static let maxSum = 0.8

    var text = ""
    /// One for each of `names`, 0...1.
    var vector = [Double](repeating: 0, count: names.count)
    /// 0...1: how much of it there is in the voice.
    var strength = 1.0

    var hasVector: Bool { vector.contains { $0 > 0 } }

    /// The vector as it is sent: in ratio as given, in sum no more than the model can bear. Four decimals.
    var sentVector: [Double] {
        let sum = vector.reduce(0, +)
        let scale = sum > Self.maxSum ? Self.maxSum / sum : 1
        return vector.map { ($0 * scale * 10_000).rounded(.down) / 10_000 }
    }

    /// The first that is given of text, numbers and sound: the model can follow only one.
    func apply(to call: inout SpeechCall, sound: Audio?, _ context: NodeContext) throws {
        func ignored(_ what: String, because: String) {
            context.log(.warning, "\(what): not used, since \(because) says how to feel")
        }
        if !text.isEmpty {
            // Without the flag the model does not look at the text.
            call.parameters += [.init("use_emo_text", true), .init("emo_text", .string(text))]
            if hasVector { ignored("the eight sliders", because: "emotion_text") }
            if sound != nil { ignored("emotion_audio", because: "emotion_text") }
        } else if hasVector {
            let sent = sentVector
            call.parameters.append(.init("emo_vector", .array(sent.map { .number(JSONNumber($0)) })))
            if sent != vector {
                context.log(
                    .info,
                    "the eight sliders add up to more than \(Self.maxSum), which the model cannot bear: scaled down")
            }
            if sound != nil { ignored("emotion_audio", because: "one of the eight sliders") }
        } else if let sound {
            call.sounds.append(try ReferenceSound.part("emo_prompt_speech", sound, input: "emotion_audio", context))
            context.log(
                .warning,
                "emotion_audio: it is sent, but Xinference 4.1 does not hand it on to the model; use emotion_text or the "
                    + "eight sliders there")
        } else {
            return
        }
        call.parameters.append(.init("emo_alpha", .number(JSONNumber(strength))))
    }
}
