//! Code that the examples beside this folder share.
//!
//! | example | shows |
//! |---|---|
//! | `claim_blocking.rs` | an agent registers and is claimed: the blocking loop and the durable store |
//! | `claim_async.rs` | an agent registers and is claimed: the async loop and the durable store |
//! | `badge.rs` | a badge from SentryAgent: manifest, profile, code by SMS |
//! | `resume.rs` | a program continues whatever an earlier process left unfinished |
//! | `own_client.rs` | an HTTP client of your own, over `std::net::TcpStream`, with the blocking loop |
//! | `smol_hyper.rs` | the async loop on a runtime that is not Tokio: smol, with hyper's client |
//! | `database_row.rs` | a store of your own: a claim in an SQLite file continues in another process |
//! | `many_claims.rs` | thousands of claims at once on one thread |

pub mod place;
pub mod row;
