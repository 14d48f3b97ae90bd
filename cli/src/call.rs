//! Sends calls that belong to no ceremony, and repeats them as the core decides, within the time that a command may wait.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use enlist_blocking::Execute;
use enlist_core::{ApiCall, ApiCallRun, Exchange, ExchangeResult, Failure};

use crate::context::Context;
use crate::error::{Error, trouble_words};
use crate::interrupt::Interrupt;
use crate::network::Client;
use crate::output::stderr::aside;
use crate::view::Time;
use crate::wait_policy::{WaitPolicy, now};

/// The longest time for all repetitions of a call. The user can run the command again.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How often a command that waits for an answer looks for a signal.
const SIGNAL_CHECK: Duration = Duration::from_millis(200);

/// The result of a call.
pub(crate) struct Called<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// An answer was lost, so the service may have carried out the request, whatever it answered later.
    pub(crate) was_lost: bool,
}

/// Sends `call`, and repeats it as long as core says so. A signal ends the wait for the answer, so this is for calls that change nothing.
pub(crate) fn call<C: ApiCall>(context: &Context<'_>, call: C) -> Result<Called<C::Outcome>, Error> {
    repeat(context, call, |exchange| interruptible(context.client()?, exchange, &context.interrupt))
}

/// Sends a `call` that changes something, and repeats it as long as core says so. A signal does not end the wait for an answer.
pub(crate) fn call_to_the_end<C: ApiCall>(context: &Context<'_>, call: C) -> Result<Called<C::Outcome>, Error> {
    repeat(context, call, |exchange| Ok(context.client()?.execute(&exchange)))
}

fn repeat<C: ApiCall>(
    context: &Context<'_>,
    call: C,
    send: impl Fn(Exchange) -> Result<ExchangeResult, Error>,
) -> Result<Called<C::Outcome>, Error> {
    let wait_policy = WaitPolicy::Until(now().after(MAX_WAIT));
    let mut run = ApiCallRun::new(call);
    loop {
        if let Some((until, trouble)) = run.waits_until(now()) {
            let trouble = trouble.clone();
            if wait_policy.allows(until) {
                aside(format_args!("{}; trying again in {}", trouble_words(&trouble), Time(until).time_left()));
            }
            if wait_policy.wait(until, &context.interrupt).is_break() {
                context.interrupt.check()?;
                let failure = Failure::GaveUp { trouble, retry_at: until, may_be_delivered: false };
                return Ok(Called { outcome: Err(failure), was_lost: run.was_lost() });
            }
        }
        context.interrupt.check()?;
        let answer = send(run.exchange())?;
        if let Some(outcome) = run.answered(now(), answer) {
            if let Err(Failure::GaveUp { .. }) = outcome {
                context.interrupt.check()?;
            }
            return Ok(Called { outcome, was_lost: run.was_lost() });
        }
    }
}

/// Sends the exchange. After a signal, the command ends without the answer, and the exchange ends with the process.
pub(crate) fn interruptible(client: &Client, exchange: Exchange, interrupt: &Interrupt) -> Result<ExchangeResult, Error> {
    let (client, (sender, answer)) = (client.clone(), channel());
    // After a signal, nobody receives the answer.
    let send = move || drop(sender.send(client.execute(&exchange)));
    thread::Builder::new().spawn(send).map_err(Error::internal)?;
    loop {
        match answer.recv_timeout(SIGNAL_CHECK) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => interrupt.check()?,
            Err(gone @ RecvTimeoutError::Disconnected) => return Err(Error::internal(gone)),
        }
    }
}

/// The outcome of a call that changes nothing.
pub(crate) fn outcome_of<C: ApiCall>(context: &Context<'_>, call: C) -> Result<C::Outcome, Error> {
    self::call(context, call)?.outcome.map_err(failed)
}

/// The error of a command whose call failed.
pub(crate) fn failed(failure: Failure) -> Error {
    Error::Ceremony { failure: Box::new(failure), at: now(), kept: Vec::new() }
}
