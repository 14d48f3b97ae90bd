//! Compares the machines with the tables of `docs/STATES.md` that say what an answer leads to.

use std::collections::BTreeSet;

use enlist_core::badge::BadgeRegistration;
use enlist_core::claim::Claim;
use enlist_core::testing::{Harness, World};
use enlist_core::{Delivery, TransportKind};

use crate::common::*;
use crate::state_x_answer::probe;

/// The beginning of the first cell of a row, and the answers that the row describes.
type Rows = (&'static str, Vec<Answered>);
type Places = BTreeSet<String>;

/// Statuses of pages that anything between us and the service may write.
const POLL_PAGES: [u16; 12] = [302, 400, 401, 403, 404, 407, 408, 429, 500, 502, 503, 504];

pub(crate) fn polls_are_as_the_page_says(states: &[World<Claim>]) {
    let rows = [
        ("token", vec![json(200, r#"{"access_token":"ot_pat_1"}"#)]),
        (
            "pending, slow_down",
            vec![pending(), slow_down(), error(429, "slow_down"), error(200, "authorization_pending"), error(401, "SLOW_DOWN")],
        ),
        ("not sent", vec![refused(), unsent()]),
        ("lost", POLL_PAGES.map(html).into_iter().chain([lost(), cut(502, ""), error(401, "x"), error(403, "access_denied")]).collect()),
        ("2xx that cannot be read", vec![html(200), cut(200, "{"), json(200, "{}")]),
        ("expired_token", vec![error(400, "expired_token")]),
        ("access_denied", vec![error(400, "access_denied")]),
        ("invalid_grant", vec![invalid_grant()]),
        ("invalid_request, unsupported_grant_type", vec![error(400, "invalid_request"), error(400, "unsupported_grant_type")]),
        ("a code that the documents do not have", vec![error(400, "teapot")]),
    ];
    compare(states, &rows, &["Polling(Token)", "Polling(Start)"]);
}

pub(crate) fn codes_are_as_the_page_says(states: &[World<BadgeRegistration>]) {
    let rows = [
        ("badge", vec![badge()]),
        ("the code is wrong", vec![error(401, "x"), html(401), error(400, "invalid_otp")]),
        ("410 with a code", vec![error(410, "x")]),
        ("409, 503, lost, unreadable, redirect", vec![html(409), html(503), lost(), html(502), html(200), cut(200, "{"), html(302)]),
        ("another 4xx", vec![html(403), html(408), html(404), error(405, "x")]),
        ("too many attempts", vec![error(429, "too_many_attempts")]),
        ("429", vec![html(429)]),
        ("not sent: tries used up", vec![unsent()]),
    ];
    compare(states, &rows, &["HandingIn"; 3]);
}

/// All tries are used up at once, and waiting does not help.
fn unsent() -> Answered {
    failed(TransportKind::Tls, Delivery::NotSent)
}

/// `columns` are the states in flight. Those of one state are taken together.
fn compare<C: Harness>(states: &[World<C>], rows: &[Rows], columns: &[&str]) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/STATES.md")).unwrap();
    let (_, section) = page.split_once(&format!("({})\n", C::KIND)).unwrap();
    let table: Vec<Vec<&str>> = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1).map_while(cells).collect();
    let mut known = 0;
    for (label, answers) in rows {
        let mut moves = BTreeSet::new();
        states.iter().for_each(|state| probe(state, answers, &mut moves));
        for state in columns {
            let from = format!("{state}, in flight");
            let made: Places = moves.iter().filter(|(own, _)| *own == from).map(|(_, to)| (*to).to_owned()).collect();
            let said = said_of(&table, label, columns, state);
            assert_eq!(made, said, "{}: the effect of the answer {label} in {state}; the page is on the right", C::KIND);
        }
        known += table.iter().filter(|row| row[0].starts_with(label)).count();
    }
    assert_eq!(known, table.len(), "a row of the page has no answers here, or is listed twice");
}

fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix("| ")?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

/// The states that the rows with `label` give for `state`.
fn said_of(table: &[Vec<&str>], label: &str, columns: &[&str], state: &str) -> Places {
    let mut said = Places::new();
    // The cell of the first column in the row above.
    let mut above = Places::new();
    for row in table {
        let mut left = above.clone();
        for (index, (cell, column)) in row[1..].iter().zip(columns).enumerate() {
            left = places_in(cell, column, &left);
            if index == 0 {
                above.clone_from(&left);
            }
            if row[0].starts_with(label) && *column == state {
                said.extend(left.clone());
            }
        }
    }
    said
}

/// The states that a cell names. *The same* stands for the cell to the left, or in the first column for the cell above.
fn places_in(cell: &str, column: &str, same: &Places) -> Places {
    let mut places = Places::new();
    let again = cell.contains("the same code once more");
    if cell.contains("the same") && !again {
        places.extend(same.iter().map(|place| if place.ends_with(", waiting") { format!("{column}, waiting") } else { place.clone() }));
    }
    if again || cell.contains("wait on") {
        places.insert(format!("{column}, waiting"));
    }
    let words = [("Done(Ok)", "Done(Ok)"), ("Starting", "Starting, due"), ("AskingOtp", "AskingOtp")];
    places.extend(words.into_iter().filter(|(word, _)| cell.contains(word)).map(|(_, place)| place.to_owned()));
    let failures = cell.split('`').skip(1).step_by(2).filter(|word| word.starts_with(char::is_uppercase));
    places.extend(failures.map(|failure| format!("Done({failure})")));
    places
}
