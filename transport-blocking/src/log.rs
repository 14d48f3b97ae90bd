//! One event for each exchange, for who switches on the feature `tracing`: method, path, status, time. Nothing of what was sent
//! or received can get into it: the path is one of a list ([`Exchange::route`]), the rest are numbers and our own words.

use std::time::Duration;

use enlist_core::{Exchange, TransportFailure};
use http::Response;

/// Answered at debug level, unanswered at info level.
#[cfg(feature = "tracing")]
pub(crate) fn exchange(exchange: &Exchange, by_proxy: bool, took: Duration, answer: &Result<Response<Vec<u8>>, TransportFailure>) {
    let (method, path) = (exchange.request.method().as_str(), exchange.route());
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

#[cfg(not(feature = "tracing"))]
pub(crate) fn exchange(_: &Exchange, _: bool, _: Duration, _: &Result<Response<Vec<u8>>, TransportFailure>) {}
