//! Every request of the ceremonies against every fault: repeated or not, what the human is told, what is kept.
//!
//! The cells are enumerated, and each is played: the fault meets the request once, and then each time. What is to come of it is
//! in the table, `FAULTS.md`; the core gives it in virtual time, and every driver over its sockets.

mod faults;
mod requests;

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};

use crate::cases::Which;
use crate::fixture;
use crate::mock_host::HostFault;
use crate::reference::ReferenceClient;
use crate::reply::Reply;
use crate::run::{Report, run};
use crate::scripted_server::{Planned, Script, ScriptedServer};
use crate::{Driver, Mismatch, Verdict};
use faults::{Fault, Play, faults};
pub use requests::Request;

const TABLE: &str = include_str!("../../FAULTS.md");
/// More often than any request is repeated.
const ALWAYS: usize = 1000;

/// One fault meeting one request.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    fault: Fault,
    request: Request,
}

/// How often the fault meets the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Once; then all is well.
    Once,
    /// Whenever it is sent.
    Always,
}

/// Every cell, row by row.
pub fn cells() -> Vec<Cell> {
    faults().into_iter().flat_map(|fault| Request::ALL.map(|request| Cell { fault, request })).collect()
}

impl Cell {
    /// The fault, as the table names it.
    pub fn fault(&self) -> &'static str {
        self.fault.title
    }

    /// The request.
    pub fn request(&self) -> Request {
        self.request
    }

    /// Why it is not played, if it is not.
    pub fn reason(&self) -> Option<&'static str> {
        match self.fault.play {
            Play::Reply(reply) => reply(self.request).err(),
            Play::HostFault(HostFault::DiesBeforeSending | HostFault::PrepareFails) if self.request.spent().is_some() => {
                Some("as the one that does not deliver: the service sees nothing")
            }
            Play::HostFault(_) => None,
            Play::Nowhere(reason) => Some(reason),
        }
    }

    /// Plays it with the driver, and compares with the table.
    ///
    /// # Errors
    /// [`Mismatch`], whose `Display` shows both.
    pub fn run(&self, driver: &mut impl Driver, times: Times) -> Result<Verdict, Mismatch> {
        let needs_https = matches!(self.fault.play, Play::Reply(reply) if reply(self.request).is_ok_and(|reply| reply.needs_https()));
        if self.reason().is_some() || (needs_https && !driver.speaks_https()) {
            return Ok(Verdict::Skipped);
        }
        let found = match ScriptedServer::start(self.script(times)) {
            Ok(server) => self.at(&Arc::new(server), driver),
            Err(error) => cannot_begin(&error),
        };
        let expected = self.expected(times);
        let name = self.fault.title;
        if expected == found {
            Ok(Verdict::Passed)
        } else {
            Err(Mismatch { name, expected, found: format!("{} ({})", found, self.request.name()) })
        }
    }

    /// What a client that does its duty comes to, without any socket.
    pub fn reference(&self, times: Times) -> String {
        let server = Arc::new(ScriptedServer::unplayed(self.script(times)));
        self.at(&server, &mut ReferenceClient(Arc::clone(&server)))
    }

    /// What the table says.
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
        self.reason().is_none() && matches!(self.fault.play, Play::Reply(_))
    }

    fn script(&self, times: Times) -> Script {
        let planned = |times, reply| Planned { path: Some(self.request.path()), times, reply };
        let fault = match self.fault.play {
            Play::Reply(reply) => reply(self.request).ok(),
            // The service answers as it should, and acts; it is the host that does not see it.
            Play::HostFault(HostFault::DiesBeforeJournal) => self.request.spent().map(|_| Reply::json(200, self.request.success())),
            Play::HostFault(_) if self.request.spent().is_some() => Some(Reply::json(200, self.request.success())),
            Play::HostFault(_) | Play::Nowhere(_) => None,
        };
        let often = if times == Times::Once { 1 } else { ALWAYS };
        let first = fault.map(|reply| planned(if matches!(self.fault.play, Play::HostFault(_)) { 1 } else { often }, reply));
        let spent = self.request.spent().map(|reply| planned(ALWAYS, reply));
        Script::new(first.into_iter().chain(spent), Some(fixture::healthy))
    }

    fn at(&self, server: &Arc<ScriptedServer>, driver: &mut impl Driver) -> String {
        let fault = match self.fault.play {
            Play::HostFault(fault) => Some((fault, self.request.number())),
            Play::Reply(_) | Play::Nowhere(_) => None,
        };
        let performance = match self.request.ceremony() {
            Which::Enrolment => run::<Enrolment, _>(driver, server, fault),
            Which::Claim => run::<Claim, _>(driver, server, fault),
            Which::Registration => run::<BadgeRegistration, _>(driver, server, fault),
            Which::Rotation => run::<BadgeRotation, _>(driver, server, fault),
        };
        let sent = server.script().requests.iter().filter(|seen| seen.path == self.request.path()).count();
        let connections_elsewhere = if server.connections_elsewhere() == 0 {
            String::new()
        } else {
            format!("; connections_elsewhere {} times", server.connections_elsewhere())
        };
        format!("sent {sent}{}; {}{connections_elsewhere}; keeps {}", performance.told(), performance.ended(), performance.kept)
    }
}

fn cannot_begin(error: &io::Error) -> String {
    format!("the cell cannot begin: {error}")
}

impl Report {
    /// What the human was told while the ceremony waited for a trouble to pass.
    fn told(&self) -> String {
        let troubles: Vec<_> = self.log.iter().filter(|line| line.starts_with("wait ") && line.ends_with('"')).collect();
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

/// The whole table, as a client that does its duty fills it in; what `FAULTS.md` is made from.
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

/// The requests that a fault is not played with, by the reason why.
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

What becomes of each request when something goes wrong: how often it is sent in all, what the human is told while the ceremony
waits, how it ends, and what of value the ceremony still holds then. *Once*: the fault meets the request the first time, and then
all is well. *Always*: it meets it whenever it is sent. A cell that is not played says why.

The table is made by `ENLIST_UPDATE_EXPECTED=1 cargo test -p enlist-conformance --test expected`, and then read; every transport is
held to it.
";

impl Cell {
    fn row(&self) -> String {
        let (name, once) = (self.request.name(), self.reference(Times::Once));
        let always = if self.recurs() { self.reference(Times::Always) } else { String::new() };
        let always = if always == once { SAME } else { &always };
        format!("| {name} | {once} | {always} |")
    }
}
