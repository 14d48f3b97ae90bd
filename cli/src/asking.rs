//! One call outside of any ceremony: sent, repeated as core says, waited for as long as a command may.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use enlist_core::{ApiCall, ApiCallRun, Exchange, Failure, TransportFailure};
use http::Response;

use crate::keeper::within;
use crate::output::stderr::aside;
use crate::patience::{Patience, now};
use crate::problem::{Problem, trouble_words};
use crate::setting::Setting;

/// How long repeats may be waited for in all, whoever is there: the call can be run again.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a signal may be passed by while an answer is awaited.
const GLANCE: Duration = Duration::from_millis(200);

/// What came of an exchange.
type Answer = Result<Response<Vec<u8>>, TransportFailure>;

/// What came of a call.
pub(crate) struct Asked<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// An answer was lost on the way: the service may have done what it was asked, whatever it said afterwards.
    pub(crate) was_lost: bool,
}

/// Sends `call`, and again as long as core says so. A signal breaks it off: for what can be asked again without harm.
pub(crate) fn ask<C: ApiCall>(setting: &Setting<'_>, call: C) -> Result<Asked<C::Outcome>, Problem> {
    call_by(setting, call, |exchange| broken_off_by_a_signal(setting, exchange))
}

/// The same for a call that changes something: the answer to what was sent is awaited, whatever signal comes.
pub(crate) fn ask_to_the_end<C: ApiCall>(setting: &Setting<'_>, call: C) -> Result<Asked<C::Outcome>, Problem> {
    call_by(setting, call, |exchange| Ok(setting.network.client()?.execute(&exchange)))
}

fn call_by<C: ApiCall>(
    setting: &Setting<'_>,
    call: C,
    send: impl Fn(Exchange) -> Result<Answer, Problem>,
) -> Result<Asked<C::Outcome>, Problem> {
    let patience = Patience::Until(now().after(LONGEST));
    let mut calling = ApiCallRun::new(call);
    loop {
        if let Some((until, trouble)) = calling.waits_until(now()) {
            let trouble = trouble.clone();
            if patience.allows(until) {
                aside(format_args!("{}; again at {until}", trouble_words(&trouble)));
            }
            if patience.wait(until, &setting.interrupt).is_break() {
                setting.interrupt.check()?;
                let failure = Failure::GaveUp { trouble, retry_at: until, may_be_delivered: false };
                return Ok(Asked { outcome: Err(failure), was_lost: calling.was_lost() });
            }
        }
        setting.interrupt.check()?;
        let answer = send(within(calling.exchange(), setting.timeout))?;
        if let Some(outcome) = calling.answered(now(), answer) {
            if let Err(Failure::GaveUp { .. }) = outcome {
                setting.interrupt.check()?;
            }
            return Ok(Asked { outcome, was_lost: calling.was_lost() });
        }
    }
}

/// Sends it. A signal ends the command before the answer is in; the exchange is left behind, and ends with the process.
pub(crate) fn broken_off_by_a_signal(setting: &Setting<'_>, exchange: Exchange) -> Result<Answer, Problem> {
    let (client, (sender, answer)) = (setting.network.client()?.clone(), channel());
    // Nobody is there any more to take the answer, when a signal came.
    let send = move || drop(sender.send(client.execute(&exchange)));
    thread::Builder::new().spawn(send).map_err(Problem::internal)?;
    loop {
        match answer.recv_timeout(GLANCE) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => setting.interrupt.check()?,
            Err(gone @ RecvTimeoutError::Disconnected) => return Err(Problem::internal(gone)),
        }
    }
}

/// The same as `ask` for a call of which only its outcome counts.
pub(crate) fn outcome_of<C: ApiCall>(setting: &Setting<'_>, call: C) -> Result<C::Outcome, Problem> {
    ask(setting, call)?.outcome.map_err(problem)
}

/// A call's failure, as a command tells it.
pub(crate) fn problem(failure: Failure) -> Problem {
    Problem::Ceremony { failure: Box::new(failure), at: now(), kept: Vec::new() }
}
