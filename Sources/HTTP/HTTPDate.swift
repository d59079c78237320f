/// Dates as HTTP writes them (RFC 9110 section 5.6.7), always in GMT.
public enum HTTPDate {
    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longWeekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let daySeconds = 86_400

    /// Within the years 1 to 9999.
    static func clamped(secondsSince1970: Int) -> Int { min(max(secondsSince1970, -62_135_596_800), 253_402_300_799) }

    /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. Times outside the years 1 to 9999 are brought to their border.
    public static func text(secondsSince1970: Int) -> String {
        let seconds = clamped(secondsSince1970: secondsSince1970)
        let rest = (seconds % daySeconds + daySeconds) % daySeconds
        let days = (seconds - rest) / daySeconds
        let (year, month, dayOfMonth) = civil(days)
        // 1970-01-01 was a Thursday.
        let weekday = ((days + 3) % 7 + 7) % 7
        return "\(weekdays[weekday]), \(two(dayOfMonth)) \(months[month - 1]) \(padded(year, 4)) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    /// Seconds since 1970 of an IMF-fixdate, an RFC 850 date or an asctime date; nil for anything else. A two-digit
    /// year below 70 is taken for one after 2000.
    public static func parse(_ text: String) -> Int? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch words.count {
        case 6:  // Sun, 06 Nov 1994 08:49:37 GMT
            if words[0].hasSuffix(","), weekdays.contains(String(words[0].dropLast())), words[1].utf8.count == 2 {
                guard words[5] == "GMT", words[3].utf8.count == 4 else { return nil }
                return seconds(year: number(words[3]), month: words[2], day: number(words[1]), time: words[4])
            }
            // Sun Nov  6 08:49:37 1994
            guard weekdays.contains(words[0]), words[2].isEmpty, words[3].utf8.count == 1 else { return nil }
            return asctime(words[1], words[3], words[4], words[5])
        case 5:  // Tue Nov 16 08:49:37 1994
            guard weekdays.contains(words[0]), words[2].utf8.count == 2 else { return nil }
            return asctime(words[1], words[2], words[3], words[4])
        case 4:  // Sunday, 06-Nov-94 08:49:37 GMT
            let parts = words[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard words[0].hasSuffix(","), longWeekdays.contains(String(words[0].dropLast())), parts.count == 3,
                parts[0].utf8.count == 2, parts[2].utf8.count == 2, words[3] == "GMT"
            else { return nil }
            let year = number(parts[2]).map { $0 < 70 ? 2000 + $0 : 1900 + $0 }
            return seconds(year: year, month: parts[1], day: number(parts[0]), time: words[2])
        default: return nil
        }
    }

    private static func asctime(_ month: String, _ day: String, _ time: String, _ year: String) -> Int? {
        guard year.utf8.count == 4 else { return nil }
        return seconds(year: number(year), month: month, day: number(day), time: time)
    }

    private static func seconds(year: Int?, month: String, day: Int?, time: String) -> Int? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let year, let day, let month = months.firstIndex(of: month).map({ $0 + 1 }), year >= 1,
            clock.count == 3, clock.allSatisfy({ $0.utf8.count == 2 }), let hour = number(clock[0]), hour < 24,
            let minute = number(clock[1]), minute < 60, let second = number(clock[2]), second <= 60
        else { return nil }
        let days = days(year, month, day)
        // A day the month does not have comes back as another one.
        guard civil(days) == (year, month, day) else { return nil }
        return days * daySeconds + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil
    }

    private static func two(_ number: Int) -> String { padded(number, 2) }
    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    // Days are counted in years that begin on 1 March, so that a leap day is a year's last, and in eras of 400 years
    // (146,097 days). 719,468 days lie between 0000-03-01 and 1970-01-01 in the Gregorian calendar.

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + (marchMonth * 153 + 2) / 5 + day
            - 1 - 719_468
    }

    private static func civil(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (dayOfYear * 5 + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (marchMonth * 153 + 2) / 5 + 1)
    }
}
