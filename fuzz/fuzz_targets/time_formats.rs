//! Dates in any text: no panic, what is read can be written and read again, and a second reader agrees.
//!
//! The input: `now` (8 bytes), then the text.
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
    let ours = Timestamp::parse_http_date(text, now);
    if let Some(time) = ours {
        assert_eq!(time.as_unix_ms() % 1000, 0, "{text:?}");
    }
    // The two-digit year is read by a rule of our own (RFC 9110 section 5.6.7): the second reader knows another, and
    // it forgives white space, as the one who calls ours does.
    if let Ok(theirs) = httpdate::parse_http_date(text)
        && !text.contains('-')
        && text == text.trim()
    {
        assert_eq!(ours, Some(of(theirs)), "{text:?}");
    }
    // What the second reader writes for any second of its years, both read.
    let seconds = now.as_unix_ms().rem_euclid(253_402_300_800_000) / 1000;
    let written = httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_secs(seconds.unsigned_abs()));
    assert_eq!(Timestamp::parse_http_date(&written, now), Some(Timestamp::from_unix_ms(seconds * 1000)), "{written}");
    // An end of time is an end, and no way round.
    assert!(now.after(std::time::Duration::MAX) >= now && now.before(std::time::Duration::MAX) <= now);
    assert!(!now.to_rfc3339().is_empty());
});

fn of(time: SystemTime) -> Timestamp {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_unix_ms(i64::try_from(after.as_millis()).expect("a year of four digits")),
        Err(before) => Timestamp::from_unix_ms(-i64::try_from(before.duration().as_millis()).expect("a year of four digits")),
    }
}
