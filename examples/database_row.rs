//! A claim that rests in a row of a database and goes on in another process: SQLite through rusqlite.
//!
//! ```sh
//! cargo run -p enlist-examples --example database_row
//! ```
//!
//! The snapshot and the journal are two columns. SQLite makes each statement durable before it returns (`synchronous = FULL`), so
//! the order of [`Store`]'s calls is the order on disk: the snapshot with the request in flight, the request, the raw answer, the
//! snapshot with the answer taken in. The example ends its first process by force in the one moment where that matters, when the
//! token has come and nothing has been made of it, and finds it in the row.

use std::convert::Infallible;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use enlist_blocking::{Client, DriveError, Host, NoStore, SimpleHost, drive, drive_to_end};
use enlist_core::claim::{Claim, Enrolment, EnrolmentPrompt, EnterCode, Registration};
use enlist_core::secret::Email;
use enlist_core::{
    Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Origin, Partial, Snapshot, Store, TransportFailure, TransportKind,
};
use enlist_sandbox::{Config, Sandbox};
use http::Response;
use http::header::CONTENT_TYPE;
use rusqlite::{Connection, OptionalExtension, params};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config { speed: 5, auto_approve: Some(Duration::from_millis(500)), ..Config::default() };
    let sandbox = Sandbox::start(config)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("flows.db");

    let client = Client::new()?;

    // The first process. It dies with the token in its hands.
    let registration = register(&sandbox, &client)?;
    let mut claim = Claim::new(&registration, Email::parse("owner@example.com")?);
    let mut row = Row { dies_on_delivery: true, ..Row::open(&file)? };
    match drive(&mut claim, &client, &mut host(), &mut row) {
        Err(DriveError::Store(Trouble::Died)) => println!("the process ended when the token had come"),
        other => return Err(format!("it should have ended: {other:?}").into()),
    }
    drop((claim, row));

    // Another one, which has the database and nothing else.
    let mut row = Row::open(&file)?;
    let mut claim = Claim::resume(&row.snapshot()?.ok_or("no row")?)?;
    let token = drive_to_end(&mut claim, &client, &mut host(), &mut row)?;
    println!("another one found it in the row: claimed, with {:?}", token.scopes());
    println!("tokens that the service handed out: {}", sandbox.counts().tokens_delivered);
    Ok(())
}

fn register(sandbox: &Sandbox, client: &Client) -> Result<Registration, Box<dyn Error>> {
    let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    let mut enrolment = Enrolment::new(Origin::parse(sandbox.opentrain_url())?, None, None);
    Ok(drive_to_end(&mut enrolment, client, &mut host, &mut NoStore)?)
}

fn host() -> impl Host<Claim, Error = Infallible> {
    let show = |code: &EnterCode| println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
    SimpleHost::new(show, |never: &Infallible| match *never {})
}

/// Why the store could not go on.
#[derive(Debug)]
enum Trouble {
    Database(rusqlite::Error),
    /// For the example: the process is gone.
    Died,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database failed: {error}"),
            Self::Died => f.write_str("the process ended"),
        }
    }
}

impl Error for Trouble {}

/// One flow's row. A real table has one for each flow, and a lock so that two processes never drive the same.
struct Row {
    database: Connection,
    dies_on_delivery: bool,
}

impl Row {
    fn open(file: &Path) -> rusqlite::Result<Self> {
        let database = Connection::open(file)?;
        database.execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS flow (id INTEGER PRIMARY KEY, snapshot TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS journal (exchange INTEGER PRIMARY KEY, is_whole INTEGER, status INTEGER, content_type TEXT, body BLOB);",
        )?;
        Ok(Self { database, dies_on_delivery: false })
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, Box<dyn Error>> {
        let json: Option<String> = self.database.query_row("SELECT snapshot FROM flow", [], |row| row.get(0)).optional()?;
        Ok(json.map(|json| Snapshot::from_json(json.as_bytes())).transpose()?)
    }

    fn keep(&self, snapshot: &Snapshot) -> rusqlite::Result<()> {
        let json = snapshot.to_json();
        self.database.execute("INSERT OR REPLACE INTO flow (id, snapshot) VALUES (1, ?1)", [json.expose()]).map(|_| ())
    }
}

impl Store for Row {
    type Error = Trouble;

    /// SQLite has no room to reserve; the row is made, so that a full disk shows before the request is sent.
    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), Trouble> {
        self.keep(&ceremony.snapshot())?;
        if exchange.delivers {
            let room = vec![0_u8; exchange.max_body];
            let id = exchange.id.as_u64().cast_signed();
            self.database.execute("INSERT OR REPLACE INTO journal (exchange, body) VALUES (?1, ?2)", params![id, room])?;
        }
        Ok(())
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), Trouble> {
        let (is_whole, status, content_type, body) = match answer {
            Ok(response) => (true, response.status().as_u16(), content_type(response), response.body()),
            Err(TransportFailure { partial: Some(Partial { status, body }), .. }) => (false, *status, None, body),
            Err(_) => return Ok(()),
        };
        if !exchange.delivers || !(200..300).contains(&status) {
            return Ok(());
        }
        let sql = "INSERT OR REPLACE INTO journal (exchange, is_whole, status, content_type, body) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.database.execute(sql, params![exchange.id.as_u64().cast_signed(), is_whole, status, content_type, body])?;
        if self.dies_on_delivery { Err(Trouble::Died) } else { Ok(()) }
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, Trouble> {
        // A row without a status is room that no answer has come to.
        let sql = "SELECT is_whole, status, content_type, body FROM journal WHERE exchange = ?1 AND status IS NOT NULL";
        let found = self.database.query_row(sql, [id.as_u64().cast_signed()], |row| {
            let (is_whole, status, content_type, body): (bool, u16, Option<String>, _) = row.try_into()?;
            Ok(read_again(is_whole, status, content_type, body))
        });
        Ok(found.optional()?)
    }

    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), Trouble> {
        let snapshot = ceremony.snapshot();
        if self.dies_on_delivery && self.has_delivery()? {
            return Err(Trouble::Died);
        }
        self.keep(&snapshot)?;
        // What could not be read is kept for a person to look at.
        let kept: Vec<_> = snapshot.unreadable().iter().map(|id| id.as_u64().to_string()).collect();
        self.database.execute(&format!("DELETE FROM journal WHERE exchange NOT IN ({})", kept.join(",")), [])?;
        Ok(())
    }
}

impl Row {
    fn has_delivery(&self) -> rusqlite::Result<bool> {
        self.database.query_row("SELECT EXISTS (SELECT 1 FROM journal WHERE status IS NOT NULL)", [], |row| row.get(0))
    }
}

fn content_type(response: &Response<Vec<u8>>) -> Option<&str> {
    response.headers().get(CONTENT_TYPE)?.to_str().ok()
}

fn read_again(is_whole: bool, status: u16, content_type: Option<String>, body: Vec<u8>) -> ExchangeResult {
    let cut = TransportFailure::new(TransportKind::Closed, Delivery::Unknown);
    if !is_whole {
        return Err(TransportFailure { partial: Some(Partial { status, body }), ..cut });
    }
    let builder = Response::builder().status(status);
    content_type.into_iter().fold(builder, |builder, value| builder.header(CONTENT_TYPE, value)).body(body).map_err(|_| cut)
}
