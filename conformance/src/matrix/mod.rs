//! Every request of the ceremonies against every fault: how often it is sent, what the person is told, how the ceremony ends, and what
//! it keeps.
//!
//! Each cell is played twice: the fault meets the request once, and then whenever it is sent. The expected results are in the table
//! `FAULTS.md`. The reference client fills it in, in virtual time; every driver must come to the same results over its sockets.

mod faults;
mod requests;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::driver::ReferenceClient;
use crate::fixture::healthy;
use crate::mocks::LocalFault;
use crate::reply::Reply;
use crate::run::{Report, run};
use crate::scripted_server::{Planned, Script, ScriptedServer};
use crate::verdict::NEEDS_HTTPS;
use crate::{Driver, Mismatch, Verdict};
use faults::{Fault, Injection, faults};
pub use requests::Request;

const TABLE: &str = include_str!("../../FAULTS.md");
/// A number of times that no request is repeated.
const ALWAYS: usize = 1000;

/// A fault that meets a request.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    fault: Fault,
    request: Request,
}

/// How often the fault meets the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// It meets the request once, and then all is well.
    Once,
    /// It meets the request whenever it is sent.
    Always,
}

/// Every cell, in the order of the table.
pub fn cells() -> Vec<Cell> {
    faults().into_iter().flat_map(|fault| Request::ALL.map(|request| Cell { fault, request })).collect()
}

impl Cell {
    /// The fault's name in the table.
    pub fn fault(&self) -> &'static str {
        self.fault.title
    }

    /// The request.
    pub fn request(&self) -> Request {
        self.request
    }

    /// Why the cell is not played; `None` for a cell that is.
    pub fn reason(&self) -> Option<&'static str> {
        match self.fault.injection {
            Injection::Reply(reply) => reply(self.request).err(),
            Injection::Local(LocalFault::DiesBeforeSending | LocalFault::PrepareFails) if self.request.delivers() => Some(faults::NOT_SENT),
            Injection::Local(_) => None,
            Injection::Nowhere(reason) => Some(reason),
        }
    }

    /// Plays the cell with the driver and compares the result with the table.
    ///
    /// # Errors
    /// [`Mismatch`], whose `Display` shows both results.
    pub fn run(&self, driver: &mut impl Driver, times: Times) -> Result<Verdict, Mismatch> {
        let needs_https =
            matches!(self.fault.injection, Injection::Reply(reply) if reply(self.request).is_ok_and(|reply| reply.needs_https()));
        if let Some(reason) = self.reason() {
            return Ok(Verdict::Skipped(reason));
        }
        if needs_https && !driver.speaks_https() {
            return Ok(NEEDS_HTTPS);
        }
        let found = match ScriptedServer::start(self.script(times)) {
            Ok(server) => self.at(&Arc::new(server), driver),
            Err(error) => format!("the cell cannot begin: {error}"),
        };
        let expected = self.expected(times);
        let name = self.fault.title;
        if expected == found {
            Ok(Verdict::Passed)
        } else {
            Err(Mismatch { name, expected, found: format!("{} ({})", found, self.request.name()) })
        }
    }

    /// The result of the reference client, which opens no socket.
    pub fn reference(&self, times: Times) -> String {
        let server = Arc::new(ScriptedServer::without_sockets(self.script(times)));
        self.at(&server, &mut ReferenceClient(Arc::clone(&server)))
    }

    /// The result in the table.
    pub fn expected(&self, times: Times) -> String {
        let section = TABLE.split_once(&format!("\n## {}\n", self.fault.title)).map_or("", |(_, rest)| rest);
        let section = section.split_once("\n## ").map_or(section, |(own, _)| own);
        let row = section.lines().find_map(|line| line.strip_prefix(&format!("| {} | ", self.request.name()))).unwrap_or_default();
        let mut columns = row.trim_end_matches(" |").split(" | ");
        let (once, always) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        if times == Times::Once || always == SAME { once.to_owned() } else { always.to_owned() }
    }

    /// Whether the fault can meet the request more than once.
    pub fn recurs(&self) -> bool {
        self.reason().is_none() && matches!(self.fault.injection, Injection::Reply(_))
    }

    fn script(&self, times: Times) -> Script {
        let planned = |times, reply| Planned { path: Some(self.request.path()), times, reply };
        let fault = match self.fault.injection {
            Injection::Reply(reply) => reply(self.request).ok(),
            // The service acts and answers as it should, but the host does not see the answer.
            Injection::Local(LocalFault::DiesBeforeJournal) => self.request.delivers().then(|| Reply::json(200, self.request.success())),
            Injection::Local(_) if self.request.delivers() => Some(Reply::json(200, self.request.success())),
            Injection::Local(_) | Injection::Nowhere(_) => None,
        };
        let often = if times == Times::Once { 1 } else { ALWAYS };
        let first = fault.map(|reply| planned(if matches!(self.fault.injection, Injection::Local(_)) { 1 } else { often }, reply));
        Script::new(first.into_iter().chain(self.request.replies_around()), Some(healthy))
    }

    fn at(&self, server: &Arc<ScriptedServer>, driver: &mut impl Driver) -> String {
        let fault = match self.fault.injection {
            Injection::Local(fault) => Some((fault, self.request.number())),
            Injection::Reply(_) | Injection::Nowhere(_) => None,
        };
        let report = run(self.request.kind(), driver, server, fault);
        let sent = server.script().requests.iter().filter(|seen| seen.path == self.request.path()).count();
        let elsewhere = match server.connections_elsewhere() {
            0 => String::new(),
            times => format!("; connected elsewhere {times} times"),
        };
        format!("sent {sent}{}; {}{elsewhere}; keeps {}", report.waits(), report.ended(), report.kept)
    }
}

