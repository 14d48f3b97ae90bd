//! Nothing to use: the examples beside this folder are what it is for.
//!
//! | example | shows |
//! |---|---|
//! | `own_client.rs` | an HTTP client of one's own, over `std::net::TcpStream`, under the blocking loop |
//! | `smol_hyper.rs` | the async loop on a runtime that is not Tokio: smol, with hyper's client |
//! | `database_row.rs` | a store of one's own: a claim that rests in a row of SQLite and goes on in another process |
//! | `many_claims.rs` | thousands of claims at once on one thread |
