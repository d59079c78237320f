internal import Foundation
internal import GraphCore

/// The fields a file name prefix may hold.
///
/// `%year% %month% %day% %hour% %minute% %second% %width% %height%` as ComfyUI's server fills them in
/// (folder_paths.get_save_image_path), `%date:FORMAT%` and `%date%` as its frontend does, for workflows that never met
/// a frontend. `%batch_num%` is filled in a file at a time.
enum PrefixFields {
    static func fill(_ prefix: FilenamePrefix, at date: Date) -> String {
        guard prefix.text.contains("%") else { return prefix.text }
        let fields = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let (year, month, day) = (fields.year ?? 0, fields.month ?? 0, fields.day ?? 0)
        let (hour, minute, second) = (fields.hour ?? 0, fields.minute ?? 0, fields.second ?? 0)
        var text = prefix.text
        for (name, value) in [
            ("width", String(prefix.width)), ("height", String(prefix.height)), ("year", String(year)),
            ("month", padded(month)), ("day", padded(day)), ("hour", padded(hour)), ("minute", padded(minute)),
            ("second", padded(second)),
        ] {
            text = text.replacing("%\(name)%", with: value)
        }
        text = text.replacing("%date%", with: "%date:yyyyMMddhhmmss%")
        while let start = text.firstRange(of: "%date:"),
            let end = text[start.upperBound...].firstIndex(of: "%")
        {
            let format = String(text[start.upperBound..<end])
            text.replaceSubrange(start.lowerBound...end, with: spell(format, year, month, day, hour, minute, second))
        }
        return text
    }

    /// The frontend's format letters: a doubled letter is padded to two digits.
    private static func spell(
        _ format: String, _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
    ) -> String {
        var spelled = ""
        var rest = Substring(format)
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }
            rest = rest.dropFirst(run.count)
            let value: Int? =
                switch letter {
                case "y": run.count > 2 ? year : year % 100
                case "M": month
                case "d": day
                case "h", "H": hour
                case "m": minute
                case "s": second
                default: nil
                }
            spelled += value.map { run.count == 1 ? String($0) : padded($0) } ?? String(run)
        }
        return spelled
    }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
