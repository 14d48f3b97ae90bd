//! Properties that hold whatever a service answers and whatever the clock does.

use std::time::Duration;

use crate::common::*;
use enlist_core::badge::Did;
use enlist_core::claim::{Claim, Label};
use enlist_core::secret::{Email, Otp, PersonalToken, Phone, SessionId, UserCode};
use enlist_core::{Ceremony, Delivery, Input, Origin, Snapshot, Step, Timestamp, TransportKind, Untrusted};
use proptest::prelude::*;

/// An answer to a poll or a start: one that services send, a problem of any kind, or garbage.
fn answer() -> impl Strategy<Value = Answered> {
    prop_oneof![
        4 => Just(()).prop_map(|()| pending()),
        2 => Just(()).prop_map(|()| slow_down()),
        2 => Just(()).prop_map(|()| started()),
        1 => Just(()).prop_map(|()| delivered()),
        1 => Just(()).prop_map(|()| invalid_grant()),
        1 => Just(()).prop_map(|()| error(400, "expired_token")),
        2 => Just(()).prop_map(|()| lost()),
        1 => Just(()).prop_map(|()| refused()),
        1 => Just(()).prop_map(|()| failed(TransportKind::NotTried, Delivery::NotSent)),
        1 => (200u16..600).prop_map(html),
        1 => (200u16..600, 0u32..10_000).prop_map(|(status, seconds)| with_headers(status, &[("retry-after", &seconds.to_string())], "{}")),
        1 => (200u16..600, ".{0,60}").prop_map(|(status, body)| with_headers(status, &[], &body)),
    ]
}

/// An event between two requests.
#[derive(Clone, Debug)]
enum Between {
    Nothing,
    /// The clock jumps by this many milliseconds while no request is in flight.
    Jump(i64),
    /// The process ends, and another one continues.
    Restart,
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        4 => Just(Between::Nothing),
        1 => (-400_000_000i64..400_000_000).prop_map(Between::Jump),
        1 => Just(Between::Restart),
    ]
}

fn saved_and_resumed(claim: &Claim) -> Claim {
    let json = claim.snapshot().to_json();
    Claim::resume(&Snapshot::from_json(json.expose().as_bytes()).unwrap()).unwrap()
}

