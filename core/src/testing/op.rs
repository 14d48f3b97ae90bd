//! The events of a test world, as a list of [`Op`]s: written by hand, drawn by proptest, or read from a fuzzer's bytes.

use core::fmt;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::error::TransportKind;

/// One event. An event that cannot happen in the current state is skipped, so that every list is a valid script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The request that is due is sent. Notices are shown and waits are completed before it.
    Exchange {
        /// The service's treatment of the request, if the request arrives.
        manner: Manner,
        /// The fate of the exchange.
        fate: Fate,
        /// The duration of the exchange, in milliseconds.
        ms: u32,
    },
    /// A notice is shown.
    Notified,
    /// The current wait is completed, and `late_ms` more.
    Wait {
        /// The additional time, in milliseconds.
        late_ms: u32,
    },
    /// The human answers a question.
    Reply(Reply),
    /// The owner does something on the claim page.
    Owner(Owner),
    /// A request that was thought lost reaches the service after all.
    Straggler,
    /// The process ends, and another one continues from the store.
    Crash,
    /// The wall clock is set.
    Jump {
        /// The change, in milliseconds.
        ms: i64,
    },
    /// The owner agrees to another attempt.
    Restart,
    /// Inputs that do not fit any state: answers to exchanges that are over, answers without a question.
    Misuse,
}

/// The fate of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The store could not be written, so the request is not sent.
    NotSaved,
    /// The request was saved, and the process ends before it is sent.
    CrashBeforeSending,
    /// There was no connection.
    NotSent(TransportKind),
    /// The request was sent, and the service never received it.
    RequestLost,
    /// The request was sent, and the service receives it too late, as an [`Op::Straggler`].
    Delayed,
    /// The service acted, and its answer is lost.
    AnswerLost,
    /// The service acted, and only half of its answer arrived.
    AnswerCut,
    /// The answer arrived, and the process ends before it is written down.
    CrashBeforeJournal,
    /// The answer was written down, and the process ends before it is read.
    CrashAfterJournal,
    /// The answer was taken in, and the process ends before that is saved.
    CrashBeforeSaving,
    /// The answer was taken in, and the store cannot be written for now.
    AnsweredUnsaved,
    /// The exchange succeeded.
    Answered,
}

/// The service's treatment of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It acts and answers as documented.
    Honest,
    /// The service does nothing and answers 503.
    Busy {
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The service does nothing and answers 429.
    TooMany {
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The service does nothing and answers 429 or 503, with `Retry-After` as a date relative to its own `Date`.
    Later {
        /// Whether the status is 429.
        too_many: bool,
        /// The number of seconds from `Date` to `Retry-After`.
        seconds: u32,
    },
    /// The service does nothing and answers a poll with `slow_down`.
    SlowDown {
        /// The value of `interval`, in seconds.
        interval: Option<u32>,
    },
    /// The service acts, and a gateway lies about the answer: it sends this status, as a router does with 503 after its timeout.
    Gateway {
        /// The status: 502, 503, or any other where no status is the service's word.
        status: u16,
        /// Whether the body is JSON with a word of OAuth, or a page.
        has_word: bool,
    },
    /// The service acts, and an intermediary replaces its answer with a page.
    Garbled,
    /// The service does nothing, and repeats the request's content in an error.
    Echo {
        /// The status.
        status: u16,
    },
    /// The service does nothing and gives this answer.
    Says(Words),
}

/// Any answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// The status, from 100 to 999. Any other value counts as 200.
    pub status: u16,
    /// The value of `Retry-After`, if it is valid in a header.
    pub retry_after: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The body is shown as text, because people read scripts.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, retry_after, body } = self;
        write!(f, "Words({status}, retry-after {retry_after:?}, {:?})", String::from_utf8_lossy(body))
    }
}

/// The human's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer that was asked for: yes, or the code of the last SMS.
    AsAsked,
    /// A code that the service did not send.
    WrongCode,
    /// The code of an earlier SMS.
    OldCode,
    /// A request for another SMS.
    SmsAgain,
}

/// An action of the owner on the claim page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The owner types the code.
    Approves,
    /// The owner types another code.
    Mistypes,
    /// The owner declines.
    Declines,
}

