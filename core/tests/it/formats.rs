//! The formats of typed input and of the wire, tested from both sides: a text in the format is accepted, and a text that breaks it is
//! refused. The formats are described here independently.

use enlist_core::badge::Did;
use enlist_core::claim::Label;
use enlist_core::secret::{Email, Phone};
use enlist_core::{Origin, Timestamp};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::string::string_regex;

const PHONE: &[&str] = &[r"\s?\+[1-9][0-9]{1,14}\s?"];
/// Texts without the plus, with a leading 0, too short, too long, or with other characters in between.
const NO_PHONE: &[&str] =
    &[r"[0-9]{3,15}", r"\+0[0-9]{1,14}", r"\+[1-9]?", r"\+[1-9][0-9]{15,20}", r"\+[1-9][0-9]{0,5}[ a-z()٣+-][0-9]{1,5}"];

const EMAIL: &[&str] = &[
    r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9äß_-]{1,8}){0,3}@([a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\.){1,3}[a-z]{2,8}",
    r"\s[a-z]{64}@[a-z]{63}\.[a-z]{2}\s",
];
/// Texts with no at sign or two, without a name, with too many dots, with characters that a name cannot contain, without a domain of two
/// labels, with a hyphen at the end of a label, with an IP address as the domain, or too long.
const NO_EMAIL: &[&str] = &[
    r"[a-z.]{0,10}",
    r"[a-z]{1,5}@[a-z]{1,5}@[a-z]{1,5}\.com",
    r"@[a-z]{1,5}\.com",
    r"(\.[a-z]{1,5}|[a-z]{1,5}\.|[a-z]{1,3}\.\.[a-z]{1,3})@[a-z]{1,5}\.com",
    "[a-z]{1,5}[ \"(),:;<>\\[\\]\\\\\u{0}][a-z]{1,5}@[a-z]{1,5}\\.com",
    r"[a-z]{1,5}@[a-z]{0,10}",
    r"[a-z]{1,5}@([a-z]{1,5}\.)?(-[a-z]{1,5}|[a-z]{1,5}-|[a-z]_[a-z]|)\.com",
    r"[a-z]{1,5}@[a-z]{1,5}\.",
    r"[a-z]{1,5}@([0-9]{1,3}\.){3}[0-9]{1,3}",
    r"[a-z]{65,80}@[a-z]{1,5}\.com",
    r"[a-z]{1,5}@[a-z]{64,70}\.com",
    r"[a-z]{60}@([a-z]{60}\.){4}com",
];

const DID: &[&str] = &[r"did:sentryagent:([A-Za-z0-9._-]|%[0-9A-F]{2}){1,20}", r"did:sentryagent:[a-z]{1,5}:[a-z0-9]{1,5}"];
const NO_DID: &[&str] = &[
    r"did:sentryagent:?",
    r"did:(web|key|sentryagents|SENTRYAGENT):[a-z]{1,8}",
    r"(DID| did|):sentryagent:[a-z]{1,8}",
    r"did:sentryagent:[a-z]{1,8}:",
    r"did:sentryagent:[a-z]{0,4}[ /#?@ä\n][a-z]{0,4}",
];

const LABEL: &[&str] = &[r"\s{0,2}[^\s\p{Cc}][^\p{Cc}]{0,20}"];
const NO_LABEL: &[&str] = &[r"\s{0,5}", r"[a-z]{1,5}\p{Cc}[a-z]{1,5}"];

