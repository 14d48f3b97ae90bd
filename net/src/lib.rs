//! The code that the HTTP clients for [`enlist_core`] share.
//!
//! Two clients send the exchanges of a ceremony: `enlist-blocking` (ureq) and `enlist-async` (reqwest). A user should not be able to
//! tell from the network which of them is at work, so everything that they must decide alike is written once, in this crate:
//!
//! * which proxy a request goes through: [`Proxies`],
//! * which certificate authorities are trusted: [`TrustAnchors`],
//! * the settings that both builders take, and why they refuse them: [`Settings`], [`BuildError`],
//! * the log event of an exchange: [`record_exchange`],
//! * what a failure at a proxy is called, and how much of a library's error text is kept: [`blame_proxy`], [`printable`].
//!
//! The crate contains no HTTP client and opens no connection. The transports re-export what their users need; depend on this crate
//! directly only to write an HTTP client of your own.

mod build_error;
mod event;
mod failure;
mod no_proxy;
mod pem;
mod proxies;
mod proxy;
mod settings;
mod trust;

pub use build_error::BuildError;
pub use event::record_exchange;
pub use failure::{MAX_TEXT, PROXY_WANTS_LOGIN, blame_proxy, certificate_text, printable, proxy_wants_login};
pub use pem::PemBundle;
pub use proxies::{BadProxy, Proxies, Route, is_loopback};
pub use proxy::Proxy;
pub use settings::{CONNECT_TIMEOUT, Settings};
pub use trust::TrustAnchors;
