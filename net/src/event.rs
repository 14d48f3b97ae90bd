//! The log event of an exchange: method, path, status and time.
//!
//! Nothing that was sent or received can reach the log through this event: the path is one of a fixed list
//! ([`Exchange::loggable_path`]), and everything else is a number, an HTTP method or an enum of ours.

use std::time::Duration;

use enlist_core::{Exchange, TransportFailure};
use http::Response;

/// Emits one `tracing` event of the target `enlist::exchange` about an exchange that took `took`.
///
/// An exchange with a whole answer is logged at debug level, one without at info level. `by_proxy` says whether a proxy was used. Without
/// the feature `tracing` this function does nothing.
#[cfg(feature = "tracing")]
pub fn record_exchange(exchange: &Exchange, by_proxy: bool, took: Duration, answer: &Result<Response<Vec<u8>>, TransportFailure>) {
    let (method, path) = (exchange.request.method().as_str(), exchange.loggable_path());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match answer {
        Ok(answer) => {
            tracing::debug!(target: "enlist::exchange", method, path, status = answer.status().as_u16(), ms, by_proxy, "answered")
        }
        Err(failure) => {
            tracing::info!(target: "enlist::exchange", method, path, ?failure.kind, ?failure.delivery, ms, by_proxy, "no whole answer")
        }
    }
}

/// Does nothing: the feature `tracing` is off.
#[cfg(not(feature = "tracing"))]
pub fn record_exchange(_: &Exchange, _: bool, _: Duration, _: &Result<Response<Vec<u8>>, TransportFailure>) {}
