//! The rules that must hold, and how a violation is reported.

use core::fmt;

use alloc::string::String;

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// The observation that shows the violation.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}): {}", self.rule, self.rule.words(), self.how)
    }
}

impl core::error::Error for Broken {}

macro_rules! rules {
    ($($name:ident => $words:literal,)*) => {
        /// The rules of a ceremony.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule { $(#[doc = $words] $name,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The rule as a sentence.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

rules! {
    Pace => "no poll comes before the interval, with all that slow_down, back-off and Retry-After added, has passed since the last answer",
    Waits => "a wait ends in the future, and nothing can be sent before its end",
    OneInFlight => "at most one request is in flight, and it stays in flight until its answer arrives",
    Numbered => "exchange ids rise, and the answer to any other changes nothing",
    Pinned => "every request goes to the pinned origin",
    NoRedirect => "a redirect is not followed: a poll waits it out, `verify` settles a rotation, an SMS order or a code counts as lost, and any other ceremony ends",
    Absorbs => "an ended ceremony stays ended, whatever arrives",
    Pure => "poll changes nothing and depends only on the state and the time",
    Ends => "with a fair service and a human who answers, the ceremony ends; with a dead one it ends or asks",
    CurrentCode => "the code that is shown belongs to the current attempt",
    NeverLost => "a credential that reached the process is the outcome, through any crash",
    NamedLoss => "a credential that was handed out and never arrived is reported as lost, spent or possibly delivered",
    SaysMayBeDelivered => "a failure that says whether the credential may have been delivered agrees with the ceremony",
    Obtained => "a credential that the service would still deliver is obtained if nothing goes wrong from here on",
    Spent => "a claim token is reported as spent only while an attempt lives and no answer was lost that may have contained the token",
    TrueLoss => "a credential is reported as lost only after an answer was lost, and only if it was handed out",
    PollBeforeStart => "no start is sent while an approval may be under way",
    OneWord => "each consent of a human allows one account or one SMS",
    OneRepeat => "a one-time code is sent again once at most if its answer was lost, and otherwise only after a 429",
    OneRotation => "a rotation is sent once at most, and only when the service has just said that the old badge is valid",
    OldBadge => "the old badge is kept in every state, and reported as dead only when `verify` has said so",
    Proved => "after a rotation whose answer decided nothing, `verify` decides",
    Resumes => "a resumed snapshot equals the state",
    Hidden => "no secret is visible in a Debug, a Display, an error or the printed form of a request",
    Delivers => "an exchange whose answer cannot be obtained again says so",
    Misuse => "an input that does not fit the state is refused and changes nothing",
    Reading => "the scenario itself makes sense",
}

impl Rule {
    pub(crate) fn broken(self, how: impl Into<String>) -> Broken {
        Broken { rule: self, how: how.into() }
    }

    pub(crate) fn holds(self, holds: bool, how: impl FnOnce() -> String) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(how())) }
    }
}

/// Parts of every secret in this module's worlds. Digits count only as whole numbers, because a time may contain any digits.
const SECRETS: [&str; 6] = ["CANARY", "owner@", "other@", "dev@", "5005550006", "QkFER0VD"];

/// Whether `text` shows a secret of this module's worlds.
pub(crate) fn secret_in(text: &str) -> Option<&'static str> {
    SECRETS.into_iter().find(|secret| text.contains(secret)).or_else(|| code_in(text))
}

/// Finds a code of the claim page or of an SMS that is a whole number in the text.
fn code_in(text: &str) -> Option<&'static str> {
    let numbers = text.split(|char: char| !char.is_ascii_digit());
    numbers.filter(|number| number.len() == 6).any(|number| number.starts_with("7392") || number.starts_with("4081")).then_some("a code")
}
