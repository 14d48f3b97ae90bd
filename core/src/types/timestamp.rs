//! Points in time, as numbers that somebody else read from a clock.
//!
//! A [`Timestamp`] is wall-clock time, because snapshots outlive processes and servers send dates. Nothing in this module reads a clock.

use core::fmt;
use core::time::Duration;

use alloc::string::String;
use jiff::civil::{DateTime, datetime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// A wall-clock time in Unix milliseconds. Its arithmetic saturates, and it never panics or wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a time from Unix milliseconds.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Makes a time from Unix seconds, as JSON contains them (a NumericDate, RFC 7519 section 2). It rounds towards zero and saturates.
    #[allow(clippy::cast_possible_truncation)] // the cast from a float saturates
    pub(crate) const fn from_unix_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0) as i64)
    }

    /// The time in Unix milliseconds.
    #[must_use]
    pub const fn as_unix_ms(self) -> i64 {
        self.0
    }

    /// The time that is `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The time that is `duration` earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The duration from `earlier` to this time; zero if `earlier` is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 date-time, with `Z` or an offset (RFC 3339 section 5.6). `None` if the text is not one.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        // The library also accepts RFC 9557 annotations and a space for the `T`. A date in an answer has neither.
        let plain = text.is_ascii() && !text.contains(['[', ' ', '_']);
        let instant: jiff::Timestamp = plain.then(|| text.parse().ok()).flatten()?;
        Some(Self(instant.as_millisecond()))
    }

    /// Reads any of the three HTTP-dates (RFC 9110 section 5.6.7). `now` places a two-digit year: a date that would be more than 50 years
    /// ahead belongs to the past century.
    #[must_use]
    pub fn parse_http_date(text: &str, now: Self) -> Option<Self> {
        // The name of the day adds nothing to the date, so it is not checked.
        let (_, date) = text.split_once(' ')?;
        if date.contains('-') {
            return rfc850(date, now);
        }
        let format = if text.contains(',') { "%d %b %Y %H:%M:%S GMT" } else { "%b %e %H:%M:%S %Y" };
        instant(read(format, date)?)
    }
}

/// Writes RFC 3339 in UTC with milliseconds. A time outside the calendar's range is written as plain milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl Timestamp {
    /// The text of [`Display`](fmt::Display), as a string.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        alloc::format!("{self}")
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn rfc850(date: &str, now: Timestamp) -> Option<Timestamp> {
    let written = read("%d-%b-%y %H:%M:%S GMT", date)?;
    let this_year = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).year();
    let mut year = this_year - this_year.rem_euclid(100) + written.year().rem_euclid(100);
    if year - this_year > 50 {
        year -= 100;
    } else if this_year - year > 50 {
        year += 100;
    }
    instant(written.with().year(year).build().ok()?)
}

fn read(format: &str, text: &str) -> Option<DateTime> {
    BrokenDownTime::parse(format, text).ok()?.to_datetime().ok()
}

/// The library's own instants end a day before the calendar does. A service's "never" is often the last second of 9999.
fn instant(utc: DateTime) -> Option<Timestamp> {
    let since_epoch = utc.duration_since(datetime(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since_epoch.as_millis()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    const RFC_EXAMPLE: i64 = 784_111_777_000;
    const NOW: Timestamp = Timestamp::from_unix_ms(1_790_000_000_000); // September 2026

    #[test]
    fn absurd_seconds_end_at_the_ends_of_time() {
        for (seconds, ms) in
            [(1.5, 1500), (-1.0, -1000), (1e300, i64::MAX), (-1e300, i64::MIN), (f64::NAN, 0), (4_102_444_800.0, 4_102_444_800_000)]
        {
            assert_eq!(Timestamp::from_unix_seconds(seconds).as_unix_ms(), ms);
        }
    }

    #[test]
    fn the_three_http_dates_are_one_instant() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            let parsed = Timestamp::parse_http_date(text, NOW);
            assert_eq!(parsed, Some(Timestamp(RFC_EXAMPLE)), "{text}");
        }
    }

    #[test]
    fn a_two_digit_year_is_never_more_than_50_years_ahead() {
        let year = |yy: &str| {
            let text = alloc::format!("Sunday, 06-Nov-{yy} 08:49:37 GMT");
            Timestamp::parse_http_date(&text, NOW).map(|t| t.to_rfc3339())
        };
        assert_eq!(year("76").as_deref(), Some("2076-11-06T08:49:37.000Z"));
        assert_eq!(year("77").as_deref(), Some("1977-11-06T08:49:37.000Z"));
        assert_eq!(year("26").as_deref(), Some("2026-11-06T08:49:37.000Z"));
    }

    /// At the end of a century, the two digits may mean a year of the next one.
    #[test]
    fn a_two_digit_year_may_be_of_the_next_century() {
        let year = |now: &str, yy: &str| {
            let text = alloc::format!("Sunday, 06-Nov-{yy} 08:49:37 GMT");
            let date = Timestamp::parse_http_date(&text, Timestamp::parse_rfc3339(now).unwrap()).unwrap();
            date.to_rfc3339().get(..4).unwrap().to_owned()
        };
        let end = "1999-12-31T00:00:00Z";
        assert_eq!([year(end, "00"), year(end, "48"), year(end, "49"), year(end, "99")], ["2000", "2048", "1949", "1999"]);
    }

    #[test]
    fn the_last_second_of_the_calendar_is_a_date() {
        let last = Some(Timestamp(253_402_300_799_000));
        assert_eq!(Timestamp::parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT", NOW), last);
        assert_eq!(Timestamp::parse_http_date("Fri Dec 31 23:59:59 9999", NOW), last);
    }

    #[test]
    fn what_is_no_http_date_is_none() {
        for text in [
            "",
            " ",
            "soon",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "1994-11-06",
            "Sun, 06 Nov 1994",
            "-",
            "a -",
        ] {
            assert_eq!(Timestamp::parse_http_date(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn rfc3339_with_offsets_fractions_and_lower_case() {
        for text in ["1994-11-06T08:49:37Z", "1994-11-06t08:49:37.000000001z", "1994-11-06T10:49:37+02:00"] {
            assert_eq!(Timestamp::parse_rfc3339(text), Some(Timestamp(RFC_EXAMPLE)), "{text}");
        }
        for text in ["", "1994-11-06", "1994-11-06T08:49:37", "1994-11-06 08:49:37Z", "1994-11-06T08:49:37Z[UTC]", "yesterday"] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp(i64::MAX);
        assert_eq!(end.after(Duration::MAX), end);
        assert_eq!(Timestamp(i64::MIN).before(Duration::MAX), Timestamp(i64::MIN));
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
        assert_eq!(end.to_rfc3339(), "9223372036854775807ms");
    }
}
