//! An API call that is complete in itself: one request and one answer, without a ceremony around it.
//!
//! [`ApiCallRun`] decides what may be repeated. It repeats a request that was not sent. If a repeat does no harm, it also repeats a
//! request that was answered with 503 or whose answer was lost.

use alloc::vec::Vec;
use core::time::Duration;

use http::{Request, Response};

use crate::error::{Delivery, ServerError, TransportFailure, Trouble, Violation};
use crate::exchange::{Body, Exchange, ExchangeId};
use crate::failure::Failure;
use crate::http::json::Object;
use crate::http::response::{ResponseClass, wipe};
use crate::retry::{self, Attempts, RequestKind, Verdict, come_back};
use crate::types::timestamp::Timestamp;

/// A request that is complete in itself. The trait is sealed; the calls are in [`opentrain`](crate::opentrain) and [`badge`](crate::badge).
///
/// Send [`exchange`](Self::exchange) once and hand the result to [`parse`](Self::parse), or let [`ApiCallRun`] say what to repeat and when.
pub trait ApiCall: sealed::Sealed {
    /// The content of a successful answer.
    type Outcome;

    /// How often the request is sent at most when answers are lost. It is 1 for a call whose repeat would do harm.
    #[doc(hidden)]
    const SENT_AT_MOST: u8;

    /// The request. Its id is [`ExchangeId::PLAIN`].
    fn exchange(&self) -> Exchange;

    /// Reads the result of the exchange. `now` is the time when the answer was received.
    ///
    /// # Errors
    /// [`Failure`]: `Rejected`, `RateLimited`, `Protocol`, or `GaveUp` when no definite answer came. For a call that delivers a secret,
    /// `GaveUp` with `may_be_delivered` says that the lost answer may have contained the secret.
    fn parse(&self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Result<Self::Outcome, Failure>;
}

/// Runs an [`ApiCall`] and decides on its repeats. A request that was not sent is tried three times within 10 s. A call that may be repeated is
/// repeated three times after a 503, as `Retry-After` says, and sent three times in all when answers are lost.
///
/// ```
/// use enlist_core::badge::{BASE_URL, Health};
/// use enlist_core::{ApiCallRun, Delivery, Origin, Timestamp, TransportFailure, TransportKind};
///
/// let mut now = Timestamp::from_unix_ms(1_781_254_800_000);
/// let mut answers = vec![
///     Err(TransportFailure::new(TransportKind::Closed, Delivery::Unknown)),
///     Ok(http::Response::new(br#"{"status":"ok","version":"1.0.0"}"#.to_vec())),
/// ]
/// .into_iter();
///
/// let mut calling = ApiCallRun::new(Health::new(&Origin::parse(BASE_URL)?));
/// let health = loop {
///     if let Some((until, _trouble)) = calling.waits_until(now) {
///         now = until; // sleep
///     }
///     let _exchange = calling.exchange(); // send it, once
///     if let Some(end) = calling.answered(now, answers.next().unwrap()) {
///         break end?;
///     }
/// };
/// assert!(health.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApiCallRun<C> {
    call: C,
    sending: Attempts,
    lost: u8,
    was_lost: bool,
}

impl<C: ApiCall> ApiCallRun<C> {
    /// Makes a run that has sent nothing yet.
    #[must_use]
    pub const fn new(call: C) -> Self {
        Self { call, sending: Attempts::due(), lost: 0, was_lost: false }
    }

    /// The time when the next request is due, with the reason for the wait. `None` if it is due now.
    #[must_use]
    pub fn waits_until(&self, now: Timestamp) -> Option<(Timestamp, &Trouble)> {
        self.sending.waits_until(now).zip(self.sending.trouble())
    }

    /// The request to send, once, when it is due.
    #[must_use]
    pub fn exchange(&self) -> Exchange {
        self.call.exchange()
    }

    /// Whether an answer was lost. The service may then have carried out the call, whatever it answered later.
    #[must_use]
    pub const fn was_lost(&self) -> bool {
        self.was_lost
    }

    /// Takes in the result of the exchange. `None` means that the request must be sent again when it is due.
    pub fn answered(&mut self, now: Timestamp, result: Result<Response<Vec<u8>>, TransportFailure>) -> Option<Result<C::Outcome, Failure>> {
        let (trouble, failure) = match self.call.parse(now, result) {
            Err(Failure::GaveUp { trouble, retry_at, may_be_delivered }) => {
                (trouble.clone(), Failure::GaveUp { trouble, retry_at, may_be_delivered })
            }
            end => return Some(end),
        };
        self.was_lost |= trouble.may_have_been_carried_out();
        let next = match trouble {
            Trouble::Transport(failure) if failure.delivery == Delivery::NotSent => {
                self.sending.clone().settle(RequestKind::ApiCall, ResponseClass::NotSent(failure), now)
            }
            Trouble::Server(error) if error.status == 503 && C::SENT_AT_MOST > 1 => {
                self.sending.clone().settle(RequestKind::ApiCall, ResponseClass::Unavailable(error), now)
            }
            trouble => {
                self.lost = self.lost.saturating_add(1);
                if self.lost >= C::SENT_AT_MOST {
                    return Some(Err(failure));
                }
                Verdict::Again(self.sending.clone().repeat(trouble, now))
            }
        };
        match next {
            Verdict::Again(call) => {
                self.sending = call;
                None
            }
            // No try is left.
            _ => Some(Err(failure)),
        }
    }
}

/// An exchange that belongs to no ceremony.
pub(crate) fn exchange(request: Request<Body>, timeout: Duration) -> Exchange {
    Exchange { id: ExchangeId::PLAIN, request, timeout, max_body: Exchange::MAX_BODY, delivers: false }
}

/// Reads the answer of an API call. An answer that has the member `success` is never taken for an error.
pub(crate) fn settle<T>(
    now: Timestamp,
    result: Result<Response<Vec<u8>>, TransportFailure>,
    success: &str,
    read: impl FnOnce(&Object<'_>) -> Result<T, Violation>,
    refused: impl FnOnce(ServerError) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let outcome = match ResponseClass::read(&result, now, success) {
        ResponseClass::Object(object) => read(&object).map_err(Failure::Protocol),
        ResponseClass::Unreadable(trouble, _) | ResponseClass::Lost(trouble) => Err(retry::give_up(trouble, false, now)),
        ResponseClass::Refused(error) => refused(error),
        ResponseClass::TooMany(error) => Err(Failure::RateLimited { retry_at: come_back(now, error.retry_after), error }),
        ResponseClass::Unavailable(error) => Err(retry::give_up(error.into(), false, now)),
        ResponseClass::NotSent(failure) => Err(retry::give_up(failure.into(), false, now)),
        ResponseClass::Broken(violation) => Err(Failure::Protocol(violation)),
    };
    wipe(result);
    outcome
}

pub(crate) mod sealed {
    pub trait Sealed {}
}
