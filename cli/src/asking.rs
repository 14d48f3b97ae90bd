//! One call outside of any ceremony: sent, repeated as core says, waited for as long as a command may.

use std::time::Duration;

use enlist_core::{Calling, Failure, PlainCall};

use crate::keeper::within;
use crate::patience::{Patience, now};
use crate::problem::{Problem, trouble_words};
use crate::quiet::aside;
use crate::setting::Setting;

/// How long repeats may be waited for in all, whoever is there: the call can be run again.
const LONGEST: Duration = Duration::from_secs(60);

/// What came of a call.
pub(crate) struct Asked<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// An answer was lost on the way: the service may have done what it was asked, whatever it said afterwards.
    pub(crate) was_lost: bool,
}

/// Sends `call`, and again as long as core says so.
pub(crate) fn ask<C: PlainCall>(setting: &Setting<'_>, call: C) -> Result<Asked<C::Outcome>, Problem> {
    let (client, patience) = (setting.network.client()?, Patience::Until(now().after(LONGEST)));
    let mut calling = Calling::new(call);
    loop {
        if let Some((until, trouble)) = calling.waits_until(now()) {
            let trouble = trouble.clone();
            if patience.allows(until) {
                aside(format_args!("{}; again at {until}", trouble_words(&trouble)));
            }
            if patience.wait(until, &setting.interrupt).is_break() {
                let failure = Failure::GaveUp { trouble, retry_at: until, doubt: false };
                return Ok(Asked { outcome: Err(failure), was_lost: calling.was_lost() });
            }
        }
        let answer = client.execute(&within(calling.exchange(), setting.timeout));
        if let Some(outcome) = calling.answered(now(), answer) {
            return Ok(Asked { outcome, was_lost: calling.was_lost() });
        }
    }
}

/// The same for a call of which only its outcome counts.
pub(crate) fn outcome_of<C: PlainCall>(setting: &Setting<'_>, call: C) -> Result<C::Outcome, Problem> {
    ask(setting, call)?.outcome.map_err(problem)
}

/// A call's failure, as a command tells it.
pub(crate) fn problem(failure: Failure) -> Problem {
    Problem::Ceremony { failure: Box::new(failure), at: now(), kept: Vec::new() }
}
