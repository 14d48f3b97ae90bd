//! Every state survives being saved, and version 1 stays readable for good.
//!
//! `golden/v1` contains one file for each state. Files are added (`ENLIST_WRITE_GOLDEN=1 cargo test -p enlist-core --test it snapshots`
//! writes the missing ones) and never edited.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::*;
use enlist_core::badge::{BadgeRegistration, RegistrationAnswer};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::secret::{Email, Otp};
use enlist_core::{Ceremony, CeremonyKind, Delivery, Failure, Input, ResumeError, Service, Snapshot, Step, TransportKind};

fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// Collects the states of all machines and checks each.
struct Gallery {
    seen: BTreeSet<String>,
}

impl Gallery {
    /// Runs `bench` as far as it goes, and checks its state.
    fn at<C: Ceremony + std::fmt::Debug>(&mut self, name: &str, mut bench: Bench<C>) {
        bench.run_on();
        self.check(name, &bench, true);
    }

    /// Checks a state that contains a one-time code, which the snapshot leaves out.
    fn but_for_the_code<C: Ceremony + std::fmt::Debug>(&mut self, name: &str, mut bench: Bench<C>) {
        bench.run_on();
        self.check(name, &bench, false);
    }

    /// Begins a request and checks the state in which its answer is awaited.
    fn in_flight<C: Ceremony + std::fmt::Debug>(&mut self, name: &str, mut bench: Bench<C>, same: bool) {
        assert_eq!(bench.run_on(), Stop::ScriptEnded, "{name}");
        bench.begin();
        self.check(name, &bench, same);
    }

    /// Checks the state after `poke`.
    fn poked<C: Ceremony + std::fmt::Debug>(&mut self, name: &str, mut bench: Bench<C>, poke: impl FnOnce(&mut Bench<C>)) {
        poke(&mut bench);
        self.check(name, &bench, true);
    }

    fn check<C: Ceremony + std::fmt::Debug>(&mut self, name: &str, bench: &Bench<C>, same: bool) {
        assert!(self.seen.insert(format!("{name}.json")), "{name} twice");
        let json = bench.ceremony.snapshot().to_json();
        let path = golden_dir().join(format!("{name}.json"));
        if !path.exists() && std::env::var_os("ENLIST_WRITE_GOLDEN").is_some() {
            std::fs::create_dir_all(golden_dir()).unwrap();
            std::fs::write(&path, json.expose()).unwrap();
        }
        let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(String::from_utf8_lossy(&golden), json.expose(), "{name}: the stored form has changed, which needs a new version");
        let snapshot = Snapshot::from_json(&golden).unwrap();
        assert_eq!(snapshot, bench.ceremony.snapshot(), "{name}");
        let resumed = C::resume(&snapshot).unwrap();
        assert_eq!(resumed.poll(bench.now), bench.ceremony.poll(bench.now), "{name}: the next step differs");
        if same {
            assert_eq!(resumed, bench.ceremony, "{name}");
        }
    }
}

fn otp() -> RegistrationAnswer {
    RegistrationAnswer::Otp(Otp::parse("123456").unwrap())
}

fn sentry(answers: impl IntoIterator<Item = Answered>, humans: impl IntoIterator<Item = RegistrationAnswer>) -> Bench<BadgeRegistration> {
    Bench::new(sentry_registration(), answers).answering(humans)
}

fn poll_once<C: Ceremony>(bench: &mut Bench<C>) {
    let Step::Send = bench.ceremony.poll(bench.now) else { panic!("no request is due") };
    let answer = bench.next_answer();
    bench.exchange(answer);
}

#[test]
fn every_state_survives_being_saved() {
    let mut gallery = Gallery { seen: BTreeSet::new() };
    enrolment_states(&mut gallery);
    claim_states(&mut gallery);
    registration_states(&mut gallery);
    failures(&mut gallery);
    let files: BTreeSet<_> =
        std::fs::read_dir(golden_dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, gallery.seen, "a golden file has no state");
}

