//! Reads dates in any text. Nothing panics, a date that was read can be written and read again, a second reader agrees, and no valid date
//! is left unread.
//!
//! The input is `now` (8 bytes) and then the text.
#![no_main]

use std::time::{SystemTime, UNIX_EPOCH};

use enlist_core::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((now, text)) = input.split_at_checked(8) else { return };
    let now = Timestamp::from_unix_ms(i64::from_be_bytes(now.try_into().expect("8 bytes")));
    let Ok(text) = std::str::from_utf8(text) else { return };

    if let Some(time) = Timestamp::parse_rfc3339(text) {
        assert!(text.is_ascii() && text.contains(['T', 't']), "{text:?}");
        assert_eq!(Timestamp::parse_rfc3339(&time.to_rfc3339()), Some(time), "{text:?}");
    }
    if let Some(expected) = strict_rfc3339(text) {
        assert_eq!(Timestamp::parse_rfc3339(text), Some(expected), "{text:?}");
    }
    let ours = Timestamp::parse_http_date(text, now);
    if let Some(time) = ours {
        assert_eq!(time.as_unix_ms() % 1000, 0, "{text:?}");
    }
    // We read a two-digit year by RFC 9110 section 5.6.7, and the second reader has another rule. It also accepts white space, as the
    // caller of our parser does.
    if let Ok(theirs) = httpdate::parse_http_date(text)
        && !text.contains('-')
        && text == text.trim()
    {
        assert_eq!(ours, Some(of(theirs)), "{text:?}");
    }
    // Both parsers read every second that the second reader writes.
    let seconds = now.as_unix_ms().rem_euclid(253_402_300_800_000) / 1000;
    let written = httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_secs(seconds.unsigned_abs()));
    assert_eq!(Timestamp::parse_http_date(&written, now), Some(Timestamp::from_unix_ms(seconds * 1000)), "{written}");
    // Both readers below read every millisecond before the year 9999 that we write.
    let written = Timestamp::from_unix_ms(now.as_unix_ms().rem_euclid(253_370_764_800_000));
    assert_eq!(strict_rfc3339(&written.to_rfc3339()), Some(written), "{written}");
    assert_eq!(Timestamp::parse_rfc3339(&written.to_rfc3339()), Some(written), "{written}");
    // Arithmetic at the end of time saturates and does not wrap around.
    assert!(now.after(std::time::Duration::MAX) >= now && now.before(std::time::Duration::MAX) <= now);
    assert!(!now.to_rfc3339().is_empty());
});

fn of(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_unix_ms(i64::try_from(after.as_millis()).expect("a year of four digits")),
        Err(before) => Timestamp::from_unix_ms(-i64::try_from(before.duration().as_millis()).expect("a year of four digits")),
    }
}

/// Reads a date strictly by RFC 3339 section 5.6: years 1970 to 9998, milliseconds at most, no leap second.
fn strict_rfc3339(text: &str) -> Option<Timestamp> {
    let upper = text.to_ascii_uppercase();
    let (date_time, offset) = match upper.strip_suffix('Z') {
        Some(rest) => (rest, 0),
        None => {
            let (rest, zone) = upper.split_at_checked(upper.len().checked_sub(6)?)?;
            let (hours, minutes) = (number(zone, 1, 2, 0..=23)?, number(zone, 4, 2, 0..=59)?);
            let sign = match (zone.get(..1)?, zone.get(3..4)?) {
                ("+", ":") => 1,
                ("-", ":") => -1,
                _ => return None,
            };
            (rest, sign * (hours * 60 + minutes))
        }
    };
    let ms = match date_time.get(19..)? {
        "" => 0,
        fraction => number(&format!("{:0<4}", fraction.strip_prefix('.').map(|digits| format!(".{digits}"))?), 1, 3, 0..=999)?,
    };
    if date_time.len() > 23 || date_time.len() == 20 {
        return None;
    }
    let signs: String = [4, 7, 10, 13, 16].iter().filter_map(|at| date_time.get(*at..*at + 1)).collect();
    let (year, month, day) = (number(date_time, 0, 4, 1970..=9998)?, number(date_time, 5, 2, 1..=12)?, number(date_time, 8, 2, 1..=31)?);
    let (hour, minute, second) = (number(date_time, 11, 2, 0..=23)?, number(date_time, 14, 2, 0..=59)?, number(date_time, 17, 2, 0..=59)?);
    let is_leap = |year: i64| year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    let days_in = |month: i64| [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    if signs != "--T::" || day > days_in(month) {
        return None;
    }
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let days = years + (1..month).map(days_in).sum::<i64>() + day - 1;
    Some(Timestamp::from_unix_ms(((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1000 + ms))
}

/// Reads this many digits at a place. The number must be within the range.
fn number(text: &str, at: usize, digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let digits = text.get(at..at + digits)?;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    range.contains(&number).then_some(number)
}
