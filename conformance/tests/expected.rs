//! `expected.txt` is what the suite's own loop makes of each case over a client that does its duty, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use enlist_conformance::{cases, matrix};

/// Set to write the file anew; then read what changed.
const UPDATE: &str = "ENLIST_UPDATE_EXPECTED";

#[test]
fn the_expected_transcripts_are_those_of_a_client_that_does_its_duty() {
    let mut found = "The transcript that every driver has of each case.\n".to_owned();
    for case in cases() {
        write!(found, "\n== {}\n# {}\n{}\n", case.name(), case.about(), case.reference_transcript()).unwrap();
    }
    compare("src/expected.txt", &found);
}

/// All cells of the matrix, in virtual time.
#[test]
fn the_table_of_faults_is_what_the_core_makes_of_them() {
    compare("FAULTS.md", &matrix::table());
    let cells = matrix::cells();
    let played = cells.iter().filter(|cell| cell.reason().is_none()).count();
    println!("{}/{} cells: {played} played, {} for a reason in the table not", cells.len(), cells.len(), cells.len() - played);
    assert!(played > 300, "{played}");
}

/// What was found must be in the file, to the letter.
fn compare(file: &str, found: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    for (line, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(expected, found, "{file}, line {}", line + 1);
    }
    assert_eq!(expected.len(), found.len(), "{file}");
}

#[test]
fn no_two_cases_have_one_name() {
    let names: BTreeSet<_> = cases().iter().map(enlist_conformance::Case::name).collect();
    assert_eq!(names.len(), cases().len());
    assert!(names.len() > 50, "{}", names.len());
}

#[test]
fn transcripts_hold_what_they_are_for() {
    for case in cases() {
        let expected = case.expected();
        assert!(expected.contains("connections elsewhere: 0"), "{}", case.name());
        assert!(!expected.contains("a secret is shown") && !expected.contains("cannot begin"), "{}", case.name());
    }
}
