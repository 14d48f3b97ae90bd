//! A claim that is kept in a database and continues in another process: SQLite through rusqlite. The store is in `src/row.rs`.
//!
//! ```sh
//! cargo run -p enlist-examples --example database_row
//! ```
//!
//! SQLite makes each commit durable before it returns, so the order of the calls of [`Store`] is the order on the disk: the snapshot
//! with the request in flight, the raw answer, the snapshot with the answer taken in. The example ends its first process at the one
//! moment that matters: when the token has come and was not taken in yet. The second process finds the token in the row.

use std::convert::Infallible;
use std::error::Error;
use std::ops::ControlFlow;
use std::time::Duration;

use enlist_blocking::{Client, DriveError, NoStore, SimpleHost, drive, drive_to_end};
use enlist_core::claim::{Claim, Enrolment, EnrolmentPrompt, EnterCode, Registration};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Exchange, ExchangeId, ExchangeResult, Origin, Store};
use enlist_examples::row::{Row, RowError};
use enlist_sandbox::{Config, Sandbox};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config { speed: 5, auto_approve: Some(Duration::from_millis(500)), ..Config::default() };
    let sandbox = Sandbox::start(config)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("flow.db");

    // The first process ends when the token has come.
    let registration = register(&sandbox)?;
    let mut claim = Claim::new(&registration, Email::parse("owner@example.com")?);
    let mut store = DiesOnDelivery { row: Row::open(&file)?, is_dead: false };
    match drive(&mut claim, &Client::new()?, &mut SimpleHost::new(show, never), &mut store) {
        Err(DriveError::Store(Trouble::Died)) => println!("the process ended when the token had come"),
        other => return Err(format!("the process should have ended: {other:?}").into()),
    }
    drop((claim, store));

    // The second process has the database and nothing else.
    let mut row = Row::open(&file)?;
    let mut claim = Claim::resume(&row.snapshot()?.ok_or("the row is empty")?)?;
    let token = drive_to_end(&mut claim, &Client::new()?, &mut SimpleHost::new(show, never), &mut row)?;
    println!("another process found the token in the row: claimed, with {:?}", token.scopes());
    println!("tokens that the service handed out: {}", sandbox.counts().tokens_delivered);
    Ok(())
}

fn register(sandbox: &Sandbox) -> Result<Registration, Box<dyn Error>> {
    // Nobody is there to decide whether to register again after a lost answer.
    let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    let mut enrolment = Enrolment::new(Origin::parse(sandbox.opentrain_url())?, None, None);
    Ok(drive_to_end(&mut enrolment, &Client::new()?, &mut host, &mut NoStore)?)
}

fn show(code: &EnterCode) {
    println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
}

/// A claim asks no question.
fn never(never: &Infallible) -> ControlFlow<(), Infallible> {
    match *never {}
}

/// A store whose process ends when the token was written down.
struct DiesOnDelivery {
    row: Row,
    is_dead: bool,
}

/// Why [`DiesOnDelivery`] could not continue.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("the process ended")]
    Died,
}

impl Store for DiesOnDelivery {
    type Error = Trouble;

    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Trouble> {
        Ok(self.row.prepare(ceremony, exchange)?)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Trouble> {
        self.row.journal(exchange, answer)?;
        self.is_dead = exchange.delivers && answer.as_ref().is_ok_and(|response| response.status().is_success());
        if self.is_dead { Err(Trouble::Died) } else { Ok(()) }
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Trouble> {
        Ok(self.row.journaled(id)?)
    }

    /// A dead process saves nothing.
    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Trouble> {
        if self.is_dead { Err(Trouble::Died) } else { Ok(self.row.save(ceremony)?) }
    }
}
