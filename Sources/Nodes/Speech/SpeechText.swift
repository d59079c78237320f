internal import GraphCore

/// A text in the pieces it is spoken in, one after another.
struct SpeechText: Sendable, Equatable {
    /// What an engine speaks at once: whole sentences of one paragraph and one script, or a part of a very long one.
    struct Piece: Sendable, Equatable {
        let text: String
        let sentenceCount: Int
        /// A pause comes before it.
        let startsParagraph: Bool
        /// What most of it is written in; nil without letters.
        let script: Script?
    }

    let pieces: [Piece]
    let sentenceCount: Int

    /// Linear in the length of `text`.
    /// - Parameters:
    ///   - maxSentenceLength: Unicode scalars; longer sentences are cut.
    ///   - pieceLength: short sentences are joined until a piece has about so many. The first is never
    ///     joined with more words, so that something can soon be heard.
    init(_ text: String, maxSentenceLength: Int = 500, pieceLength: Int = 300) {
        var joiner = Joiner(pieceLength: pieceLength)
        for paragraph in SpokenParagraphs.of(text) {
            joiner.startParagraph(paragraph)
            for sentence in SentenceCutter(paragraph, maxLength: maxSentenceLength).sentences() {
                joiner.append(sentence)
            }
            joiner.finishPiece()
        }
        pieces = joiner.pieces.map(Self.unified(joiner))
        sentenceCount = pieces.reduce(0) { $0 + $1.sentenceCount }
    }

    /// What a node speaks.
    /// - Throws: `.badInput` without a word to say, `.tooLarge` above `TTS.maxCharacterCount`.
    init(checking text: String) throws(Diagnostic) {
        // A character has at least one byte and one scalar: counting them is quicker, and refuses what is far too long.
        guard text.unicodeScalars.count <= TTS.maxCharacterCount else {
            throw Diagnostic(
                .tooLarge, node: nil, input: "text", "the text has more than 4,000,000 characters",
                suggestion: "Speak it in parts, such as chapters.")
        }
        self.init(text)
        guard !pieces.isEmpty else {
            throw Diagnostic(
                .badInput, node: nil, input: "text", "there is no text to speak",
                suggestion: "Write something into 'text', or link a text to it.")
        }
    }

    /// In a Japanese text, a sentence without kana is Japanese too.
    private static func unified(_ joiner: Joiner) -> (Piece) -> Piece {
        { piece in
            guard joiner.isJapanese && piece.script == .han else { return piece }
            return Piece(
                text: piece.text, sentenceCount: piece.sentenceCount, startsParagraph: piece.startsParagraph,
                script: .kana)
        }
    }
}

/// Joins sentences to pieces.
private struct Joiner {
    let pieceLength: Int
    private(set) var pieces: [SpeechText.Piece] = []

    private var paragraph: [Unicode.Scalar] = []
    private var startsParagraph = false
    private var range: Range<Int>?
    private var sentenceCount = 0
    private var script: Script?
    /// Nothing with a word in it has been said yet.
    private var isFirst = true
    private var (hanCount, kanaCount) = (0, 0)

    init(pieceLength: Int) { self.pieceLength = pieceLength }

    var isJapanese: Bool { kanaCount * 4 >= hanCount && kanaCount > 0 }

    mutating func startParagraph(_ scalars: [Unicode.Scalar]) {
        (paragraph, startsParagraph) = (scalars, true)
    }

    mutating func append(_ sentence: Range<Int>) {
        let words = paragraph[sentence]
        let script = Script.main(of: words)
        if script == .han { hanCount += sentence.count }
        if script == .kana { kanaCount += sentence.count }
        if let range {
            let isLong = sentence.upperBound - range.lowerBound > pieceLength
            let isForeign = script != nil && self.script != nil && script != self.script
            if isLong || isForeign { finishPiece() }
        }
        range = (range?.lowerBound ?? sentence.lowerBound)..<sentence.upperBound
        sentenceCount += 1
        self.script = self.script ?? script
        if isFirst && words.contains(where: Self.isWord) {
            isFirst = false
            finishPiece()
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    mutating func finishPiece() {
        guard let range else { return }
        pieces.append(
            SpeechText.Piece(
                text: SentenceCutter.string(paragraph[range]), sentenceCount: sentenceCount,
                startsParagraph: startsParagraph,
                script: script))
        (self.range, sentenceCount, script, startsParagraph) = (nil, 0, nil, false)
    }
}
