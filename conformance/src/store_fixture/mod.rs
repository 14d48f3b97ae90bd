//! A store under test: what its author says about it, helpers for that, and the store that keeps everything in memory.

mod asynchronous;
mod fixture;
pub(crate) mod folder;
mod memory;

pub use asynchronous::{BlockOn, Blocking, BlockingError};
pub use fixture::{Broken, Fallible, Fixture, Support, Tear};
pub use memory::{MemoryStore, MemoryStores, OutOfSpace};
