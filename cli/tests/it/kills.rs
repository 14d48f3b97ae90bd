//! `kill -9` at chosen and at random moments, then `resume`.
//!
//! 20 kills; `ENLIST_KILLS=200 cargo test -p enlist --test it kills -- --nocapture` for the long form. It prints the counts.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use enlist_sandbox::{Action, Config};

use crate::world::{
    HAND_IN, OWNER, POLL, REGISTER, START, SUBMIT, TEXT, World, ending, holding, next, private_files, quick, settled, signal,
};

/// When the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// So many microseconds after its start.
    At(u64),
    /// When this request has been carried out by the service, and its answer is held back.
    Unanswered(&'static str),
    /// So many microseconds after this request was carried out: before, while or after its answer is written down.
    Answered(&'static str, u64),
}

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Register,
    /// The owner approves so many milliseconds after the start.
    Claim(u64),
    Badge,
    Otp,
}

/// What came of it in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Obtained,
    /// `credential_lost` was said.
    Lost,
    /// `answer_lost` was said, and nothing repeated without a word.
    Asked,
}

fn scenario(number: usize) -> (Victim, Moment) {
    // Any spread will do; the scheduler adds its own.
    let spread = |range: u64| (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17) % range;
    match number % 12 {
        0 => (Victim::Claim(0), Moment::Unanswered(POLL)),
        1 => (Victim::Claim(0), Moment::Answered(POLL, spread(1500))),
        2 => (Victim::Otp, Moment::Unanswered(HAND_IN)),
        3 => (Victim::Otp, Moment::Answered(HAND_IN, spread(1500))),
        4 => (Victim::Claim(0), Moment::Unanswered(START)),
        5 => (Victim::Claim(0), Moment::Answered(START, spread(1500))),
        6 => (Victim::Claim(2000), Moment::Unanswered(POLL)),
        7 => (Victim::Claim(1500), Moment::At(spread(3_000_000))),
        8 => (Victim::Otp, Moment::At(spread(30_000))),
        9 => (Victim::Badge, Moment::Unanswered(if number % 24 == 9 { TEXT } else { SUBMIT })),
        10 => (Victim::Register, Moment::Unanswered(REGISTER)),
        _ => (Victim::Claim(0), Moment::At(1_150_000 + spread(150_000))),
    }
}

#[test]
fn whatever_the_moment_nothing_is_lost_that_had_arrived() {
    let kills = std::env::var("ENLIST_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let (counter, ends) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<(&str, bool, End), usize>::new()));
    let work = || {
        loop {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            if number >= kills {
                return;
            }
            let (victim, moment) = scenario(number);
            let (had_arrived, end) = run(victim, moment);
            let name = match victim {
                Victim::Register => "register opentrain",
                Victim::Claim(_) => "claim",
                Victim::Badge => "register sentryagent",
                Victim::Otp => "otp",
            };
            *ends.lock().unwrap().entry((name, had_arrived, end)).or_default() += 1;
        }
    };
    thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(work))));
    for ((name, had_arrived, end), count) in ends.lock().unwrap().iter() {
        let arrived = if *had_arrived { "credential on disk when killed" } else { "" };
        println!("{name:<22}{:<10}{count:>4}  {arrived}", format!("{end:?}"));
    }
    assert_eq!(ends.lock().unwrap().values().sum::<usize>(), kills);
}

/// Whether the credential was on its way to its place when the process was killed, and what came of it in the end.
fn run(victim: Victim, moment: Moment) -> (bool, End) {
    let scenario = format!("{victim:?} {moment:?}");
    let approve = if let Victim::Claim(after) = victim { Some(Duration::from_millis(after)) } else { None };
    let world = World::with(Config { auto_approve: approve, ..quick() });
    if let Victim::Claim(_) = victim {
        assert_eq!(world.json(&["register", "opentrain"])["status"], "ready", "{scenario}");
    }
    if victim == Victim::Otp {
        world.json(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"]);
    }
    let pre_claim = matches!(victim, Victim::Claim(_)).then(|| world.token("opentrain"));
    let mut codes = kill(&world, victim, moment);
    let had_arrived = has_arrived(&world, pre_claim.as_deref());
    let end = recover(&world, victim, &mut codes, &scenario);

    codes.sort();
    codes.dedup();
    assert!(codes.len() <= 1, "{scenario}: the code changed: {codes:?}");
    let counts = world.sandbox.counts();
    assert!(counts.accounts <= 1 && counts.sms_sent <= 1 && counts.badges_issued <= 1, "{scenario}: {counts:?}");
    world.assert_pace(Duration::from_secs(1));
    let files = private_files(world.home.path());
    assert!(files.iter().all(|path| path.extension().is_none_or(|ending| ending != "tmp")), "{scenario}: {files:?}");
    if matches!(victim, Victim::Claim(_) | Victim::Otp) && end == End::Obtained {
        assert_eq!(files.iter().filter(|path| !path.ends_with("lock")).count(), 1, "{scenario}: {files:?}");
    }
    match (victim, end) {
        (Victim::Claim(_), End::Obtained) => {
            assert!(is_good(&world), "{scenario}");
            assert_eq!(holding(world.home.path(), &pre_claim.unwrap()), Vec::<PathBuf>::new(), "{scenario}");
        }
        (Victim::Claim(_), End::Lost) => assert!(counts.tokens_delivered == 1 && !had_arrived, "{scenario}"),
        (Victim::Otp, End::Lost) => assert!(counts.badges_issued == 1 && !had_arrived, "{scenario}"),
        (Victim::Otp | Victim::Badge | Victim::Register, End::Obtained) => {}
        (Victim::Register | Victim::Badge, End::Asked) => {}
        other => panic!("{scenario}: {other:?}"),
    }
    (had_arrived, end)
}

/// Whether the one-time credential is in the journal, or in the flow that took it in. The flow of a claim has the token before the claim,
/// too.
fn has_arrived(world: &World, pre_claim: Option<&str>) -> bool {
    let is_on_its_way = |path: &&Path| ["/journal/", "/flows/"].iter().any(|folder| path.to_string_lossy().contains(folder));
    let files = private_files(world.home.path());
    files.iter().map(PathBuf::as_path).filter(is_on_its_way).any(|path| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).replace(pre_claim.unwrap_or("eyJ-none"), "");
        ["ot_pat_", "eyJ"].iter().any(|credential| text.contains(credential))
    })
}

