//! What can happen to a ceremony, as a list of [`Op`]s: written by hand, drawn by proptest, or read from a fuzzer's bytes.

use core::fmt;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::error::TransportKind;

/// One thing that happens. One that cannot happen now is passed over, so that every list is a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The request that is due is made; notices are shown and waits waited out before it.
    Exchange {
        /// What the service does with the request, if it comes.
        manner: Manner,
        /// What becomes of the exchange.
        fate: Fate,
        /// How long it takes.
        ms: u32,
    },
    /// A notice is shown.
    Notified,
    /// What is to be waited for is waited for, and so much longer.
    Wait {
        /// Overslept.
        late_ms: u32,
    },
    /// The human answers a question.
    Reply(Reply),
    /// The owner does something on the claim page.
    Owner(Owner),
    /// A request that was thought lost reaches the service after all.
    Straggler,
    /// The process ends, and another one goes on from what is stored.
    Crash,
    /// The wall clock is set.
    Jump {
        /// By so much.
        ms: i64,
    },
    /// Another attempt, on the owner's word.
    Restart,
    /// Inputs that nobody asked for: answers to exchanges that are over, answers to no question.
    Misuse,
}

/// What becomes of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The store could not be written, so the request is not sent.
    NotSaved,
    /// It was saved, and the process ends before it is sent.
    CrashBeforeSending,
    /// No connection.
    NotSent(TransportKind),
    /// It was sent, and the service never saw it.
    RequestLost,
    /// It was sent, and the service sees it too late: an [`Op::Straggler`].
    Delayed,
    /// The service acted; its answer is lost.
    AnswerLost,
    /// The service acted; half of its answer came.
    AnswerCut,
    /// The answer came, and the process ends before it is written down.
    CrashBeforeJournal,
    /// The answer was written down, and the process ends before it is read.
    CrashAfterJournal,
    /// The answer was taken in, and the process ends before that is saved.
    CrashBeforeSaving,
    /// The answer was taken in, and the store cannot be written for now.
    AnsweredUnsaved,
    /// All went well.
    Answered,
}

/// What the service does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It acts and answers as documented.
    Honest,
    /// It does nothing and answers 503.
    Busy {
        /// With `Retry-After`.
        retry_after: Option<u32>,
    },
    /// It does nothing and answers 429.
    TooMany {
        /// With `Retry-After`.
        retry_after: Option<u32>,
    },
    /// It does nothing and answers 429 or 503, with `Retry-After` as a date, by its own `Date`.
    Later {
        /// Whether it is 429.
        too_many: bool,
        /// The seconds from the one to the other.
        seconds: u32,
    },
    /// It does nothing, and a poll is answered `slow_down`.
    SlowDown {
        /// With `interval`.
        interval: Option<u32>,
    },
    /// It acts, and a gateway answers with this status and a page of its own: a router whose time is over says 503 so.
    Gateway {
        /// 502, 503, or for a poll any status that a gateway writes.
        status: u16,
    },
    /// It acts, and something on the way turns its answer into a page.
    Garbled,
    /// It does nothing and repeats in an error what it was sent.
    Echo {
        /// The status.
        status: u16,
    },
    /// It does nothing and answers this.
    Says(Words),
}

/// Any answer at all.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// 100 to 999; anything else counts as 200.
    pub status: u16,
    /// `Retry-After`, if it can be one.
    pub retry_after: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The body as text: a script is read by people.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, retry_after, body } = self;
        write!(f, "Words({status}, retry-after {retry_after:?}, {:?})", String::from_utf8_lossy(body))
    }
}

/// The human's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// What was asked for: yes, or the code of the last SMS.
    AsAsked,
    /// A code that nobody sent.
    WrongCode,
    /// The code of an earlier SMS.
    OldCode,
    /// Another SMS, please.
    SmsAgain,
}

/// What the owner does on the claim page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Types the code.
    Approves,
    /// Types another code.
    Mistypes,
    /// Says no.
    Declines,
}

/// Bodies that services send, or hostile ones would.
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

/// Kinds of [`Fate::NotSent`].
pub const UNSENT: [TransportKind; 4] = [TransportKind::Connect, TransportKind::Dns, TransportKind::Tls, TransportKind::Proxy];

const STATUSES: [u16; 16] = [200, 200, 200, 400, 400, 401, 403, 404, 408, 409, 410, 302, 429, 500, 503, 599];

/// The statuses of [`Manner::Gateway`].
const GATEWAYS: [u16; 8] = [502, 503, 302, 401, 403, 404, 407, 429];

/// What [`op`] draws, so that `any::<Vec<Op>>()` is a script.
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

/// Lists of operations, for proptest: a failing one shrinks to a short script.
pub fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 0..most)
}

/// One operation, for proptest.
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
        1 => proptest::sample::select(&GATEWAYS[..]).prop_map(|status| Manner::Gateway { status }),
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
    // Past; soon after a world's beginning, and in its first days; far off.
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
    /// Reads a list of operations from any bytes, as a fuzzer gives them; every input is a list.
    #[must_use]
    pub fn read_all(bytes: &[u8]) -> Vec<Self> {
        let mut bytes = Bytes(bytes);
        core::iter::from_fn(|| bytes.op()).collect()
    }
}

/// What is left of a fuzzer's input. After its end every number is 0.
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
            10 => Manner::Gateway { status: pick(&GATEWAYS, self.byte()) },
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

    /// So many bytes as the first one says.
    fn text(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        text.to_vec()
    }
}

#[allow(clippy::indexing_slicing)] // an array of a constant length, which is not 0
fn pick<T: Clone, const N: usize>(from: &[T; N], by: u8) -> T {
    from[usize::from(by) % N].clone()
}