fn enrolment_states(gallery: &mut Gallery) {
    let named = || {
        let label = |text| Some(enlist_core::claim::Label::parse(text).unwrap());
        Enrolment::new(opentrain(), label("build-bot"), label("Acme"))
    };
    gallery.at("enrolment.due", Bench::new(named(), []));
    gallery.in_flight("enrolment.in_flight", Bench::new(named(), []), true);
    gallery.poked("enrolment.waiting", Bench::new(enrolment(), [refused()]), poll_once);
    gallery.at("enrolment.asking", Bench::new(enrolment(), [lost()]));
    gallery.at("enrolment.asking_kept", Bench::new(enrolment(), [html(200)]));
    gallery.at("enrolment.registered", Bench::new(enrolment(), [registered()]));
    gallery.at("enrolment.failed", Bench::new(enrolment(), [error(403, "anonymous_not_enabled")]));
}

fn claim_states(gallery: &mut Gallery) {
    gallery.at("claim.start_due", Bench::new(claim(), []));
    gallery.in_flight("claim.start_in_flight", Bench::new(claim(), []), true);
    gallery.poked("claim.start_waiting", Bench::new(claim(), [refused()]), poll_once);
    gallery.poked("claim.announcing", Bench::new(claim(), [started()]), poll_once);
    gallery.poked("claim.waiting", Bench::new(claim(), [started()]), |bench| {
        poll_once(bench);
        bench.handle(Input::Notified);
    });
    gallery.at("claim.poll_due", waiting_claim([pending()]));
    gallery.at("claim.slowed_down", waiting_claim([slow_down(), slow_down()]));
    gallery.at("claim.busy", waiting_claim([with_headers(503, &[("retry-after", "30")], "Service Unavailable")]));
    gallery.in_flight("claim.poll_in_flight", waiting_claim([pending()]), true);
    gallery.in_flight("claim.poll_in_flight_may_be_delivered", waiting_claim([lost()]), true);
    gallery.at("claim.unreadable", waiting_claim([html(200), cut(200, "{\"access_tok")]));
    let damaged_token = || cut(200, r#"{"access_token":"ot_pat_9b1c_POSTCLAIMPOSTCLAIM44ef","to"#);
    gallery.at("claim.candidate", waiting_claim([damaged_token(), lost()]));
    gallery.at("claim.claimed_unconfirmed", waiting_claim([damaged_token(), lost(), lost(), lost()]));
    gallery.at("claim.not_sent", waiting_claim([failed(TransportKind::Dns, Delivery::NotSent)]));
    gallery.at("claim.before_second_start", Bench::new(claim(), [lost()]));
    gallery.in_flight("claim.before_second_start_in_flight", Bench::new(claim(), [lost()]), true);
    gallery.at("claim.second_start_due", Bench::new(claim(), [lost(), pending()]));
    let mut waiting = waiting_claim([pending()]);
    waiting.run_on();
    let other = waiting.ceremony.restart(Email::parse("other@example.com").unwrap()).unwrap();
    gallery.at("claim.before_restart", Bench::new(other, []));
    gallery.at("claim.claimed", waiting_claim([delivered()]));
}

fn registration_states(gallery: &mut Gallery) {
    let ok = RegistrationAnswer::ProfileOk;
    gallery.at("registration.submit_due", sentry([], []));
    gallery.in_flight("registration.submit_in_flight", sentry([], []), true);
    gallery.poked("registration.submit_waiting", sentry([lost()], []), poll_once);
    gallery.at("registration.asking_profile", sentry([submitted()], []));
    gallery.at("registration.sms_due", sentry([submitted()], [ok.clone()]));
    gallery.in_flight("registration.sms_in_flight", sentry([submitted()], [ok.clone()]), true);
    gallery.at("registration.asking_sms", sentry([submitted(), lost()], [ok.clone()]));
    gallery.at("registration.asking_otp", sentry([submitted(), texted()], [ok.clone()]));
    let damaged_badge = || cut(200, r#"{"badge":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJkaWQ6c2VudHJ5YWdlbnQ6YWJjMTIzIn0.QkFER0VTSUdOQVRVUkU","#);
    gallery.but_for_the_code(
        "registration.registered_unconfirmed",
        sentry([submitted(), texted(), damaged_badge(), lost()], [ok.clone(), otp()]),
    );
    gallery.at("registration.asking_otp_rejected", sentry([submitted(), texted(), error(401, "invalid_otp")], [ok.clone(), otp()]));
    // No snapshot contains the code, so the machine differs, but the next step does not.
    gallery.but_for_the_code("registration.asking_otp_lost", sentry([submitted(), texted(), lost(), html(200)], [ok.clone(), otp()]));
    gallery.in_flight("registration.otp_in_flight", sentry([submitted(), texted()], [ok.clone(), otp()]), false);
    gallery.at("registration.registered", sentry([submitted(), texted(), badge()], [ok, otp()]));
}

/// One finished claim or registration for each kind of failure.
fn failures(gallery: &mut Gallery) {
    let over = || Bench::new(claim(), [error(400, "invalid_request")]);
    gallery.poked("failed.window_expired", over(), |bench| {
        bench.now = START.after(Duration::from_secs(100_000));
        poll_once(bench);
    });
    gallery.at("failed.denied", waiting_claim([error(400, "access_denied")]));
    gallery.at("failed.attempt_expired_by_service", waiting_claim([lost(), error(400, "expired_token")]));
    gallery.at("failed.attempt_expired_by_our_clock", waiting_claim(std::iter::repeat_with(pending).take(300)));
    gallery.at("failed.email_already_registered", Bench::new(claim(), [error(400, "email_already_registered")]));
    gallery.at("failed.claim_token_spent", waiting_claim([invalid_grant()]));
    gallery.at("failed.rejected", waiting_claim([error(400, "unsupported_grant_type")]));
    gallery.at("failed.rate_limited", Bench::new(claim(), [with_headers(429, &[("retry-after", "90")], "{}")]));
    gallery.at("failed.gave_up_network", Bench::new(claim(), [refused(), refused(), refused()]));
    gallery.at("failed.gave_up_busy", Bench::new(claim(), [html(503), pending(), html(503), pending(), html(503)]));
    gallery.at("failed.redirect", Bench::new(claim(), [html(302)]));
    gallery.at("failed.missing_field", Bench::new(claim(), [json(200, r#"{"user_code":"1"}"#)]));
    gallery.at("failed.bad_field", Bench::new(claim(), [json(200, r#"{"user_code":1,"verification_uri":"x","expires_in":1}"#)]));
    gallery.at(
        "failed.foreign_origin",
        Bench::new(claim(), [json(200, r#"{"user_code":"1","verification_uri":"https://evil.example/","expires_in":1}"#)]),
    );
    gallery.at("failed.echo_mismatch", sentry([json(200, r#"{"manifest_session_id":"1","public_profile":{"agent_name":"Mallory"}}"#)], []));
    gallery.at("failed.credential_lost", waiting_claim([lost(), invalid_grant()]));
    gallery.at("failed.credential_unreadable", waiting_claim([html(200), invalid_grant()]));
    gallery
        .but_for_the_code("failed.badge_lost", sentry([submitted(), texted(), lost(), html(401)], [RegistrationAnswer::ProfileOk, otp()]));
    gallery.at("failed.session_expired", sentry([submitted(), error(410, "session_expired")], [RegistrationAnswer::ProfileOk]));
    gallery.but_for_the_code(
        "failed.session_expired_may_be_delivered",
        sentry(
            [submitted(), texted(), lost(), lost(), error(410, "session_expired")],
            [RegistrationAnswer::ProfileOk, otp(), RegistrationAnswer::SmsAgain],
        ),
    );
    gallery.at(
        "failed.otp_tries_used_up",
        sentry([submitted(), texted(), error(429, "too_many_attempts")], [RegistrationAnswer::ProfileOk, otp()]),
    );
}

#[test]
fn a_journaled_answer_found_on_resume_is_used() {
    let mut bench = waiting_claim([pending()]);
    bench.run_on();
    let exchange = bench.begin();
    let mut resumed = bench.restarted();
    assert_eq!(resumed.poll(bench.now), Step::InFlight(exchange.id));
    resumed.handle(bench.now, Input::answered(exchange.id, delivered())).unwrap();
    let Step::Done(Ok(token)) = resumed.poll(bench.now) else { panic!() };
    assert_eq!(token.access_token().hint(), "ot_pat_…44ef");
}

#[test]
fn without_a_journal_the_exchange_counts_as_lost() {
    let mut bench = waiting_claim([pending()]);
    bench.run_on();
    bench.begin();
    bench.ceremony = bench.restarted();
    bench.then([invalid_grant()]);
    assert_eq!(bench.run(), Err(Failure::CredentialLost { service: Service::OpenTrain }));
}

#[test]
fn after_a_crash_the_code_is_typed_again_and_an_sms_needs_consent() {
    let mut bench = sentry([submitted()], [RegistrationAnswer::ProfileOk]);
    bench.run_on();
    bench.begin();
    bench.ceremony = bench.restarted();
    assert_eq!(bench.run_on(), Stop::Asked);
    assert!(format!("{:?}", bench.prompts.last()).contains("SmsAgain"));

    let mut bench = sentry([submitted(), texted()], [RegistrationAnswer::ProfileOk, otp()]);
    bench.run_on();
    bench.begin();
    bench.ceremony = bench.restarted();
    assert_eq!(bench.run_on(), Stop::Asked);
    assert!(format!("{:?}", bench.prompts.last()).contains("Interrupted"));
    // A refusal then proves that the code had been accepted.
    let mut bench = bench.answering([otp()]);
    bench.then([html(401)]);
    assert_eq!(bench.run(), Err(Failure::CredentialLost { service: Service::SentryAgent }));
}

#[test]
fn a_code_waiting_to_be_sent_again_is_in_no_snapshot() {
    let mut bench = sentry([submitted(), texted(), html(503)], [RegistrationAnswer::ProfileOk, otp()]);
    for _ in 0..3 {
        while !matches!(bench.ceremony.poll(bench.now), Step::Send | Step::Wait { .. }) {
            let Step::Ask(_) = bench.ceremony.poll(bench.now) else { panic!() };
            bench.answer_next();
        }
        poll_once(&mut bench);
    }
    assert!(matches!(bench.ceremony.poll(bench.now), Step::Wait { .. }));
    let json = bench.ceremony.snapshot().to_json();
    assert!(!json.expose().contains("123456"));
    let resumed = BadgeRegistration::resume(&Snapshot::from_json(json.expose().as_bytes()).unwrap()).unwrap();
    assert!(format!("{:?}", resumed.poll(bench.now)).contains("Interrupted"));
}

fn claimed_json() -> String {
    std::fs::read_to_string(golden_dir().join("claim.poll_in_flight.json")).unwrap()
}

#[test]
fn an_invalid_snapshot_is_refused() {
    let good = claimed_json();
    let resume = |json: &str| Snapshot::from_json(json.as_bytes()).and_then(|snapshot| Claim::resume(&snapshot).map(|_| ()));
    assert_eq!(resume(&good), Ok(()));
    let edit = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        resume(&good.replacen(from, to, 1)).unwrap_err()
    };
    assert_eq!(edit(r#""version":1"#, r#""version":2"#), ResumeError::Newer { version: 2, minor: 0 });
    assert_eq!(edit("enlist-snapshot", "other-snapshot"), ResumeError::NotASnapshot { line: 0, column: 0 });
    assert_eq!(edit("https://app.opentrain.ai/api/agent/oauth/token", "https://evil.example/"), ResumeError::Invalid { what: "endpoint" });
    assert_eq!(
        edit(r#""origin":"https://app.opentrain.ai"#, r#""origin":"http://app.opentrain.ai"#),
        ResumeError::Invalid { what: "origin" }
    );
    assert_eq!(edit("https://app.opentrain.ai/claim?token=", "https://evil.example/claim?token="), ResumeError::Invalid { what: "link" });
    assert_eq!(edit(r#""interval":5,"slowed""#, r#""interval":0,"slowed""#), ResumeError::Invalid { what: "pace" });
    assert_eq!(edit(r#""in_flight":{"id":3"#, r#""in_flight":{"id":9"#), ResumeError::Invalid { what: "exchange ids" });
    assert_eq!(edit(r#""ceremony":"claim""#, r#""ceremony":"other""#), ResumeError::Invalid { what: "ceremony" });
    assert_eq!(edit(r#""unreadable":[]"#, r#""unreadable":[7]"#), ResumeError::Invalid { what: "exchange ids" });
    let endpoint = format!("https://app.opentrain.ai/{}", "a".repeat(70_000));
    assert_eq!(edit("https://app.opentrain.ai/api/agent/oauth/token", &endpoint), ResumeError::Invalid { what: "endpoint" });
    let without_notice = good.replace(&good[good.find(r#""shown":{"#).unwrap()..good.find(r#","at":"#).unwrap()], r#""shown":null"#);
    assert_eq!(resume(&without_notice), Err(ResumeError::Invalid { what: "notice" }));
    assert_eq!(edit(r#""may_be_delivered":false"#, r#""may_be_delivered":false,"extra":1"#), ResumeError::Invalid { what: "members" });
    assert_eq!(edit(r#""minor":0,"#, ""), ResumeError::Unreleased);
    assert_eq!(edit(r#""dialect":"opentrain""#, r#""dialect":"other""#), ResumeError::Invalid { what: "dialect" });
    assert_eq!(edit(r#""origins":["https://app"#, r#""origins":["https://foreign"#), ResumeError::Invalid { what: "endpoint" });
    let snapshot = Snapshot::from_json(good.as_bytes()).unwrap();
    assert_eq!(
        Enrolment::resume(&snapshot).unwrap_err(),
        ResumeError::OtherCeremony { expected: CeremonyKind::Enrolment, found: CeremonyKind::Claim }
    );
}

/// Values that people see and values that limit a wait are checked again, because a file may have been edited.
#[test]
fn a_snapshot_contains_nothing_that_an_answer_could_not() {
    let edited = |name: &str, from: &str, to: &str| {
        let json = std::fs::read_to_string(golden_dir().join(format!("{name}.json"))).unwrap();
        assert!(json.contains(from), "{name}: {from}");
        Snapshot::from_json(json.replace(from, to).as_bytes()).unwrap()
    };
    let claim = |name, from, to| Claim::resume(&edited(name, from, to));
    let registration = |name, from, to| BadgeRegistration::resume(&edited(name, from, to)).unwrap_err();
    let invalid = |what| ResumeError::Invalid { what };
    assert_eq!(claim("claim.claimed", "jobs:read", r"\u001b[2J").unwrap_err(), invalid("scopes"));
    assert_eq!(claim("claim.waiting", r#""gap_ms":6000"#, r#""gap_ms":9999999"#).unwrap_err(), invalid("wait"));
    assert_eq!(registration("registration.asking_otp", "+…0006", r"\u001b[2J"), invalid("phone"));
    assert_eq!(registration("registration.asking_profile", "My AI Agent", r"a\u0007"), invalid("profile"));
    assert_eq!(registration("registration.asking_profile", "web-search", r"\u0007"), invalid("profile"));
    assert_eq!(registration("registration.otp_in_flight", r#""in_flight":{"id":3}"#, r#""due":null"#), invalid("one-time code"));
    let endless = claim("claim.waiting", r#""expires_at":1781256600000"#, r#""expires_at":9223372036854775807"#).unwrap();
    assert_eq!(endless.notice().unwrap().expires_at, START.after(Duration::from_secs(86_400)));
}

/// Every golden file, as the next minor of enlist could write it.
fn newer_files() -> impl Iterator<Item = (String, String)> {
    golden_files().map(|(name, json)| (name, json.replacen(r#""minor":0,"#, r#""minor":1,"#, 1)))
}

fn golden_files() -> impl Iterator<Item = (String, String)> {
    let dirs = [golden_dir(), golden_dir().with_file_name("v1_rotation")];
    let entries = dirs.into_iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|entry| entry.unwrap().path());
    entries.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()))
}

/// Peeks and resumes a snapshot of any ceremony.
fn looked_at(snapshot: &Snapshot) -> (Result<(), ResumeError>, Result<(), ResumeError>) {
    fn of<C: Ceremony>(snapshot: &Snapshot) -> (Result<(), ResumeError>, Result<(), ResumeError>) {
        (C::peek(snapshot).map(drop), C::resume(snapshot).map(drop))
    }
    match snapshot.kind() {
        CeremonyKind::Enrolment => of::<Enrolment>(snapshot),
        CeremonyKind::Claim => of::<Claim>(snapshot),
        CeremonyKind::BadgeRegistration => of::<BadgeRegistration>(snapshot),
        CeremonyKind::BadgeRotation => of::<enlist_core::badge::BadgeRotation>(snapshot),
    }
}

#[test]
fn a_newer_minor_can_be_peeked_and_never_resumed() {
    let newer = ResumeError::Newer { version: 1, minor: 1 };
    for (name, json) in newer_files() {
        let with_more = json.replacen(r#""last_id""#, r#""new_member":{"a":[1]},"last_id""#, 1);
        assert_ne!(with_more, json, "{name}");
        for json in [&json, &with_more] {
            let snapshot = Snapshot::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(snapshot.is_newer(), "{name}");
            assert_eq!(looked_at(&snapshot), (Ok(()), Err(newer.clone())), "{name}");
        }
    }
}

#[test]
fn a_file_that_only_a_newer_version_can_read_is_newer_and_not_damaged() {
    let newer = ResumeError::Newer { version: 1, minor: 1 };
    let read = |json: &str| Snapshot::from_json(json.as_bytes()).and_then(|snapshot| looked_at(&snapshot).0);
    for (name, json) in newer_files() {
        let at = json.rfind(r#""at":{"#).unwrap() + r#""at":{"#.len();
        let unknown_state = format!("{}\"new_{}", &json[..at], &json[at + 1..]);
        assert_eq!(read(&unknown_state), Err(newer.clone()), "{name}");
        let unknown_ceremony = json.replacen(r#""ceremony":""#, r#""ceremony":"new_"#, 1);
        assert_eq!(read(&unknown_ceremony), Err(newer.clone()), "{name}");
        if !name.contains("/claim.") && !name.contains("/enrolment.") {
            continue;
        }
        // An example of an invariant that a newer version may change: the state is pinned to the origin in the envelope.
        let elsewhere = json.replacen(r#""origin":"https://"#, r#""origin":"https://other."#, 1);
        assert_eq!(read(&elsewhere), Err(newer.clone()), "{name}");
    }
    for (name, json) in golden_files() {
        let version = json.replacen(r#""version":1,"#, r#""version":2,"#, 1);
        assert_eq!(read(&version), Err(ResumeError::Newer { version: 2, minor: 0 }), "{name}");
    }
}

/// The stored shapes of a minor never change. An added member, variant or word raises `MINOR`, and `ENLIST_WRITE_GOLDEN=1` writes the new
/// shapes down. Those of an earlier minor stay unchanged.
#[test]
fn an_addition_to_the_stored_shapes_raises_the_minor() {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/snapshot/v1");
    let mut files: Vec<_> = std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<Vec<_>>();
    let minor = texts.iter().find_map(|text| text.split_once("const MINOR: u32 = ")?.1.split_once(';')).unwrap().0;
    let shapes = texts.iter().flat_map(|text| stored_shapes(text)).collect::<Vec<_>>().join("\n\n") + "\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/shapes.1.{minor}.txt"));
    if !path.exists() && std::env::var_os("ENLIST_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &shapes).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let changed = shapes.lines().zip(frozen.lines()).find(|(now, before)| now != before);
    assert!(frozen == shapes, "the stored shapes have changed: raise MINOR in snapshot/v1/mod.rs (the first change: {changed:?})");
}

/// The types in a source that are read from files, without their comments and without who may use them.
fn stored_shapes(text: &str) -> Vec<String> {
    let text = ["pub(crate) ", "pub(super) ", "pub "].into_iter().fold(text.to_owned(), |text, word| text.replace(word, ""));
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let starts = code.iter().enumerate().filter(|(_, line)| line.starts_with("#[derive(") && line.contains("Deserialize"));
    starts.map(|(at, _)| code[at..].iter().take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>().join("\n")).collect()
}

#[test]
fn a_shape_is_found_with_its_variants() {
    let found = stored_shapes(
        "use x;\n\n#[derive(Clone, Deserialize)]\npub(crate) enum At {\n    // why\n    Due,\n    Gone { id: u64 },\n}\n\nimpl At {}\n",
    );
    assert_eq!(found, ["#[derive(Clone, Deserialize)]\nenum At {\n    Due,\n    Gone { id: u64 },\n}"]);
}

#[test]
fn a_damaged_snapshot_causes_no_panic_and_is_not_quoted_in_an_error() {
    let good = claimed_json().into_bytes();
    let resume = |bytes: &[u8]| Snapshot::from_json(bytes).and_then(|snapshot| Claim::resume(&snapshot).map(|_| ()));
    for length in 0..good.len() {
        let error = resume(&good[..length]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ot_"), "{error}");
    }
    let mut refused = 0;
    for at in 0..good.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= bit;
            if let Err(error) = resume(&bytes) {
                refused += 1;
                assert!(!format!("{error} {error:?}").contains("ot_"), "{error}");
            }
        }
    }
    assert!(refused > good.len(), "{refused}");
}
