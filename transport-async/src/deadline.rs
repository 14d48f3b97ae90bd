//! The deadline of an exchange, and the grace after it. When a process was stopped for a while, its deadline is over and the answer is in
//! its socket: the client reads what has arrived before it gives up.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The length of the grace, from the moment at which the deadline is found to be over.
const GRACE: Duration = Duration::from_millis(250);
/// How long the grace waits for a sign of life. What has arrived is there at once; the rest is for a machine under load.
const QUIET: Duration = Duration::from_millis(20);

/// The deadline of one exchange.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    /// When the grace ends; `None` before the deadline.
    grace_ends: Option<Instant>,
}

/// Why a future came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The deadline and the grace are over.
    TooLate,
    /// It panicked. The library must not do that, but if it does, the caller still learns whether anything was sent.
    Panicked,
}

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        // A timeout beyond the range of the clock is no deadline; a year is far enough.
        let now = Instant::now();
        let at = now.checked_add(timeout).unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
        Self { at, grace_ends: None }
    }

    /// Waits for `future` until the deadline, and then for the grace if `has_grace` says so at that moment. Without a grace, the future is
    /// not polled after the deadline.
    ///
    /// In the grace, the future continues for as long as something happens. It ends when nothing was heard twice in a row.
    pub(crate) async fn bound<F: Future>(&mut self, future: F, has_grace: impl Fn() -> bool) -> Result<F::Output, Cut> {
        let mut future = pin!(future);
        let first = self.grace_ends.map_or(self.at, |ends| ends.min(Instant::now() + QUIET));
        let mut timer = pin!(sleep_until(first));
        let mut quiet = 0;
        poll_fn(|context| {
            // Without a grace nothing was sent yet, and nothing is sent any more.
            if self.grace_ends.is_none() && Instant::now() >= self.at && !has_grace() {
                return Poll::Ready(Err(Cut::TooLate));
            }
            // Otherwise the future comes first: an answer that is there counts, whatever the clock says.
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
                Ok(Poll::Ready(output)) => return Poll::Ready(Ok(output)),
                Ok(Poll::Pending) => {}
                Err(_) => return Poll::Ready(Err(Cut::Panicked)),
            }
            let is_over = timer.as_mut().poll(context).is_ready();
            let ends = match self.grace_ends {
                None if !is_over => return Poll::Pending,
                None if !has_grace() => return Poll::Ready(Err(Cut::TooLate)),
                None => *self.grace_ends.insert(Instant::now() + GRACE),
                Some(ends) => {
                    quiet = if is_over { quiet + 1 } else { 0 };
                    ends
                }
            };
            let now = Instant::now();
            if quiet == 2 || now >= ends {
                return Poll::Ready(Err(Cut::TooLate));
            }
            timer.as_mut().reset(ends.min(now + QUIET));
            // A timer that was reset wakes nobody before it was polled.
            if timer.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1);

    /// What comes of a future in virtual time that is polled anew every `every`, and how long it takes.
    async fn bound(has_grace: bool, mut poll: impl FnMut(u32) -> Poll<()>, every: Duration) -> (Result<(), Cut>, Duration) {
        let (begun, mut deadline, mut polls) = (Instant::now(), Deadline::after(TIMEOUT), 0);
        let mut wake = Box::pin(tokio::time::sleep(every));
        let future = poll_fn(|context| {
            polls += 1;
            while wake.as_mut().poll(context).is_ready() {
                wake.as_mut().reset(Instant::now() + every);
            }
            poll(polls)
        });
        let output = deadline.bound(future, || has_grace).await;
        (output, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_there_when_the_deadline_is_over_counts() {
        let mut deadline = Deadline::after(TIMEOUT);
        tokio::time::advance(TIMEOUT * 5).await;
        assert_eq!(deadline.bound(std::future::ready(7), || true).await, Ok(7));
        let mut polls = 0;
        let after_some_polls = poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls < 5 { Poll::Pending } else { Poll::Ready(8) }
        });
        assert_eq!(deadline.bound(after_some_polls, || true).await, Ok(8));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_grace_the_future_is_left_alone_after_the_deadline() {
        let mut deadline = Deadline::after(TIMEOUT);
        tokio::time::advance(TIMEOUT).await;
        let polled = Cell::new(false);
        let future = poll_fn(|_| {
            polled.set(true);
            Poll::Ready(())
        });
        assert_eq!(deadline.bound(future, || false).await, Err(Cut::TooLate));
        assert!(!polled.get());
        assert_eq!(bound(false, |_| Poll::Pending, Duration::from_secs(60)).await, (Err(Cut::TooLate), TIMEOUT));
    }

    #[tokio::test(start_paused = true)]
    async fn the_grace_ends_when_nothing_is_heard_and_at_the_latest_after_a_quarter_of_a_second() {
        for (every, grace) in [(Duration::from_secs(60), 2 * QUIET), (Duration::from_millis(1), GRACE)] {
            let (output, took) = bound(true, |_| Poll::Pending, every).await;
            assert_eq!(output, Err(Cut::TooLate));
            assert!((TIMEOUT + grace..=TIMEOUT + grace + Duration::from_millis(5)).contains(&took), "{every:?} {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_one_grace_for_all_parts_of_an_exchange() {
        let mut deadline = Deadline::after(TIMEOUT);
        tokio::time::advance(TIMEOUT).await;
        assert_eq!(deadline.bound(std::future::ready(()), || true).await, Ok(()));
        assert_eq!(deadline.bound(tokio::time::sleep(GRACE * 2), || true).await, Err(Cut::TooLate));
        tokio::time::advance(GRACE).await;
        let polls = poll_fn(|_| Poll::<()>::Pending);
        assert_eq!(deadline.bound(polls, || true).await, Err(Cut::TooLate));
    }
}
