//! A ready-made host: the system's clock, Tokio's timer, and two functions.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enlist_core::{Ceremony, Timestamp, WaitReason};
use tokio::time::sleep;

use crate::host::Host;

/// The longest sleep in one piece. A sleep may stop while the machine is suspended, but the clock continues.
const SLICE: Duration = Duration::from_secs(1);

/// A host made of two functions: one shows notices, one asks. It reads the system's clock and sleeps with Tokio's timer. Write out the
/// parameter types of the functions: `|code: &EnterCode| ...`.
#[derive(Clone, Debug)]
pub struct SimpleHost<S, A> {
    show: S,
    ask: A,
}

impl<S, A> SimpleHost<S, A> {
    /// Makes a host that shows notices with `show` and asks with `ask`.
    pub fn new(show: S, ask: A) -> Self {
        Self { show, ask }
    }
}

impl<C, S, A> Host<C> for SimpleHost<S, A>
where
    C: Ceremony,
    S: FnMut(&C::Notice) + Send,
    A: FnMut(&C::Prompt) -> ControlFlow<(), C::Answer> + Send,
{
    type Error = Infallible;

    fn now(&mut self) -> Timestamp {
        system_clock()
    }

    async fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Infallible> {
        sleep_until(until).await;
        Ok(ControlFlow::Continue(()))
    }

    async fn show(&mut self, notice: &C::Notice) -> Result<(), Infallible> {
        (self.show)(notice);
        Ok(())
    }

    async fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Infallible> {
        Ok((self.ask)(prompt))
    }
}

/// The system's wall clock, as a [`Host`] reads it.
#[must_use]
pub fn system_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(0).after(since)
}

/// Sleeps in slices and reads the clock after each. A clock that was put back ends the sleep, so that the ceremony can compute a new wait.
///
/// It uses Tokio's timer. Call it in a [`Host::wait`] of your own.
pub async fn sleep_until(until: Timestamp) {
    let mut seen = system_clock();
    while seen < until {
        sleep(until.since(seen).min(SLICE)).await;
        let now = system_clock();
        if now < seen {
            return;
        }
        seen = now;
    }
}
