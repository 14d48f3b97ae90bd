//! `docs/STATES.md` lists every move of the machines. The moves in many worlds must be exactly those on the page.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use enlist_core::TransportKind;
use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::testing::{
    BadgesReading, Fate, Harness, Manner, Op, OpenTrainReading, Owner, Reply, SentryAgentReading, Words, World, ops,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::state_tables::{codes_are_as_the_page_says, polls_are_as_the_page_says};
use crate::state_x_answer::{DAMAGED, answers, probe, shape};

const SCRIPTS: usize = 100;

type Moves = BTreeMap<String, BTreeSet<String>>;

/// The moves of written scripts, which cover every known move, and of random scripts with a fixed seed, which may find another one, and the
/// effect of every answer in each state on their way. Returns the states too.
fn moves_of<C: Harness>(readings: &[C::Reading], written: &[Vec<Op>]) -> (Moves, Vec<World<C>>) {
    let mut runner = TestRunner::deterministic();
    let (mut moves, mut shapes, mut states, answers) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), answers());
    let drawn = (0..SCRIPTS).map(|_| ops(40).new_tree(&mut runner).unwrap().current());
    for (index, script) in drawn.chain(written.iter().cloned()).enumerate() {
        let mut world = World::<C>::new(readings[index % readings.len()]).unwrap().hasty().watched();
        for op in &script {
            if shapes.insert(shape(&world)) {
                probe(&world, &answers, &mut moves);
                states.push(world.clone());
            }
            world.apply(op).unwrap();
        }
        world.finish().unwrap();
        moves.extend(world.moves());
    }
    let mut by_state = Moves::new();
    for (from, to) in moves {
        by_state.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    (by_state, states)
}

/// The rows `| from | to · to · ... |` under the heading `### Every move of <name>`.
fn moves_in_the_page(name: &str) -> Moves {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/STATES.md")).unwrap();
    let heading = format!("### Every move of {name}\n");
    let (_, after) = page.split_once(&heading).unwrap_or_else(|| panic!("the page has no {heading}"));
    let section = after.split("\n#").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.filter(|(from, _)| *from != "from").map(|(from, to)| (from.to_owned(), to.split(" · ").map(str::to_owned).collect())).collect()
}

/// Compares the moves, and returns the states that were reached.
fn compare<C: Harness>(readings: &[C::Reading], written: &[Vec<Op>]) -> Vec<World<C>> {
    let ((made, states), page) = (moves_of::<C>(readings, written), moves_in_the_page(C::KIND.as_str()));
    let rows = |moves: &Moves| {
        moves.iter().map(|(from, to)| format!("| {from} | {} |\n", to.iter().cloned().collect::<Vec<_>>().join(" · "))).collect::<String>()
    };
    assert!(made == page, "docs/STATES.md and the code differ. The page has\n{}\nand the code does\n{}", rows(&page), rows(&made));
    states
}

fn exchange(manner: Manner) -> Op {
    Op::Exchange { manner, fate: Fate::Answered, ms: 0 }
}

fn lost() -> Op {
    Op::Exchange { manner: Manner::Honest, fate: Fate::RequestLost, ms: 0 }
}

fn busy() -> Op {
    exchange(Manner::Busy { retry_after: None })
}

fn says(status: u16, body: &str) -> Op {
    exchange(Manner::Says(Words { status, retry_after: String::new(), body: body.into() }))
}

