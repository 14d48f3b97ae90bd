//! A store in a database: one ceremony in one SQLite file, through rusqlite.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use enlist_core::{
    Ceremony, Delivery, Exchange, ExchangeId, ExchangeResult, Partial, ResumeError, Snapshot, Store, TransportFailure, TransportKind,
};
use http::Response;
use http::header::CONTENT_TYPE;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Only one process at a time has the database (`locking_mode`), every commit is on the disk before it returns (`synchronous`), and what
/// is deleted is overwritten (`secure_delete`), in the rollback journal too (`journal_mode`).
const SETTINGS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = TRUNCATE;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;";

/// The table `answer` has at most one row, for the exchange in flight. Until the answer comes, the row reserves room for it and has a null
/// status.
const TABLES: &str = "
    BEGIN EXCLUSIVE;
    CREATE TABLE IF NOT EXISTS flow (id INTEGER PRIMARY KEY CHECK (id = 1), snapshot TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS answer (exchange INTEGER PRIMARY KEY, is_whole INTEGER, status INTEGER, content_type TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS unreadable (exchange INTEGER, is_whole INTEGER, status INTEGER, content_type TEXT, body BLOB);
    COMMIT;";

/// Keeps one ceremony in an SQLite file.
///
/// A real program has a table with a row for each ceremony, and an owner for each row.
#[derive(Debug)]
pub struct Row {
    database: Connection,
}

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file cannot be made.
    #[error("the database's file cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The snapshot in the row cannot be read.
    #[error(transparent)]
    Snapshot(#[from] ResumeError),
}

impl Row {
    /// Opens the store in `file`, and creates the file if there is none.
    ///
    /// # Errors
    /// [`RowError`], for example if another process has the file open.
    pub fn open(file: &Path) -> Result<Self, RowError> {
        make_private(file)?;
        let database = Connection::open(file)?;
        database.busy_timeout(Duration::ZERO)?;
        database.execute_batch(SETTINGS)?;
        database.execute_batch(TABLES)?;
        Ok(Self { database })
    }

    /// The snapshot that was saved last, to resume the ceremony from.
    ///
    /// # Errors
    /// [`RowError`].
    pub fn snapshot(&self) -> Result<Option<Snapshot>, RowError> {
        let json: Option<String> = self.database.query_row("SELECT snapshot FROM flow", [], |row| row.get(0)).optional()?;
        Ok(json.map(|json| Snapshot::from_json(json.as_bytes())).transpose()?)
    }

    /// The database itself.
    #[must_use]
    pub fn database(&self) -> &Connection {
        &self.database
    }
}

impl Store for Row {
    type Error = RowError;

    /// SQLite reserves no room. But a row as large as the largest answer makes the file as large as it will be, so that a full disk is
    /// noticed before the request is sent.
    fn prepare<C: Ceremony>(&mut self, ceremony: &C, exchange: &Exchange) -> Result<(), RowError> {
        let transaction = self.database.transaction()?;
        write_snapshot(&transaction, &ceremony.snapshot())?;
        transaction.execute("DELETE FROM answer", [])?;
        if exchange.delivers {
            transaction.execute(
                "INSERT INTO answer (exchange, body) VALUES (?1, ?2)",
                params![exchange.id.as_u64().cast_signed(), vec![0_u8; exchange.max_body]],
            )?;
        }
        Ok(transaction.commit()?)
    }

    fn journal(&mut self, exchange: &Exchange, answer: &ExchangeResult) -> Result<(), RowError> {
        let (is_whole, status, content_type, body) = match answer {
            Ok(response) => (true, response.status().as_u16(), content_type(response), response.body()),
            Err(TransportFailure { partial: Some(Partial { status, body }), .. }) => (false, *status, None, body),
            Err(_) => return Ok(()),
        };
        if exchange.delivers && (200..300).contains(&status) {
            self.database.execute(
                "UPDATE answer SET is_whole = ?2, status = ?3, content_type = ?4, body = ?5 WHERE exchange = ?1",
                params![exchange.id.as_u64().cast_signed(), is_whole, status, content_type, body],
            )?;
        }
        Ok(())
    }

    fn journaled(&mut self, id: ExchangeId) -> Result<Option<ExchangeResult>, RowError> {
        let sql = "SELECT is_whole, status, content_type, body FROM answer WHERE exchange = ?1 AND status IS NOT NULL";
        let found = self.database.query_row(sql, [id.as_u64().cast_signed()], |row| {
            let (is_whole, status, content_type, body): (bool, u16, Option<String>, Vec<u8>) = row.try_into()?;
            Ok(read_answer(is_whole, status, content_type, body))
        });
        Ok(found.optional()?)
    }

    /// An answer that could not be read moves to a table of its own, for a person.
    fn save<C: Ceremony>(&mut self, ceremony: &C) -> Result<(), RowError> {
        let snapshot = ceremony.snapshot();
        let transaction = self.database.transaction()?;
        write_snapshot(&transaction, &snapshot)?;
        for id in snapshot.unreadable() {
            let id = id.as_u64().cast_signed();
            transaction.execute("INSERT INTO unreadable SELECT * FROM answer WHERE exchange = ?1 AND status IS NOT NULL", [id])?;
        }
        transaction.execute("DELETE FROM answer", [])?;
        Ok(transaction.commit()?)
    }
}

fn write_snapshot(transaction: &Transaction<'_>, snapshot: &Snapshot) -> Result<(), RowError> {
    let json = snapshot.to_json();
    transaction.execute("INSERT OR REPLACE INTO flow (id, snapshot) VALUES (1, ?1)", [json.expose()])?;
    Ok(())
}

fn content_type(response: &Response<Vec<u8>>) -> Option<&str> {
    response.headers().get(CONTENT_TYPE)?.to_str().ok()
}

fn read_answer(is_whole: bool, status: u16, content_type: Option<String>, body: Vec<u8>) -> ExchangeResult {
    let cut = TransportFailure::new(TransportKind::Closed, Delivery::Unknown);
    if !is_whole {
        return Err(TransportFailure { partial: Some(Partial { status, body }), ..cut });
    }
    let builder = Response::builder().status(status);
    content_type.into_iter().fold(builder, |builder, value| builder.header(CONTENT_TYPE, value)).body(body).map_err(|_| cut)
}

/// SQLite gives its own files the permissions of the database.
fn make_private(file: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(false).open(file).map(drop)
}
