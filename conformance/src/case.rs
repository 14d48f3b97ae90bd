//! A case for clients and drivers, and its result.

use std::fmt;

use crate::Driver;
use crate::scenario::Scenario;
use crate::verdict::{NEEDS_HTTPS, Verdict};

const EXPECTED: &str = include_str!("expected.txt");

/// One case for clients and drivers.
#[derive(Clone, Debug)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) scenario: Scenario,
}

/// The result of a case that came out in another way than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The case's name.
    pub name: &'static str,
    /// The expected transcript.
    pub expected: String,
    /// The driver's transcript.
    pub found: String,
}

impl fmt::Display for Mismatch {
    /// Shows the lines that differ.
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

    /// The rule that it checks, in a sentence.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// Runs the case on the driver and compares the transcript with the expected one.
    ///
    /// # Errors
    /// [`Mismatch`], whose `Display` shows the lines that differ.
    pub fn run(&self, driver: &mut impl Driver) -> Result<Verdict, Mismatch> {
        if self.scenario.needs_https() && !driver.speaks_https() {
            return Ok(NEEDS_HTTPS);
        }
        let (expected, found) = (self.expected(), self.transcript(driver));
        if expected == found { Ok(Verdict::Passed) } else { Err(Mismatch { name: self.name, expected, found }) }
    }

    /// Runs the case and gives the driver's transcript.
    pub fn transcript(&self, driver: &mut impl Driver) -> String {
        self.scenario.transcript(driver)
    }

    /// Runs the case on this crate's own loop, with a client that opens no socket and knows the script. `expected.txt` is made from
    /// these transcripts.
    pub fn reference_transcript(&self) -> String {
        self.scenario.reference_transcript()
    }

    /// The transcript that every driver should have; empty for a case that is not in `expected.txt`.
    pub fn expected(&self) -> String {
        let heading = format!("\n== {}\n", self.name);
        let rest = EXPECTED.split_once(&heading).map_or("", |(_, rest)| rest);
        rest.split_once("\n== ").map_or(rest, |(own, _)| own).split_once('\n').map_or("", |(_about, own)| own).trim_end().to_owned()
    }
}

/// Compares line by line, and shows each pair that differs.
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