#[test]
fn the_page_has_every_move_of_the_enrolment_and_no_other() {
    let written = [
        vec![says(403, r#"{"error":"anonymous_not_enabled"}"#)],
        vec![lost(), Op::Reply(Reply::AsAsked), busy(), exchange(Manner::Honest)],
    ];
    compare::<Enrolment>(&[OpenTrainReading::default()], &written);
}

#[test]
fn the_page_has_every_move_of_the_claim_and_no_other() {
    let readings = ["expired_token", "invalid_grant", "authorization_pending"];
    let readings = readings.map(|expired| OpenTrainReading { expired, life: 60, ..Default::default() });
    let honest = || exchange(Manner::Honest);
    let taken = || says(400, r#"{"error":"invalid_request","error_description":"email_already_registered"}"#);
    let late = || Op::Jump { ms: 90_000_000 };
    let written = [
        vec![says(403, r#"{"error":"anonymous_not_enabled"}"#)],
        vec![late(), says(400, r#"{"error":"invalid_request"}"#), Op::Restart],
        vec![taken(), Op::Restart],
        vec![honest(), Op::Restart, honest(), taken(), Op::Restart],
        vec![honest(), Op::Restart, honest(), says(302, ""), Op::Restart],
        vec![honest(), Op::Restart, honest(), busy(), Op::Restart],
        vec![busy(), Op::Restart],
        vec![says(302, ""), Op::Restart],
        vec![honest(), says(400, r#"{"error":"unsupported_grant_type"}"#), Op::Restart],
        vec![honest(), says(400, r#"{"error":"access_denied"}"#), Op::Restart],
        vec![honest(), says(400, r#"{"error":"invalid_grant"}"#), Op::Restart],
        vec![honest(), lost(), says(400, r#"{"error":"invalid_grant"}"#), Op::Restart],
        vec![honest(), says(200, "<html>"), says(400, r#"{"error":"invalid_grant"}"#), Op::Restart],
        vec![honest(), says(400, r#"{"error":"expired_token"}"#), Op::Restart],
        vec![honest(), Op::Wait { late_ms: 90_000 }, honest(), Op::Restart],
        vec![exchange(Manner::TooMany { retry_after: None }), Op::Restart],
        vec![honest(), Op::Restart, honest(), exchange(Manner::TooMany { retry_after: None }), Op::Restart],
        vec![says(401, r#"{"error":"x"}"#), Op::Restart],
        vec![honest(), says(401, r#"{"error":"x"}"#), Op::Restart],
        vec![lost(), honest(), lost(), honest(), lost(), Op::Restart],
        [vec![honest(), Op::Notified, Op::Wait { late_ms: 90_000 }], (0..8).map(|_| lost()).collect(), vec![Op::Restart]].concat(),
        vec![honest(), late(), says(400, r#"{"error":"expired_token"}"#)],
        vec![honest(), Op::Restart, late(), says(400, r#"{"error":"expired_token"}"#)],
        vec![honest(), Op::Restart, says(400, r#"{"error":"access_denied"}"#)],
        vec![honest(), Op::Restart, says(200, "<html>"), says(400, r#"{"error":"invalid_grant"}"#)],
        vec![honest(), Op::Restart, lost(), says(400, r#"{"error":"invalid_grant"}"#)],
        vec![honest(), Op::Restart, says(302, "")],
        vec![honest(), Op::Restart, says(401, r#"{"error":"x"}"#)],
        vec![honest(), Op::Owner(Owner::Approves), Op::Restart, honest()],
        [vec![honest(), Op::Restart], (0..8).map(|_| lost()).collect()].concat(),
    ];
    polls_are_as_the_page_says(&compare::<Claim>(&readings, &written));
}

#[test]
fn the_page_has_every_move_of_the_registration_and_no_other() {
    let readings = [410, 401, 200].map(|used| SentryAgentReading { used, ..Default::default() });
    let honest = || exchange(Manner::Honest);
    let yes = || Op::Reply(Reply::AsAsked);
    let texted = || vec![honest(), yes(), honest(), yes()];
    let garbled = || exchange(Manner::Garbled);
    let written = [
        [texted(), vec![garbled(), says(410, r#"{"error":"gone"}"#)]].concat(),
        [texted(), vec![lost(), says(410, r#"{"error":"gone"}"#)]].concat(),
        [texted(), vec![says(302, "")]].concat(),
        vec![busy(), honest(), yes(), busy(), honest(), yes()],
        vec![honest(), yes(), lost(), yes(), honest(), yes()],
        [texted(), vec![says(422, r#"{"error":"x"}"#)]].concat(),
        vec![honest(), yes(), says(422, r#"{"error":"x"}"#)],
    ];
    codes_are_as_the_page_says(&compare::<BadgeRegistration>(&readings, &written));
}

#[test]
fn the_page_has_every_move_of_the_rotation_and_no_other() {
    let readings = [401, 410].map(|dead| BadgesReading { dead });
    let honest = || exchange(Manner::Honest);
    let silence = |after: Op| [vec![honest(), after], (0..5).map(|_| lost()).collect()].concat();
    let written = [
        [silence(lost()), vec![Op::Reply(Reply::AsAsked)]].concat(),
        [silence(busy()), vec![Op::Reply(Reply::AsAsked)]].concat(),
        vec![lost(), lost(), lost()],
        vec![honest(), Op::Exchange { manner: Manner::Honest, fate: Fate::NotSent(TransportKind::Connect), ms: 0 }, honest()],
        vec![honest(), says(401, r#"{"error":"invalid_badge"}"#), honest()],
        vec![honest(), says(429, "")],
        vec![honest(), says(302, "")],
        vec![honest(), says(400, r#"{"error":"x"}"#)],
        vec![honest(), exchange(Manner::Garbled)],
        vec![honest(), says(200, DAMAGED[2]), honest()],
    ];
    compare::<BadgeRotation>(&readings, &written);
}
