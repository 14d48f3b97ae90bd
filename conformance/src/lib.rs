//! Test cases for the parts that a program puts around [`enlist_core`]: the HTTP client, the loop that drives a ceremony, and the store
//! that keeps it.
//!
//! | you wrote | run | implement |
//! |---|---|---|
//! | an HTTP client | [`cases()`], and the cells of [`matrix`] | [`Driver::execute`] |
//! | a loop of your own | the same | [`Driver::drive`] too |
//! | a store | [`stores::run`] | [`stores::Fixture`] |
//!
//! # Clients and drivers
//!
//! A case has a server on loopback that plays a script byte by byte, including what no HTTP library would send: an answer that is cut
//! off, stalls or drips, a wrong length, a peer that hangs up. The driver under test works with a [`MockHost`] and a [`MockStore`]. Their
//! clock is virtual, so a case takes milliseconds however long its waits are. The transcript of a case has every call of the host and the
//! store in order, every wait to the millisecond, every request as it arrived (with sorted headers), and how the ceremony ended. It must
//! be the same for every driver: the expected transcripts are in `src/expected.txt`.
//!
//! ```
//! use enlist_conformance::{Driver, cases};
//! use enlist_core::{Delivery, Exchange, ExchangeResult, TransportFailure, TransportKind};
//!
//! struct Unplugged;
//!
//! impl Driver for Unplugged {
//!     fn execute(&mut self, _: &Exchange) -> ExchangeResult {
//!         Err(TransportFailure::new(TransportKind::Connect, Delivery::NotSent))
//!     }
//! }
//!
//! let failed = cases().into_iter().filter(|case| case.run(&mut Unplugged).is_err()).count();
//! assert!(failed > 40, "a client that sends nothing passes hardly any case");
//! ```

mod calls;
mod case;
mod cases;
mod driver;
mod exchanges;
mod fixture;
pub mod matrix;
mod mocks;
mod reply;
mod run;
mod scenario;
mod scripted_server;
pub mod stopped;
mod store_bench;
mod store_fixture;
pub mod stores;
mod verdict;

pub use case::{Case, Mismatch};
pub use cases::cases;
pub use driver::Driver;
pub use mocks::{Driven, MockError, MockHost, MockNetwork, MockStore};
pub use verdict::Verdict;
