//! One HTTP request that a ceremony wants to send, and what its sender must know.

use core::fmt;
use core::time::Duration;

use alloc::sync::Arc;
use alloc::vec::Vec;
use http::Request;
use zeroize::Zeroizing;

use crate::types::timestamp::Timestamp;

/// A number that ties an answer to its request. It starts at 1 and rises by one with each request of a ceremony, across snapshots too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub(crate) u64);

impl ExchangeId {
    /// The id of every exchange that belongs to no ceremony. An [`ApiCall`](crate::ApiCall) has one answer and needs no number.
    pub const PLAIN: Self = Self(0);

    /// The number itself, for file names and logs.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The body of a request. Copies share the bytes. The bytes are wiped from memory when the last copy is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body(Arc<Zeroizing<Vec<u8>>>);

impl Body {
    /// The bytes. They may contain secrets, so the caller is responsible for where they go.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// The output shows only the length.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// A request to send once. The sender follows no redirect, repeats nothing by itself, and treats a 4xx as an answer.
pub struct Exchange {
    /// The id that [`Input`](crate::Input) takes together with the answer.
    pub id: ExchangeId,
    /// The request. It contains secrets, so do not log it.
    pub request: Request<Body>,
    /// The deadline for the whole exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// The number of bytes of the body to read at most.
    pub max_body: usize,
    /// Whether the answer cannot be obtained again: it may contain a credential, or something that only a costly repeat would bring. If
    /// so, the raw 2xx is written down before it is parsed.
    pub delivers: bool,
}

impl Exchange {
    /// The deadline of a call for which the documents specify none.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The body cap. It is a hundred times the largest documented answer.
    pub const MAX_BODY: usize = 64 * 1024;
}

/// The output shows only the method, the path and the length, because the rest may be secret.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("id", &self.id.0)
            .field("method", self.request.method())
            .field("path", &self.request.uri().path())
            .field("body_bytes", &self.request.body().as_bytes().len())
            .field("delivers", &self.delivers)
            .finish_non_exhaustive()
    }
}

/// A machine's record of its exchanges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExchangeLog {
    /// The number of the last exchange that was begun; 0 before the first one.
    pub(crate) last_id: u64,
    /// The time when the last request was begun, or the last input was taken in.
    pub(crate) seen: Timestamp,
}

impl ExchangeLog {
    pub(crate) const fn new() -> Self {
        Self { last_id: 0, seen: Timestamp::from_unix_ms(0) }
    }
}