/// Starts the victim, kills it at the moment, and gives the code that it had shown.
fn kill(world: &World, victim: Victim, moment: Moment) -> Vec<String> {
    if let Moment::Unanswered(path) = moment {
        world.script(path, Action::Delay { ms: 1500 });
    }
    let manifest = world.manifest();
    let otp = world.desk.path().join("otp");
    let child = match victim {
        Victim::Register => world.start(&["register", "opentrain"]),
        Victim::Claim(_) => world.start(&["claim", "--email", OWNER, "--max-wait", "60s"]),
        Victim::Badge => world.start(&["register", "sentryagent", "--manifest", &manifest, "--yes"]),
        Victim::Otp => {
            std::fs::write(&otp, world.sms_code()).unwrap();
            world.start(&["otp", "--otp-file", otp.to_str().unwrap()])
        }
    };
    match moment {
        Moment::At(microseconds) => thread::sleep(Duration::from_micros(microseconds)),
        Moment::Unanswered(path) => world.await_sent(path, 1),
        Moment::Answered(path, microseconds) => {
            world.await_closely(path, Duration::from_micros(50));
            thread::sleep(Duration::from_micros(microseconds));
        }
    }
    end(child)
}

fn end(child: Child) -> Vec<String> {
    // It may have come to its end by itself.
    signal(&child, "KILL");
    let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    stderr.lines().filter_map(|line| line.trim().strip_prefix("2  Enter code  ")).map(str::to_owned).collect()
}

/// What a person or an agent does next, until there is nothing more to do.
fn recover(world: &World, victim: Victim, codes: &mut Vec<String>, scenario: &str) -> End {
    let manifest = world.manifest();
    let again: &[&str] = match victim {
        Victim::Register => &["register", "opentrain"],
        Victim::Claim(_) => &["claim", "--email", OWNER, "--max-wait", "20s"],
        Victim::Badge | Victim::Otp => &["register", "sentryagent", "--manifest", &manifest, "--yes"],
    };
    let mut document = world.json(&["resume", "--max-wait", "20s"]);
    for _ in 0..5 {
        codes.extend(document["data"]["user_code"].as_str().map(str::to_owned));
        document = match (ending(&document), document["data"]["awaiting"].as_str()) {
            ((0, _), _) | ((10, _), _) => return End::Obtained,
            ((4, "credential_lost"), _) => return End::Lost,
            ((4, "answer_lost"), _) => {
                // It is said again and again, and nothing is sent.
                let requests = world.sandbox.counts().requests;
                assert_eq!((ending(&world.json(again)).1, next(&document)[2].as_str()), ("answer_lost", "--again"), "{scenario}");
                assert_eq!(world.sandbox.counts().requests, requests, "{scenario}");
                return End::Asked;
            }
            ((8, _), Some("profile")) => world.json(&["resume", "--yes"]),
            ((8, _), Some("otp")) => world.json_in(&["otp", "--otp-file", "-"], &world.sms_code()),
            ((8, _), _) => world.json(&["resume", "--max-wait", "20s"]),
            // Killed before anything was written down, or after all was done.
            ((64, _), _) => world.json(again),
            other => panic!("{scenario}: {other:?} {document}"),
        };
    }
    panic!("{scenario}: no end: {document}")
}

/// Whether the token that was obtained is one that the service knows.
fn is_good(world: &World) -> bool {
    let token = settled(world.command(&["token", "opentrain", "--json"]).output().unwrap())["data"]["token"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(world.sandbox.addr()).unwrap();
    let head = format!("GET /api/public/v1/auth/me HTTP/1.1\r\nhost: {}\r\nconnection: close", world.sandbox.addr());
    write!(stream, "{head}\r\nauthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200 ")
}