/// Waits as the ceremony says until a request is due; `None` at the end. Returns the time waited, by a clock that nobody sets.
fn until_due(claim: &mut Claim, now: &mut Timestamp) -> Option<Duration> {
    let mut waited = Duration::ZERO;
    for _ in 0..8 {
        match claim.poll(*now) {
            Step::Send => return Some(waited),
            Step::Done(_) => return None,
            Step::Notify(_) => claim.handle(*now, Input::Notified).unwrap(),
            Step::Wait { until, .. } => {
                assert!(claim.clone().begin(*now).is_err(), "a request began before it was due");
                waited += until.since(*now);
                *now = until;
                claim.handle(*now, Input::Woke).unwrap();
            }
            Step::InFlight(_) => panic!("no answer may be missing"),
            Step::Ask(never) => match never {},
        }
    }
    panic!("the ceremony neither sent a request nor ended");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_claim_keeps_its_rules(script in prop::collection::vec((answer(), between()), 1..60)) {
        let (mut claim, mut now, mut last_id) = (claim(), START, 0);
        let mut shown = None;
        for (answer, between) in script {
            match between {
                Between::Nothing => {}
                Between::Jump(ms) => now = Timestamp::from_unix_ms(now.as_unix_ms() + ms),
                Between::Restart => {
                    let resumed = saved_and_resumed(&claim);
                    prop_assert_eq!(&resumed, &claim);
                    claim = resumed;
                }
            }
            prop_assert_eq!(claim.poll(now), claim.poll(now));
            let Some(waited) = until_due(&mut claim, &mut now) else { break };
            prop_assert!(waited <= Duration::from_secs(2 * 5040), "the wait is too long: {:?}", waited);
            let exchange = claim.begin(now).unwrap();
            prop_assert!(exchange.id.as_u64() > last_id);
            last_id = exchange.id.as_u64();
            let is_poll = exchange.request.uri().path() == "/api/agent/oauth/token";
            prop_assert_eq!(exchange.request.uri().host(), Some("app.opentrain.ai"));
            // In flight, nothing else can begin, and a restored ceremony awaits the same answer.
            prop_assert_eq!(claim.poll(now), Step::InFlight(exchange.id));
            prop_assert_eq!(saved_and_resumed(&claim).poll(now), Step::InFlight(exchange.id));
            let indefinite = matches!(&answer, Err(failure) if failure.delivery == Delivery::Unknown);
            claim.handle(now, Input::answered(exchange.id, answer)).unwrap();
            prop_assert!(!(indefinite && is_poll) || claim.may_be_delivered(), "a lost answer counts as a possible delivery");
            // Only a new start changes the code that the owner sees.
            let code = claim.notice().map(|notice| notice.user_code.expose().to_owned());
            prop_assert!(code.is_none() || shown.is_none() || code == shown || !is_poll);
            shown = code;
        }
        if let Step::Done(end) = claim.poll(now) {
            claim.handle(now, Input::Notified).unwrap();
            prop_assert_eq!(claim.poll(now), Step::Done(end));
            prop_assert!(claim.begin(now).is_err());
        }
    }

    #[test]
    fn every_text_of_a_service_is_shown_safely(text in "\\PC{0,40}|.{0,300}") {
        let shown = Untrusted::new(&text).to_string();
        prop_assert!(!shown.contains(char::is_control));
        prop_assert!(!shown.contains(|c| matches!(u32::from(c), 0x200B..=0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0xFEFF)));
        prop_assert!(shown.chars().count() <= Untrusted::SHOWN * 10 + 1);
    }

    #[test]
    fn a_text_that_is_not_a_snapshot_causes_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Snapshot::from_json(&bytes).is_err());
    }

    #[test]
    fn no_text_makes_the_time_parsers_panic(text in ".{0,60}", now in any::<i64>()) {
        let now = Timestamp::from_unix_ms(now);
        let _ = Timestamp::parse_http_date(&text, now);
        if let Some(time) = Timestamp::parse_rfc3339(&text) {
            prop_assert_eq!(Timestamp::parse_rfc3339(&time.to_rfc3339()), Some(time));
        }
    }

    /// A value that a type accepted is shown and sent unchanged, and the type accepts it again. An error never shows a value that was
    /// refused.
    #[test]
    fn the_wire_types_accept_their_own_output(text in "\\PC{0,30}|.{0,40}|[!-~]{1,300}|[+]?[0-9]{1,17}|[a-z.]{1,8}@[a-z.-]{1,12}|did:sentryagent:.{0,9}") {
        let graphic = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        prop_assert_eq!(PersonalToken::parse(&text).is_ok(), graphic);
        prop_assert_eq!(SessionId::parse(&text).is_ok(), graphic && text.len() <= 256);
        prop_assert_eq!(UserCode::parse(&text).is_ok(), graphic && text.len() <= 64);
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let trimmed = text.trim();
        prop_assert_eq!(Otp::parse(&text).is_ok(), trimmed.len() == 6 && digits(trimmed));
        if let Ok(phone) = Phone::parse(&text) {
            let number = phone.expose().strip_prefix('+').unwrap();
            prop_assert!(digits(number) && (2..=15).contains(&number.len()) && !number.starts_with('0'));
        }
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(email.expose() == trimmed && trimmed.matches('@').count() == 1 && !trimmed.contains(char::is_whitespace));
            prop_assert_eq!(Email::parse(email.expose()), Ok(email.clone()));
        }
        if let Ok(did) = Did::parse(&text) {
            prop_assert!(did.as_str() == text && text.len() > "did:sentryagent:".len() && graphic);
        }
        if let Ok(label) = Label::parse(&text) {
            prop_assert!(label.as_str() == trimmed && !trimmed.contains(char::is_control));
        }
        if let Ok(origin) = Origin::parse(&text) {
            prop_assert_eq!(Origin::parse(&origin.to_string()), Ok(origin));
        }
    }

    /// Every URL is on the pinned origin or is refused: a second parser finds the same host.
    #[test]
    fn an_origin_is_read_as_others_read_it(
        scheme in "https?|HTTPS|ftp",
        host in "[a-z0-9.-]{1,12}|127\\.0\\.0\\.[0-9]|\\[::1\\]|localhost",
        port in "|:[0-9]{0,6}",
        rest in "|/|/x|\\?x|#x",
    ) {
        let url = format!("{scheme}://{host}{port}{rest}");
        if let Ok(origin) = Origin::parse(&url) {
            let uri: http::Uri = url.parse().unwrap();
            let shown: http::Uri = origin.to_string().parse().unwrap();
            prop_assert_eq!(uri.host().map(str::to_lowercase), shown.host().map(str::to_owned));
            prop_assert!(shown.scheme_str() == Some("https") || origin.is_loopback());
            prop_assert!(matches!(uri.path(), "" | "/") && uri.query().is_none());
        }
    }
}
