//! `expected.txt` and `FAULTS.md` are what the reference loop and the reference client come to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use enlist_conformance::cases;
use enlist_conformance::matrix::{self, Request, Times};

/// If it is set, the files are written anew. Then read what changed.
const UPDATE: &str = "ENLIST_UPDATE_EXPECTED";

#[test]
fn the_expected_transcripts_are_those_of_the_reference() {
    let mut found = "The transcript that every driver must have of each case.\n".to_owned();
    for case in cases() {
        write!(found, "\n== {}\n# {}\n{}\n", case.name(), case.about(), case.reference_transcript()).unwrap();
    }
    compare("src/expected.txt", &found);
}

/// Plays every cell of the matrix in virtual time.
#[test]
fn the_table_of_faults_is_that_of_the_reference() {
    compare("FAULTS.md", &matrix::table());
    let cells = matrix::cells();
    let played = cells.iter().filter(|cell| cell.reason().is_none()).count();
    println!("{}/{} cells: {played} played, {} for a reason in the table not", cells.len(), cells.len(), cells.len() - played);
    assert!(played > 300, "{played}");
}

/// The file must have exactly this text.
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
fn transcripts_show_no_secret_and_no_stray_connection() {
    for case in cases() {
        let expected = case.expected();
        assert!(expected.contains("connections elsewhere: 0"), "{}", case.name());
        assert!(!expected.contains("a secret is shown") && !expected.contains("cannot begin"), "{}", case.name());
    }
}

/// The service carried the request out, and a gateway put something else in the place of the answer. No such answer ends as a refusal.
#[test]
fn no_gateway_hides_that_a_credential_was_delivered() {
    let gateways: Vec<_> = matrix::cells().into_iter().filter(|cell| cell.fault().contains("of a gateway")).collect();
    assert!(gateways.len() > 500, "{}", gateways.len());
    for cell in &gateways {
        let (name, once, always) = (cell.request().name(), cell.expected(Times::Once), cell.expected(Times::Always));
        let tells =
            ["credential_lost", "asks: the code again?", "may have contained the credential"].iter().any(|words| once.contains(words));
        assert!(tells || !name.ends_with("that delivers"), "{}: {name}: {once}", cell.fault());
        // What does harm when it is repeated is not repeated on any of these answers.
        let is_sent_once = once.starts_with("sent 1;") && always.starts_with("sent 1;");
        let does_harm = matches!(cell.request(), Request::Register | Request::Sms | Request::Rotate | Request::DeliveringRotate);
        assert!(is_sent_once || !does_harm, "{}: {name}: {once} {always}", cell.fault());
    }
}
