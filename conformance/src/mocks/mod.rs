//! The host, the network and the store that a driver under test works with.

mod host;
mod store;

pub(crate) use host::{BEGINNING, Human, LocalFault, adjusted, failure_text, trouble_text};
pub use host::{Driven, MockError, MockHost, MockNetwork};
pub use store::MockStore;
pub(crate) use store::described;