const ORIGIN: &[&str] = &[
    r"(https|HTTPS)://[a-z0-9]([a-zA-Z0-9._-]{0,10}[a-z0-9])?(:[1-9][0-9]{0,3}|:[1-5][0-9]{4}|)/?",
    r"https?://(localhost|127\.[0-9]\.[1-9][0-9]\.1[0-9]{2}|\[::1\])(:[1-9][0-9]{0,3}|:65535|)/?",
    r"https://\[(2001:db8::[0-9a-f]{1,4}|::)\]",
];
/// Texts with another scheme, plain http to other hosts, a path or more, a user, no host, no port, an invalid port, or characters that a
/// URL cannot contain.
const NO_ORIGIN: &[&str] = &[
    r"(ftp|ws|file|httpss|)://[a-z]{1,8}\.com",
    r"http://([a-z]{1,8}\.com|localhost\.[a-z]{2}|127\.0\.0\.1\.[a-z]{2}|128\.0\.0\.1|\[::2\]|0\.0\.0\.0)",
    r"https://[a-z]{1,8}\.com(/[a-z]{1,4}|//|\?[a-z]?|#[a-z]?|/\?|/#)",
    r"https://[a-z]{1,4}(:[a-z]{1,4})?@[a-z]{1,8}\.com",
    r"https://(:[1-9][0-9]{1,3})?/?",
    r"https://[a-z]{1,8}\.com:(0|6553[6-9]|[7-9][0-9]{4}|[1-9][0-9]{5}|[a-z]{1,3}|\+1|)",
    "https://[a-z]{1,4}[ \"<>\\\\^`{|}$~!ä\t][a-z]{1,4}\\.com",
    r"https:/?[a-z]{1,8}\.com",
    r"[a-z]{1,8}\.com",
];

fn of(forms: &[&str]) -> Union<BoxedStrategy<String>> {
    Union::new(forms.iter().map(|form| string_regex(form).unwrap().boxed()))
}

/// A calendar time: year, month, day, hour, minute, second.
#[derive(Clone, Copy, Debug)]
struct Civil(i64, u32, u32, u32, u32, u32);

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn days_of(year: i64, month: u32) -> u32 {
    let is_leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1]
}

impl Civil {
    /// Computes the Unix seconds by counting the days of all earlier years and months.
    fn unix_seconds(self) -> i64 {
        let Self(year, month, day, hour, minute, second) = self;
        let leaps_before = |year: i64| (year - 1).div_euclid(4) - (year - 1).div_euclid(100) + (year - 1).div_euclid(400);
        let years = (year - 1970) * 365 + leaps_before(year) - leaps_before(1970);
        let months: u32 = (1..month).map(|month| days_of(year, month)).sum();
        let days = years + i64::from(months + day - 1);
        days * 86_400 + i64::from(hour * 3600 + minute * 60 + second)
    }

    fn month(self) -> &'static str {
        MONTHS[self.1 as usize - 1]
    }
}

