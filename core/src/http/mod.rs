//! Reads answers and builds requests. Only this module uses `serde_json` for what goes over the wire.

pub(crate) mod damaged;
pub(crate) mod json;
mod lenient;
pub(crate) mod oauth;
pub(crate) mod pinned_origins;
pub(crate) mod request;
pub(crate) mod response;
