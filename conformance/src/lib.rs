//! What any driver and any client must pass: named cases, each with its expected transcript, and a matrix of every request against
//! every fault.
//!
//! A case has a server on loopback that plays a script byte by byte, also what no HTTP library would send: an answer cut off, one
//! that stalls or drips, a wrong length, a peer that hangs up. The driver under test works with a [`MockHost`] in place of a program's
//! host: its clock is virtual, so a case takes milliseconds whatever it waits for. The transcript has every call of the host in
//! order, every wait to the millisecond, every request as it came (its headers sorted), and how it ended. It is the same for
//! every driver: `expected.txt` has it.
//!
//! To test a client of one's own, implement [`Driver::execute`]; to test a loop of one's own, [`Driver::drive`] too.
//!
//! ```
//! use enlist_core::{Delivery, Exchange, TransportFailure, TransportKind};
//! use enlist_conformance::{Driver, cases};
//!
//! struct Unplugged;
//!
//! impl Driver for Unplugged {
//!     fn execute(&mut self, _: &Exchange) -> Result<http::Response<Vec<u8>>, TransportFailure> {
//!         Err(TransportFailure::new(TransportKind::Connect, Delivery::NotSent))
//!     }
//! }
//!
//! let failing = cases().into_iter().filter(|case| case.run(&mut Unplugged).is_err()).count();
//! assert!(failing > 40, "a client that sends nothing passes hardly anything");
//! ```

mod calls;
mod cases;
mod exchanges;
mod fixture;
pub mod matrix;
mod mock_host;
mod reference;
mod reply;
mod run;
mod scripted_server;

use std::fmt;

use enlist_core::{Ceremony, Exchange, TransportFailure};
use http::Response;

pub use cases::cases;
pub use mock_host::{Driven, MockHost, MockHostError};

use cases::Play;

/// A driver under test, or a client alone.
pub trait Driver {
    /// Sends the exchange, as a client that does its duties: once, with its deadline and cap, every status an answer.
    ///
    /// # Errors
    /// [`TransportFailure`] when no whole answer came.
    fn execute(&mut self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure>;

    /// Drives the ceremony with the host as its host; sends what [`MockHost::direct`] makes of each exchange.
    ///
    /// Without one of its own a driver is a client, and the suite's plain loop drives it.
    ///
    /// # Errors
    /// As the transports' `drive`.
    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, host: &mut MockHost<C>) -> Driven<C::Outcome> {
        reference::drive(self, ceremony, host)
    }

    /// Whether the client speaks https. If not, cases in which a TLS handshake fails are passed over.
    fn speaks_https(&self) -> bool {
        true
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    name: &'static str,
    about: &'static str,
    play: Play,
}

/// What came of a case that was not passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// As expected.
    Passed,
    /// It needs https, which the client does not speak.
    Skipped,
}

/// A case that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The case's name.
    pub name: &'static str,
    /// What `expected.txt` has.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl fmt::Display for Mismatch {
    /// The lines that differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "case {}", self.name)?;
        difference(f, &self.expected, &self.found)
    }
}

impl std::error::Error for Mismatch {}

impl Case {
    /// Its name, such as `redirects_are_answers`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about, in a sentence.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Plays it with the driver, and compares.
    ///
    /// # Errors
    /// [`Mismatch`], whose `Display` shows the lines that differ.
    pub fn run(&self, driver: &mut impl Driver) -> Result<Verdict, Mismatch> {
        if self.play.needs_https() && !driver.speaks_https() {
            return Ok(Verdict::Skipped);
        }
        let (expected, found) = (self.expected(), self.transcript(driver));
        if expected == found { Ok(Verdict::Passed) } else { Err(Mismatch { name: self.name, expected, found }) }
    }

    /// What the driver's transcript is.
    pub fn transcript(&self, driver: &mut impl Driver) -> String {
        self.play.transcript(driver)
    }

    /// The transcript of the suite's own loop over a client that opens no socket and knows the script: what `expected.txt` is
    /// made from.
    pub fn reference_transcript(&self) -> String {
        self.play.reference_transcript()
    }

    /// What every driver's transcript should be; empty for a case that `expected.txt` lacks.
    pub fn expected(&self) -> String {
        let heading = format!("\n== {}\n", self.name);
        let rest = EXPECTED.split_once(&heading).map_or("", |(_, rest)| rest);
        rest.split_once("\n== ").map_or(rest, |(own, _)| own).split_once('\n').map_or("", |(_about, own)| own).trim_end().to_owned()
    }
}

const EXPECTED: &str = include_str!("expected.txt");

/// Lines of one that the other lacks at that place.
fn difference(f: &mut fmt::Formatter<'_>, expected: &str, found: &str) -> fmt::Result {
    let (mut expected, mut found) = (expected.lines().peekable(), found.lines().peekable());
    while expected.peek().is_some() || found.peek().is_some() {
        match (expected.next(), found.next()) {
            (Some(one), Some(other)) if one == other => {}
            (one, other) => {
                one.map_or(Ok(()), |line| writeln!(f, "  expected  {line}"))?;
                other.map_or(Ok(()), |line| writeln!(f, "  found     {line}"))?;
            }
        }
    }
    Ok(())
}