impl Report {
    /// The waits for a trouble to pass, and what the person was told meanwhile.
    fn waits(&self) -> String {
        let troubles: Vec<_> = self.transcript.iter().filter(|line| line.starts_with("wait ") && line.ends_with('"')).collect();
        let (Some(first), Some(last)) = (troubles.first(), troubles.last()) else { return String::new() };
        let seconds = |line: &str| line.split(' ').nth(1).and_then(|ms| ms.parse::<u64>().ok()).unwrap_or_default() / 1000;
        let words = last.split_once(": ").map_or("", |(_, words)| words);
        match troubles.len() {
            1 => format!("; waits {} s: {words}", seconds(last)),
            many if seconds(first) == seconds(last) => format!("; waits {} s, {many} times: {words}", seconds(last)),
            many => format!("; waits {} to {} s, {many} times: {words}", seconds(first), seconds(last)),
        }
    }

    fn ended(&self) -> &str {
        if self.ending.starts_with("done: ") { "done" } else { &self.ending }
    }
}

const SAME: &str = "the same";

/// The whole table as the reference client fills it in. `FAULTS.md` is made from it.
pub fn table() -> String {
    let mut table = PREFACE.to_owned();
    for row in cells().chunks(Request::ALL.len()) {
        let title = row.first().map_or("", Cell::fault);
        let _ = write!(table, "\n## {title}\n\n| request | once | always |\n|---|---|---|\n");
        for cell in row.iter().filter(|cell| cell.reason().is_none()) {
            let _ = writeln!(table, "{}", cell.row());
        }
        table += &not_played(row);
    }
    table
}

/// The requests with which a fault is not played, grouped by the reason.
fn not_played(row: &[Cell]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for cell in row {
        let Some(reason) = cell.reason() else { continue };
        match reasons.iter_mut().find(|(own, _)| *own == reason) {
            Some((_, names)) => names.push(cell.request.name()),
            None => reasons.push((reason, vec![cell.request.name()])),
        }
    }
    reasons.iter().map(|(reason, names)| format!("| {} | not played: {reason} | |\n", names.join(", "))).collect()
}

const PREFACE: &str = "# Faults

The fate of each request when something goes wrong: how often it is sent, what the person reads while the ceremony waits,
how the ceremony ends, and what of value it still holds then. *Once* means that the fault meets the request the first time, and then all
is well. *Always* means that the fault meets the request whenever it is sent. A cell that is not played says why.

The table is made by `ENLIST_UPDATE_EXPECTED=1 cargo test -p enlist-conformance --test expected` and then read by a person. Every
transport must come to the same results.
";

impl Cell {
    fn row(&self) -> String {
        let (name, once) = (self.request.name(), self.reference(Times::Once));
        let always = if self.recurs() { self.reference(Times::Always) } else { String::new() };
        let always = if always == once { SAME } else { &always };
        format!("| {name} | {once} | {always} |")
    }
}
