//! Models of the services as their documents describe them, small enough for a model checker. Where the documents leave something open, a
//! *reading* chooses. The time is the world's own, which no clock of a client can put back.

use core::fmt::Debug;
use core::hash::Hash;

use alloc::format;
use alloc::string::String;

use super::world::by_the_services_clock;

/// A request as a service receives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heard {
    /// The path.
    pub path: String,
    /// The body.
    pub body: String,
}

/// A service's answer: its status and its body.
pub type Said = (u16, String);

/// A model of a service. A test may also ask it for the facts.
pub trait Service: Clone + Debug + PartialEq + Eq + Hash {
    /// Acts on a request at `now`, in milliseconds of the world, and answers.
    fn serve(&mut self, heard: &Heard, now: u64) -> Said;

    /// The credential that it has handed out for good, if any.
    fn delivered(&self) -> Option<&'static str>;

    /// Whether a request came sooner than the service allows.
    fn was_hurried(&self) -> bool {
        false
    }

    /// How often it did something that needs a human's consent: accounts made, SMS sent, profiles accepted that nobody saw.
    fn costly(&self) -> u8;
}

pub(crate) fn error(status: u16, code: &str) -> Said {
    (status, format!(r#"{{"error":"{code}"}}"#))
}

/// OpenTrain's behaviour where its documents leave it open, and the life of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenTrainReading {
    /// The answer to a poll after the attempt's end (opentrain.md, U8).
    pub expired: &'static str,
    /// The answer to a poll before any start (U9).
    pub unstarted: &'static str,
    /// The life of an attempt, in seconds.
    pub life: u32,
    /// The least time between polls, in seconds.
    pub interval: u32,
}

impl Default for OpenTrainReading {
    fn default() -> Self {
        Self { expired: "expired_token", unstarted: "authorization_pending", life: 1800, interval: 5 }
    }
}

/// The model of OpenTrain (opentrain.md sections 3 to 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenTrain {
    reading: OpenTrainReading,
    accounts: u8,
    attempts: u8,
    /// The time when the attempt began.
    begun: Option<u64>,
    owner: OwnerDid,
    delivered: bool,
    last_poll: Option<u64>,
    hurried: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum OwnerDid {
    Nothing,
    Approved,
    Declined,
}

impl OpenTrain {
    /// The token before the claim.
    pub const PRE_CLAIM: &'static str = "ot_pat_8f2a_PRECANARYPRECANARY91cd";
    /// The claim token.
    pub const CLAIM_TOKEN: &'static str = "ot_clm_CLAIMCANARYCLAIMCANARY77ab";
    /// The token after the claim, which is delivered once.
    pub const POST_CLAIM: &'static str = "ot_pat_9b1c_POSTCANARYPOSTCANARY44ef";

    /// A service without accounts.
    #[must_use]
    pub const fn new(reading: OpenTrainReading) -> Self {
        Self { reading, accounts: 0, attempts: 0, begun: None, owner: OwnerDid::Nothing, delivered: false, last_poll: None, hurried: false }
    }

    /// The code of the current attempt, or of the last one.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{}", 739_200_u32.saturating_add(self.attempts.into()))
    }

    /// Whether an attempt lives on which nobody has decided.
    #[must_use]
    pub fn is_open(&self, now: u64) -> bool {
        self.owner == OwnerDid::Nothing && self.begun.is_some() && !self.is_over(now)
    }

    /// Whether the last attempt has expired.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        self.begun.is_some_and(|begun| now >= begun.saturating_add(u64::from(self.reading.life).saturating_mul(1000)))
    }

    /// Whether a poll delivers the token, now or after the owner's approval.
    #[must_use]
    pub fn gives(&self, now: u64) -> bool {
        !self.delivered && (self.owner == OwnerDid::Approved || self.is_open(now))
    }

    /// The owner types the code, and the token waits for the next poll.
    pub fn approve(&mut self, now: u64) {
        if self.is_open(now) {
            self.owner = OwnerDid::Approved;
        }
    }

    /// The owner declines.
    pub fn decline(&mut self, now: u64) {
        if self.is_open(now) {
            self.owner = OwnerDid::Declined;
        }
    }

    fn register(&mut self, now: u64) -> Said {
        self.accounts = self.accounts.saturating_add(1);
        let (pre_claim, claim_token, base) = (Self::PRE_CLAIM, Self::CLAIM_TOKEN, crate::opentrain::BASE_URL);
        let ends = by_the_services_clock(now.saturating_add(86_400_000));
        let body = format!(
            r#"{{"identity_type":"anonymous","registration_id":"reg_1","access_token":"{pre_claim}","token_type":"bearer","scopes":["jobs:read"],
            "claim_token":"{claim_token}","claim_token_expires_at":"{ends}","claim_endpoint":"{base}/api/agent/identity/claim",
            "token_endpoint":"{base}/api/agent/oauth/token","grant_type":"urn:opentrain:agent-auth:grant-type:claim"}}"#
        );
        (200, body)
    }

    fn start(&mut self, now: u64) -> Said {
        if self.delivered {
            return error(400, "invalid_request");
        }
        // A waiting token that was not fetched is lost with its attempt. This is the stricter reading of U6.
        self.attempts = self.attempts.saturating_add(1);
        self.owner = OwnerDid::Nothing;
        self.begun = Some(now);
        let OpenTrainReading { life, interval, .. } = self.reading;
        let link = "https://app.opentrain.ai/claim?token=ot_cat_LINKCANARYLINKCANARY12";
        let code = self.code();
        (
            200,
            format!(r#"{{"user_code":"{code}","verification_uri":"{link}","expires_in":{life},"interval":{interval},"email_sent":true}}"#),
        )
    }

    fn poll(&mut self, now: u64) -> Said {
        // A client that was told no interval uses this one.
        let least = u64::from(self.reading.interval.min(5)).saturating_mul(1000);
        self.hurried |= self.last_poll.is_some_and(|last| now < last.saturating_add(least));
        self.last_poll = Some(now);
        match self.owner {
            _ if self.delivered => error(400, "invalid_grant"),
            OwnerDid::Approved => {
                self.delivered = true;
                (200, format!(r#"{{"access_token":"{}","token_type":"bearer","scopes":["jobs:read","team:write"]}}"#, Self::POST_CLAIM))
            }
            OwnerDid::Declined => error(400, "access_denied"),
            OwnerDid::Nothing if self.begun.is_none() => error(400, self.reading.unstarted),
            OwnerDid::Nothing if self.is_over(now) => error(400, self.reading.expired),
            OwnerDid::Nothing => error(400, "authorization_pending"),
        }
    }
}

impl Service for OpenTrain {
    fn serve(&mut self, heard: &Heard, now: u64) -> Said {
        match heard.path.as_str() {
            "/api/agent/identity" => self.register(now),
            "/api/agent/identity/claim" => self.start(now),
            "/api/agent/oauth/token" => self.poll(now),
            _ => error(404, "not_found"),
        }
    }

    fn delivered(&self) -> Option<&'static str> {
        self.delivered.then_some(Self::POST_CLAIM)
    }

    fn was_hurried(&self) -> bool {
        self.hurried
    }

    fn costly(&self) -> u8 {
        self.accounts
    }
}
