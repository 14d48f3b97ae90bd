//! The program around a driver: its clock and its human.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enlist_core::{Ceremony, Timestamp, WaitReason};

/// The longest sleep in one piece. A sleep may stop while the machine is suspended, but the clock continues.
const SLICE: Duration = Duration::from_secs(1);

/// The program around a ceremony, as [`drive`](crate::drive()) calls it: a clock, and a way to reach the human. A
/// [`Store`](enlist_core::Store) keeps what must be durable.
pub trait Host<C: Ceremony> {
    /// Why the host could not continue.
    type Error;

    /// Reads the wall clock.
    fn now(&mut self) -> Timestamp;

    /// Waits until `until` or shorter, and returns at once when the clock is put back. `Break` pauses the drive ([`Paused`]).
    ///
    /// # Errors
    /// Any error ends the drive.
    ///
    /// [`Paused`]: crate::Ending::Paused
    fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, Self::Error>;

    /// Shows a notice to the human without waiting for an answer.
    ///
    /// # Errors
    /// Any error ends the drive. The next drive shows the notice again.
    fn show(&mut self, notice: &C::Notice) -> Result<(), Self::Error>;

    /// Asks the human. `Break` pauses the drive when nobody answers now ([`Paused`](crate::Ending::Paused)).
    ///
    /// # Errors
    /// Any error ends the drive. The next drive asks the question again.
    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Self::Error>;
}

/// A host made of two functions: one shows notices, one asks. It reads the system's clock and sleeps in the calling thread. Write out the
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
    S: FnMut(&C::Notice),
    A: FnMut(&C::Prompt) -> ControlFlow<(), C::Answer>,
{
    type Error = Infallible;

    fn now(&mut self) -> Timestamp {
        system_clock()
    }

    fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Infallible> {
        sleep_until(until, system_clock, thread::sleep);
        Ok(ControlFlow::Continue(()))
    }

    fn show(&mut self, notice: &C::Notice) -> Result<(), Infallible> {
        (self.show)(notice);
        Ok(())
    }

    fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Infallible> {
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
fn sleep_until(until: Timestamp, mut clock: impl FnMut() -> Timestamp, mut sleep: impl FnMut(Duration)) {
    let mut seen = clock();
    while seen < until {
        sleep(until.since(seen).min(SLICE));
        let now = clock();
        if now < seen {
            return;
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sleeps that `sleep_until` makes until 10 s, if each sleep moves the clock by `moved` of its length.
    fn sleeps(mut moved: impl FnMut(u64) -> i64) -> Vec<u64> {
        let (now, mut sleeps) = (std::cell::Cell::new(0), Vec::new());
        let sleep = |duration: Duration| {
            let ms = u64::try_from(duration.as_millis()).unwrap();
            now.set(now.get() + moved(ms));
            sleeps.push(ms);
        };
        sleep_until(Timestamp::from_unix_ms(10_000), || Timestamp::from_unix_ms(now.get()), sleep);
        sleeps
    }

    #[test]
    fn it_sleeps_in_slices_and_no_longer_than_asked() {
        assert_eq!(sleeps(|ms| i64::try_from(ms).unwrap()), [1000; 10]);
        assert_eq!(sleeps(|ms| i64::try_from(ms).unwrap().min(700)).len(), 15);
        let late = sleeps(|_| 3000);
        assert_eq!(late, [1000; 4]);
        assert_eq!(sleeps(|_| 2300).last(), Some(&800));
    }

    #[test]
    fn it_looks_soon_after_a_suspension() {
        let mut jumps = [1000, 3_600_000].into_iter();
        assert_eq!(sleeps(|_| jumps.next().unwrap()), [1000; 2]);
    }

    #[test]
    fn it_returns_when_the_clock_is_put_back() {
        let mut jumps = [1000, -3_600_000].into_iter();
        assert_eq!(sleeps(|_| jumps.next().unwrap()), [1000; 2]);
    }

    #[test]
    fn the_system_clock_is_in_unix_milliseconds() {
        // The clock is between the years 2026 and 2100.
        assert!((1_767_225_600_000..4_102_444_800_000).contains(&system_clock().as_unix_ms()));
    }
}
