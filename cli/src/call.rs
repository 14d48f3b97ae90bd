//! Sends calls that belong to no ceremony, and repeats them as the core decides, within the time that a command may wait.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, channel};
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
    let client = client.clone();
    let answer = match on_thread(move || client.execute(&exchange), |work| thread::Builder::new().spawn(work).map(|_| ())) {
        Ok(answer) => answer,
        // There can be no further thread, so the exchange is made here. It ends at its deadline, and a signal is noticed after that.
        Err(send) => return Ok(send()),
    };
    loop {
        match answer.recv_timeout(SIGNAL_CHECK) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => interrupt.check()?,
            Err(gone @ RecvTimeoutError::Disconnected) => return Err(Error::internal(gone)),
        }
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// Does the work on a thread of its own. Gives the work back if there can be none.
fn on_thread<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
    work: F,
    spawn: impl FnOnce(Work) -> io::Result<()>,
) -> Result<Receiver<T>, F> {
    let (sender, result) = channel();
    let (give, take) = channel::<F>();
    // The thread takes the work only once it runs. After a signal, nobody receives the result.
    let run = move || {
        if let Ok(work) = take.recv() {
            drop(sender.send(work()));
        }
    };
    match spawn(Box::new(run)) {
        Ok(()) => give.send(work).map(|()| result).map_err(|SendError(work)| work),
        Err(_) => Err(work),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_on_a_thread_or_given_back() {
        let on_a_thread = on_thread(|| 7, |work| thread::Builder::new().spawn(work).map(|_| ()));
        assert_eq!(on_a_thread.ok().and_then(|result| result.recv().ok()), Some(7));
        let without_a_thread = on_thread(|| 8, |_| Err(io::ErrorKind::WouldBlock.into()));
        assert_eq!(without_a_thread.err().map(|work| work()), Some(8));
    }
}