/// Bodies that services send, or that a hostile service might send.
pub const BODIES: [&str; 21] = [
    r#"{"user_code":"739299","verification_uri":"https://app.opentrain.ai/claim?token=ot_cat_CANARY","expires_in":60,"interval":1}"#,
    r#"{"user_code":"739299","verification_uri":"https://evil.example/?token=ot_cat_CANARY","expires_in":60}"#,
    r#"{"error":"authorization_pending","interval":30}"#,
    r#"{"error":"slow_down"}"#,
    r#"{"error":"invalid_grant"}"#,
    r#"{"error":"expired_token"}"#,
    r#"{"error":"access_denied"}"#,
    r#"{"error":"temporarily_unavailable"}"#,
    r#"{"error":"invalid_request","error_description":"email_already_registered ot_clm_CANARY"}"#,
    r#"{"access_token":"ot_pat_9_CANARY","claim_token":"ot_clm_CANARY","token_endpoint":"https://evil.example/"}"#,
    r#"{"access_token":"ot_pat_9_CANARY","claim_token":"ot_clm_CANARY","claim_endpoint":"https://evil.example/"}"#,
    r#"{"access_token":"ot_pat_9_CANARY","scopes":["jobs:read"]}"#,
    r#"{"access_token":1,"manifest_session_id":1,"otp_session_id":[],"badge":{}}"#,
    r#"{"manifest_session_id":"CANARY1","public_profile":{"agent_name":"other"}}"#,
    r#"{"otp_session_id":"CANARY2","expires_at":"2026-06-12T09:05:00Z"}"#,
    r#"{"verified":false}"#,
    "<html>ot_clm_CANARY",
    r#"{"valid":true,"did":"did:sentryagent:abc123"}"#,
    r#"{"valid":false}"#,
    r#"{"valid":"false"}"#,
    r#"{"new_badge":"eyJhbGciOiJFZERTQSJ9.e30.CANARY3","new_did":"did:sentryagent:xyz789"}"#,
];

/// The failures of [`Fate::NotSent`].
pub const UNSENT: [TransportKind; 4] = [TransportKind::Connect, TransportKind::Dns, TransportKind::Tls, TransportKind::Proxy];

const STATUSES: [u16; 16] = [200, 200, 200, 400, 400, 401, 403, 404, 408, 409, 410, 302, 429, 500, 503, 599];

/// The statuses of [`Manner::Gateway`].
const GATEWAYS: [u16; 9] = [502, 503, 302, 401, 403, 404, 407, 410, 429];

/// Draws an [`op`], so that `any::<Vec<Op>>()` is a script.
///
/// ```
/// use enlist_core::testing::{Op, check};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(8), |(script in any::<Vec<Op>>())| {
///     prop_assert_eq!(check(&script), Ok(()));
/// });
/// ```
impl Arbitrary for Op {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        op().boxed()
    }
}

/// Draws lists of operations with proptest. A failing list shrinks to a short script.
pub fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 0..most)
}

/// Draws one operation with proptest.
pub fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (manner(), fate(), 0u32..30_000).prop_map(|(manner, fate, ms)| Op::Exchange { manner, fate, ms }),
        1 => Just(Op::Notified),
        2 => (0u32..120_000).prop_map(|late_ms| Op::Wait { late_ms }),
        6 => prop_oneof![4 => Just(Reply::AsAsked), 1 => Just(Reply::WrongCode), 1 => Just(Reply::OldCode), 1 => Just(Reply::SmsAgain)]
            .prop_map(Op::Reply),
        1 => prop_oneof![3 => Just(Owner::Approves), 1 => Just(Owner::Mistypes), 1 => Just(Owner::Declines)].prop_map(Op::Owner),
        1 => Just(Op::Straggler),
        2 => Just(Op::Crash),
        1 => prop_oneof![-40_000i64..40_000, -400_000_000i64..400_000_000, -315_360_000_000i64..315_360_000_000].prop_map(|ms| Op::Jump { ms }),
        1 => Just(Op::Restart),
        1 => Just(Op::Misuse),
    ]
}

fn manner() -> impl Strategy<Value = Manner> {
    let seconds = || proptest::option::of(0u32..5000);
    prop_oneof![
        16 => Just(Manner::Honest),
        1 => seconds().prop_map(|retry_after| Manner::Busy { retry_after }),
        1 => seconds().prop_map(|retry_after| Manner::TooMany { retry_after }),
        1 => (any::<bool>(), prop_oneof![0u32..120, 0u32..5000, 0u32..40_000_000])
            .prop_map(|(too_many, seconds)| Manner::Later { too_many, seconds }),
        2 => seconds().prop_map(|interval| Manner::SlowDown { interval }),
        1 => (proptest::sample::select(&GATEWAYS[..]), any::<bool>()).prop_map(|(status, has_word)| Manner::Gateway { status, has_word }),
        1 => Just(Manner::Garbled),
        1 => proptest::sample::select(&STATUSES[..]).prop_map(|status| Manner::Echo { status }),
        1 => words().prop_map(Manner::Says),
    ]
}

