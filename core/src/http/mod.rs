//! From bytes to meaning and back: the only module that touches `serde_json` on the wire's side.

pub(crate) mod json;
pub(crate) mod oauth;
pub(crate) mod request;
pub(crate) mod response;
