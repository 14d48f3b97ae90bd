//! The work of the cases for stores: they open a store, drive a ceremony on it, and kill a process that writes to it.

pub(crate) mod bench;
pub(crate) mod child;
pub(crate) mod flow;