fn civil() -> impl Strategy<Value = Civil> {
    let date = (1i64..9999, 1u32..13).prop_flat_map(|(year, month)| (Just(year), Just(month), 1..=days_of(year, month)));
    (date, 0u32..24, 0u32..60, 0u32..60)
        .prop_map(|((year, month, day), hour, minute, second)| Civil(year, month, day, hour, minute, second))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_text_in_its_format_is_accepted(phone in of(PHONE), email in of(EMAIL), did in of(DID), label in of(LABEL), origin in of(ORIGIN)) {
        prop_assert!(Phone::parse(&phone).is_ok_and(|taken| taken.expose() == phone.trim()));
        prop_assert!(Email::parse(&email).is_ok_and(|taken| taken.expose() == email.trim()));
        prop_assert!(Did::parse(&did).is_ok_and(|taken| taken.as_str() == did));
        prop_assert!(Label::parse(&label).is_ok_and(|taken| taken.as_str() == label.trim()));
        prop_assert!(Origin::parse(&origin).is_ok(), "{}", origin);
    }

    #[test]
    fn a_text_that_breaks_its_format_is_refused(
        phone in of(NO_PHONE),
        email in of(NO_EMAIL),
        did in of(NO_DID),
        label in of(NO_LABEL),
        origin in of(NO_ORIGIN),
    ) {
        prop_assert!(Phone::parse(&phone).is_err());
        prop_assert!(Email::parse(&email).is_err());
        prop_assert!(Did::parse(&did).is_err());
        prop_assert!(Label::parse(&label).is_err());
        prop_assert!(Origin::parse(&origin).is_err());
    }

    /// RFC 3339 section 5.6.
    #[test]
    fn every_date_time_is_read(civil in civil(), ms in prop::option::of(0i64..1000), zone in prop::option::of((any::<bool>(), 0i64..24, 0i64..60)), lower: bool) {
        let Civil(year, month, day, hour, minute, second) = civil;
        let fraction = ms.map_or_else(String::new, |ms| format!(".{ms:03}"));
        let zone_text = zone.map_or_else(|| "Z".into(), |(east, h, m)| format!("{}{h:02}:{m:02}", if east { '+' } else { '-' }));
        let offset = zone.map_or(0, |(east, h, m)| if east { h * 60 + m } else { -(h * 60 + m) });
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone_text}");
        let text = if lower { text.to_lowercase() } else { text };
        let expected = (civil.unix_seconds() - offset * 60) * 1000 + ms.unwrap_or(0);
        prop_assert_eq!(Timestamp::parse_rfc3339(&text), Some(Timestamp::from_unix_ms(expected)), "{}", text);
        for broken in [
            text.replacen(['T', 't'], " ", 1),
            format!("{text}[UTC]"),
            format!("{text}x"),
            text.replacen(&format!("-{month:02}-"), "-13-", 1),
            text.replacen(&format!("-{day:02}{}", &text[10..11]), &format!("-{}{}", days_of(year, month) + 1, &text[10..11]), 1),
            format!("{}25{}", &text[..11], &text[13..]),
            format!("{}60{}", &text[..14], &text[16..]),
            text[..19].to_owned(),
            text[..10].to_owned(),
        ] {
            prop_assert_eq!(Timestamp::parse_rfc3339(&broken), None, "{}", broken);
        }
    }

    /// RFC 9110 section 5.6.7.
    #[test]
    fn every_http_date_is_read(civil in civil(), now in 0i64..4_102_444_800) {
        let Civil(year, month, day, hour, minute, second) = civil;
        let (name, now) = (civil.month(), Timestamp::from_unix_ms(now * 1000));
        let expected = Some(Timestamp::from_unix_ms(civil.unix_seconds() * 1000));
        let imf = format!("Sun, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
        prop_assert_eq!(Timestamp::parse_http_date(&imf, now), expected, "{}", imf);
        let asctime = format!("Sun {name} {day:2} {hour:02}:{minute:02}:{second:02} {year:04}");
        prop_assert_eq!(Timestamp::parse_http_date(&asctime, now), expected, "{}", asctime);
        let rfc850 = format!("Sunday, {day:02}-{name}-{:02} {hour:02}:{minute:02}:{second:02} GMT", year % 100);
        // The result is a year with the same two digits, at most 50 years away. That year may not be a leap year.
        if let Some(read) = Timestamp::parse_http_date(&rfc850, now) {
            let year = |time: Timestamp| time.to_rfc3339()[..4].parse::<i64>().unwrap();
            prop_assert_eq!(read.to_rfc3339()[2..19].to_owned(), format!("{:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}", civil.0 % 100));
            prop_assert!((year(read) - year(now)).abs() <= 50, "{} at {}", read, now);
        } else {
            prop_assert!(month == 2 && day == 29, "{}", rfc850);
        }
        for (text, [from, to]) in [
            (&imf, [" GMT", ""]),
            (&imf, [" GMT", " CET"]),
            (&imf, [name, "Now"]),
            (&imf, [&format!(", {day:02}"), ", 32"]),
            (&imf, [&format!(" {hour:02}:"), " 25:"]),
            (&imf, [&format!(":{minute:02}:"), ":61:"]),
            (&asctime, [name, "Now"]),
            (&asctime, [&format!(" {day:2} "), " 32 "]),
            (&rfc850, [" GMT", ""]),
            (&rfc850, [name, "Now"]),
        ] {
            let broken = text.replacen(from, to, 1);
            prop_assert_eq!(Timestamp::parse_http_date(&broken, now), None, "{}", broken);
        }
    }
}