fn words() -> impl Strategy<Value = Words> {
    let status = || prop_oneof![3 => proptest::sample::select(&STATUSES[..]), 1 => 100u16..1000];
    let body = prop_oneof![
        3 => proptest::sample::select(&BODIES[..]).prop_map(|body| body.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    // The dates are in the past, soon after a world's beginning, in its first days, or far in the future.
    let date = prop_oneof![
        "Sun, 06 Nov 1994 08:49:3[0-9] GMT",
        "Fri, 12 Jun 2026 09:0[0-9]:[0-5][0-9] GMT",
        "Friday, (12-Jun|09-Jul)-26 1[0-9]:[0-5][0-9]:00 GMT",
        "Sat Jun 12 09:00:00 (2027|9999)",
    ];
    let retry_after = prop_oneof![2 => Just(String::new()), 1 => "[0-9]{1,6}", 1 => date, 1 => ".{0,8}"];
    (status(), retry_after, body).prop_map(|(status, retry_after, body)| Words { status, retry_after, body })
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Answered),
        1 => Just(Fate::NotSaved),
        1 => Just(Fate::CrashBeforeSending),
        2 => proptest::sample::select(&UNSENT[..]).prop_map(Fate::NotSent),
        1 => Just(Fate::RequestLost),
        1 => Just(Fate::Delayed),
        1 => Just(Fate::AnswerLost),
        1 => Just(Fate::AnswerCut),
        1 => Just(Fate::CrashBeforeJournal),
        1 => Just(Fate::CrashAfterJournal),
        1 => Just(Fate::CrashBeforeSaving),
        1 => Just(Fate::AnsweredUnsaved),
    ]
}

impl Op {
    /// Reads a list of operations from any bytes, as a fuzzer supplies them. Every input is a valid list.
    #[must_use]
    pub fn read_all(bytes: &[u8]) -> Vec<Self> {
        let mut bytes = Bytes(bytes);
        core::iter::from_fn(|| bytes.op()).collect()
    }
}

/// The rest of a fuzzer's input. After its end, every number is 0.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn op(&mut self) -> Option<Op> {
        let first = self.next()?;
        Some(match first % 16 {
            0..=5 => Op::Exchange { manner: self.manner(), fate: Fate::Answered, ms: 0 },
            6..=8 => Op::Exchange { manner: self.manner(), fate: self.fate(), ms: u32::from(self.byte()) * 200 },
            9 => Op::Wait { late_ms: u32::from(self.byte()) * 1000 },
            10 => Op::Reply(pick(&[Reply::AsAsked, Reply::WrongCode, Reply::OldCode, Reply::SmsAgain], self.byte())),
            11 => Op::Owner(pick(&[Owner::Approves, Owner::Mistypes, Owner::Declines], self.byte())),
            12 => Op::Crash,
            13 => Op::Jump { ms: i64::from(self.number()) << (self.byte() % 16) },
            14 => Op::Restart,
            _ => pick(&[Op::Misuse, Op::Straggler, Op::Notified, Op::Reply(Reply::AsAsked)], self.byte()),
        })
    }

    fn manner(&mut self) -> Manner {
        let kind = self.byte();
        match kind % 16 {
            0..=6 => Manner::Honest,
            // Half of the numbers are dates.
            7 => match self.short() {
                0 => Manner::Busy { retry_after: None },
                seconds @ 1..=0x7fff => Manner::Busy { retry_after: Some(seconds.into()) },
                seconds => Manner::Later { too_many: seconds % 2 == 1, seconds: u32::from(seconds & 0x7fff) },
            },
            8 => Manner::TooMany { retry_after: self.seconds() },
            9 => Manner::SlowDown { interval: self.seconds() },
            10 => Manner::Gateway { status: pick(&GATEWAYS, self.byte()), has_word: self.byte() % 2 == 1 },
            11 => Manner::Garbled,
            12 => Manner::Echo { status: pick(&STATUSES, self.byte()) },
            13 | 14 => Manner::Says(Words {
                status: pick(&STATUSES, self.byte()),
                retry_after: String::new(),
                body: pick(&BODIES, self.byte()).as_bytes().to_vec(),
            }),
            _ => {
                let status = 100 + (self.short() % 900);
                let (retry_after, body) = (self.text(), self.text());
                Manner::Says(Words { status, retry_after: String::from_utf8_lossy(&retry_after).into_owned(), body })
            }
        }
    }

    fn fate(&mut self) -> Fate {
        let kind = pick(&UNSENT, self.byte());
        let fates = [
            Fate::NotSaved,
            Fate::CrashBeforeSending,
            Fate::NotSent(kind),
            Fate::RequestLost,
            Fate::Delayed,
            Fate::AnswerLost,
            Fate::AnswerCut,
            Fate::CrashBeforeJournal,
            Fate::CrashAfterJournal,
            Fate::CrashBeforeSaving,
            Fate::AnsweredUnsaved,
            Fate::Answered,
        ];
        pick(&fates, self.byte())
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn number(&mut self) -> i32 {
        i32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn seconds(&mut self) -> Option<u32> {
        let seconds = self.short();
        (seconds > 0).then_some(seconds.into())
    }

    /// Reads a text. Its first byte is its length.
    fn text(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        text.to_vec()
    }
}

#[allow(clippy::indexing_slicing)] // the array has a constant length, which is not 0
fn pick<T: Clone, const N: usize>(from: &[T; N], by: u8) -> T {
    from[usize::from(by) % N].clone()
}
