//! What the cases for stores do with a store: they open it, drive a ceremony on it, and kill a process that writes to it.

pub(crate) mod bench;
pub(crate) mod child;
pub(crate) mod flow;
