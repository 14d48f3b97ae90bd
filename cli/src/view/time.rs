//! Points in time: RFC 3339 for machines, the local time and a duration for people.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use enlist_blocking::system_clock as now;
use enlist_core::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// A point in time as JSON has it: RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Time {
    /// The local time and the time that is left, such as "14:32 (29 minutes left)".
    pub(crate) fn deadline(self) -> String {
        deadline(self.0, now(), &TimeZone::system())
    }

    /// The local time with its zone, such as "14:32 CET", and with the date unless it is today's.
    pub(crate) fn local(self) -> String {
        let zone = TimeZone::system();
        let name = zone.to_offset_info(jiff::Timestamp::from_millisecond(self.0.as_unix_ms()).unwrap_or_default());
        let name = if zone.is_unknown() { "" } else { name.abbreviation() };
        format!("{} {name}", clock(self.0, now(), &zone)).trim_end().to_owned()
    }

    /// The time until then, such as "29 minutes".
    pub(crate) fn time_left(self) -> String {
        duration_words(self.0.since(now()))
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn deadline(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let left = if at > now { format!("{} left", duration_words(at.since(now))) } else { "expired".to_owned() };
    format!("{} ({left})", clock(at, now, zone))
}

/// The local time, with the date unless it is today's. RFC 3339 if the time cannot be converted.
fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let local = |at: Timestamp| jiff::Timestamp::from_millisecond(at.as_unix_ms()).map(|at| at.to_zoned(zone.clone()));
    let (Ok(then), Ok(today)) = (local(at), local(now)) else { return at.to_string() };
    // Without a known zone, the local time is that of UTC.
    let zone = if zone.is_unknown() { " UTC" } else { "" };
    let format = if then.date() == today.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    format!("{}{zone}", then.strftime(format))
}

/// A duration, rounded up to seconds, in the largest unit of which it has at least two.
pub(crate) fn duration_words(time: Duration) -> String {
    let (count, unit) = match time.as_secs() + u64::from(time.subsec_nanos() > 0) {
        seconds @ 0..=119 => (seconds, "second"),
        seconds @ 120..=7199 => (seconds / 60, "minute"),
        seconds @ 7200..=172_799 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_given_in_their_largest_unit() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration_words(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_deadline_is_a_local_time_and_what_is_left() {
        let zone = TimeZone::posix("CET-1").unwrap();
        let at = Timestamp::parse_rfc3339("2026-06-12T13:32:00Z").unwrap();
        let told = |now: &str| deadline(at, Timestamp::parse_rfc3339(now).unwrap(), &zone);
        assert_eq!(told("2026-06-12T13:02:01Z"), "14:32 (29 minutes left)");
        assert_eq!(told("2026-06-11T13:32:00Z"), "2026-06-12 14:32 (24 hours left)");
        assert_eq!(told("2026-06-12T13:32:00Z"), "14:32 (expired)");
        assert_eq!(deadline(at, at, &TimeZone::unknown()), "13:32 UTC (expired)");
    }
}

#[cfg(test)]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::Time;

    impl JsonSchema for Time {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "time".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "format": "date-time" })
        }
    }
}
