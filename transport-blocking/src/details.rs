//! The parameters of a connection for another host, or for the time that is left.

use std::sync::Arc;

use ureq::Error;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};

/// The parameters of a connection that begins now, to another host or with another timeout.
pub(crate) fn restarted<'a>(
    details: &ConnectionDetails<'a>,
    uri: &'a Uri,
    addrs: ResolvedSocketAddrs,
    timeout: NextTimeout,
) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: (details.current_time)(),
        timeout,
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    }
}

/// The time that is left for the next step of a connection.
///
/// # Errors
/// [`Error::Timeout`] if none is left. ureq would take an empty timeout for one of a second.
pub(crate) fn remaining(details: &ConnectionDetails<'_>) -> Result<NextTimeout, Error> {
    let spent = match ((details.current_time)(), details.now) {
        (Instant::Exact(now), Instant::Exact(begun)) => now.saturating_duration_since(begun),
        _ => std::time::Duration::ZERO,
    };
    let after = match details.timeout.after {
        Duration::Exact(after) => Duration::Exact(after.saturating_sub(spent)),
        other => other,
    };
    if after.is_zero() { Err(Error::Timeout(details.timeout.reason)) } else { Ok(NextTimeout { after, ..details.timeout }) }
}
