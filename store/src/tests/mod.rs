mod full_disk;
mod journal;
mod recovery;
mod rescue;
mod versions;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use enlist_core::claim::Enrolment;
use enlist_core::secret::{Badge, Email, PersonalToken};
use enlist_core::{AsyncStore, ExchangeResult, Inline, Store};
use enlist_core::{Ceremony, Delivery, Exchange, Input, Origin, Partial, Step, Timestamp, TransportFailure, TransportKind};
use http::Response;
use rustix::io::Errno;
use serde_json::json;
use tempfile::TempDir;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);
const ANSWER: &str = r#"{"access_token":"ot_pat_1_pre","claim_token":"ot_clm_2","scopes":["jobs:read"]}"#;

fn home(folder: &TempDir) -> Home {
    Home::at(folder.path()).unwrap()
}

fn store(folder: &TempDir) -> ServiceStore {
    home(folder).profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN)
}

/// An enrolment in flight, and its exchange.
fn in_flight() -> (Enrolment, Exchange) {
    let mut enrolment = Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None);
    let exchange = enrolment.begin(NOW).unwrap();
    (enrolment, exchange)
}

fn enrolled() -> Enrolment {
    let (mut enrolment, exchange) = in_flight();
    enrolment.handle(NOW, Input::Response { id: exchange.id, response: answer(200, ANSWER) }).unwrap();
    assert!(matches!(enrolment.poll(NOW), Step::Done(Ok(_))));
    enrolment
}

fn answer(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder().status(status).header("content-type", "application/json").body(body.as_bytes().to_vec()).unwrap()
}

fn corrupt(error: &StoreError) -> PathBuf {
    match error {
        StoreError::Corrupt { path, .. } | StoreError::Exposed { path, .. } => path.clone(),
        other => panic!("{other}"),
    }
}

/// Every file below `folder` and its mode, folders first.
fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = vec![(folder.to_owned(), fs::symlink_metadata(folder).unwrap().mode())];
    if folder.is_dir() {
        found.extend(fs::read_dir(folder).unwrap().flat_map(|entry| modes(&entry.unwrap().path())));
    }
    found
}

#[test]
fn everything_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let (enrolment, exchange) = in_flight();
    let mut flow = session.begin(&enrolment).unwrap();
    flow.prepare(&enrolment, &exchange).unwrap();
    flow.journal(&exchange, &Ok(answer(200, ANSWER))).unwrap();
    home(&folder).use_profile(&ProfileName::default()).unwrap();
    session.keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let modes = modes(&folder.path().join("profiles"));
    assert!(modes.len() >= 10, "{modes:?}");
    for (path, mode) in modes {
        assert_eq!(mode & 0o777, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_flow_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    assert_eq!(session.flows().unwrap(), []);
    let intent =
        Intent { argv: vec!["register".to_owned(), "opentrain".to_owned()], then_claim: Some(Email::parse("owner@example.com").unwrap()) };
    let flow = session.begin_with(&in_flight().0, intent).unwrap();
    assert!(Flow::is_name(flow.flow().name()) && session.store().has_flow(flow.flow().name()));
    let flows = session.flows().unwrap();
    assert_eq!(flows.iter().map(Flow::record).collect::<Vec<_>>(), [flow.flow()]);
    let (record, ceremony) = flows[0].clone().into_parts();
    assert_eq!(ceremony, AnyCeremony::Enrolment(in_flight().0));
    assert_eq!(session.resume(record).unwrap().flow(), flow.flow());
    for _ in 1..=2 {
        session.remove_flow(flow.flow().name()).unwrap();
        assert_eq!(session.flows().unwrap(), []);
    }
}

/// Both transports take it, and an async drive with it can move between threads.
#[test]
fn a_flow_is_kept_from_async_programs_too() {
    fn is_async_store<S: AsyncStore + Send + 'static>(_: &S) {}
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let flow = Inline(session.begin(&in_flight().0).unwrap());
    is_async_store(&flow);
    // The lock is held for as long as the flow's store is there.
    drop(session);
    assert!(matches!(store(&folder).lock(), Err(StoreError::Locked { .. })));
    drop(flow);
    store(&folder).lock().unwrap();
}

#[test]
fn a_home_is_absolute() {
    for relative in ["", "home", "./home", "~/home"] {
        assert_eq!(Home::at(relative), Err(StoreError::RelativeHome { path: relative.into() }));
    }
}

#[test]
fn a_free_profile_has_a_name_that_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let longest = ProfileName::parse(&"p".repeat(64)).unwrap();
    let free = || home(&folder).free_profile(&longest).to_string();
    assert_eq!(free(), "p".repeat(62) + "-2");
    for _ in 2..12 {
        fs::create_dir_all(folder.path().join("profiles").join(free())).unwrap();
    }
    assert_eq!((free(), free().len()), ("p".repeat(61) + "-12", 64));
    assert_eq!(home(&folder).free_profile(&ProfileName::default()).as_str(), "default-2");
}

#[test]
fn a_profile_is_renamed_and_removed_with_its_choice() {
    let folder = tempfile::tempdir().unwrap();
    let (home, services) = (home(&folder), [ServiceKey::OPENTRAIN, ServiceKey::SENTRYAGENT]);
    let [old, new] = ["old", "new"].map(|name| ProfileName::parse(name).unwrap());
    home.profile(&old).service(&ServiceKey::OPENTRAIN).lock().unwrap().keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    home.use_profile(&old).unwrap();
    home.lock_profile(&old, &services).unwrap().rename(&new).unwrap();
    assert_eq!((home.profiles().unwrap(), home.used_profile().unwrap()), (vec![new.clone()], Some(new.clone())));
    assert!(home.profile(&new).service(&ServiceKey::OPENTRAIN).credential().unwrap().is_some());
    let held = home.profile(&new).service(&ServiceKey::SENTRYAGENT).lock().unwrap();
    assert!(matches!(home.lock_profile(&new, &services).map(drop), Err(StoreError::Locked { .. })));
    drop(held);
    assert_eq!(home.lock_profile(&new, &services).unwrap().remove(), Ok(Vec::new()));
    assert_eq!((home.profiles().unwrap(), home.used_profile().unwrap()), (Vec::new(), None));
}

#[test]
fn names_of_flows() {
    for bad in ["", "clm", "clm_", "clm_1234567", "clm_123456789", "abc_12345678", "clm_1234567g", "../clm_12345678", "clm_12345678/"] {
        assert!(!Flow::is_name(bad), "{bad}");
    }
    assert!(Flow::is_name("reg_00c0ffee"));
}

#[test]
fn credentials_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let store = session.store();
    assert_eq!(store.credential().unwrap(), None);
    let base_url = "https://app.opentrain.ai".to_owned();
    let credentials = [
        Credential::Unclaimed(Box::new(enrolled())),
        Credential::Token {
            base_url: base_url.clone(),
            token: PersonalToken::parse("ot_pat_9_post").unwrap(),
            scopes: vec!["a".to_owned()],
            adopted: true,
        },
        Credential::Badge { base_url, badge: Badge::parse("eyJ.a.b").unwrap(), did: None, public_profile: json!({"agent_name": "x"}) },
    ];
    for credential in credentials {
        session.keep(&credential).unwrap();
        assert_eq!(store.credential().unwrap(), Some(credential));
    }
    let left: Vec<_> =
        modes(folder.path()).into_iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "tmp")).collect();
    assert_eq!(left, []);
}

/// Byte by byte: what is read is refused or is what was written, and nothing is touched.
#[test]
fn a_damaged_file_is_refused_with_its_path_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let store = session.store();
    session.keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let path = store.credential_path();
    damage(&path, |is_cut| match store.credential() {
        Err(error) => assert_eq!(corrupt(&error), path),
        Ok(_) => assert!(!is_cut),
    });
    store.credential().unwrap();
}

/// `looked` at with each damage; whether it is a cut is said. In the end it is whole again.
fn damage(path: &Path, looked: impl Fn(bool)) {
    let whole = fs::read(path).unwrap();
    for end in 0..whole.len() {
        fs::write(path, &whole[..end]).unwrap();
        looked(true);
        assert_eq!(fs::read(path).unwrap(), whole[..end]);
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(path, &flipped).unwrap();
        looked(false);
    }
    fs::write(path, &whole).unwrap();
}

#[test]
fn a_damaged_flow_is_known_as_one_and_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let [damaged, other] = [(), ()].map(|()| session.begin(&in_flight().0).unwrap().flow().name().to_owned());
    damage(&session.store().flow_path(&damaged), |is_cut| {
        let flows = session.store().flows().unwrap();
        let names: Vec<_> = flows.damaged.iter().map(|damaged| damaged.name.as_str()).collect();
        // A digit of the minor can become a greater one.
        assert!(names == [damaged.as_str()] || (names.is_empty() && !is_cut), "{names:?}");
        assert_eq!(flows.readable.len() + flows.refused.len(), 2 - names.len());
        assert!(flows.readable.iter().any(|flow| flow.name() == other));
    });
    assert_eq!(session.store().flows().unwrap().damaged, []);
}

#[test]
fn another_hands_files_are_refused_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let session = store(&folder).lock().unwrap();
    let store = session.store();
    let path = store.credential_path();
    let saved = || session.keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let refused = || assert_eq!(corrupt(&store.credential().unwrap_err()), path);

    saved();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    refused();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);

    saved();
    fs::hard_link(&path, folder.path().join("twin")).unwrap();
    refused();

    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    refused();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused();
    fs::remove_dir(&path).unwrap();
    fs::write(&path, vec![b' '; 1024 * 1024 + 1]).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    refused();
}

/// Opening a named pipe would wait for whoever writes to it.
#[test]
fn a_named_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    drop(store.lock().unwrap());
    let (credential, lock) = (store.credential_path(), store.folder.join("lock"));
    let flow = store.flow_path("enr_00000001");
    fs::create_dir_all(files::parent(&flow)).unwrap();
    let used = home.path().join("profiles/.used");
    for path in [&credential, &flow, &used] {
        pipe(path);
    }
    assert_eq!(corrupt(&store.credential().unwrap_err()), credential);
    assert_eq!(corrupt(&store.flows().unwrap().refused[0]), flow);
    assert_eq!(corrupt(&self::home(&home).used_profile().unwrap_err()), used);
    fs::remove_file(&lock).unwrap();
    pipe(&lock);
    assert_eq!(corrupt(&store.lock().unwrap_err()), lock);
    assert!(files::open_foreign(&credential).unwrap_err().to_string().contains("regular file"));
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success());
}

/// What the operating system says about opening and reading tells nothing about the bytes.
#[test]
fn a_file_that_cannot_be_read_now_is_not_called_damaged() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    store.lock().unwrap().keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let path = store.credential_path();
    for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO, Errno::ACCESS, Errno::STALE] {
        let error = files::not_opened(&path, &errno.into());
        assert!(matches!(error, StoreError::Unreadable { .. }), "{errno}: {error}");
        assert!(matches!(StoreError::unreadable(&path, &errno.into()), StoreError::Unreadable { .. }));
    }
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[1..]).unwrap();
    assert!(matches!(store.credential().unwrap_err(), StoreError::Corrupt { .. }));
}

/// The file is replaced before its folder is synced, and must not say afterwards that a request was sent.
#[test]
fn a_request_that_could_not_be_prepared_is_not_in_flight() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let session = store.lock().unwrap();
    let new = Enrolment::new(Origin::parse("https://app.opentrain.ai").unwrap(), None, None);
    let mut flow = session.begin(&new).unwrap();
    let (enrolment, exchange) = in_flight();
    files::tests::break_next_sync();
    let error = flow.prepare(&enrolment, &exchange).unwrap_err();
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    let on_disk = &store.flows().unwrap().readable[0];
    assert_eq!((flow.flow().snapshot().in_flight(), on_disk.record().snapshot()), (None, &new.snapshot()));
}

#[test]
fn a_home_in_which_others_can_write_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    for mode in [0o777, 0o770, 0o722] {
        fs::set_permissions(home.path(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(corrupt(&store.lock().unwrap_err()), home.path());
        assert_eq!(corrupt(&self::home(&home).use_profile(&ProfileName::default()).unwrap_err()), home.path());
        assert!(!home.path().join("profiles").exists());
    }
    for mode in [0o1777, 0o755, 0o700] {
        fs::set_permissions(home.path(), Permissions::from_mode(mode)).unwrap();
        drop(store.lock().unwrap());
    }
}

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    drop(store.lock().unwrap());
    for folder in [home.path().join("profiles"), store.profile_folder.clone(), store.folder.clone()] {
        fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
        assert_eq!(corrupt(&store.lock().unwrap_err()), folder);
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    }
    drop(store.lock().unwrap());
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    for home in [file.as_path(), Path::new("/proc/enlist")] {
        let home = Home::at(home).unwrap();
        let error = home.profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN).lock().unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    }
}

#[test]
fn the_second_learns_who_is_first() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let first = store.lock().unwrap();
    assert_eq!(store.lock().map(drop).unwrap_err(), StoreError::Locked { holder: Some(std::process::id()) });
    // Another service, another profile: another lock.
    let profile = ProfileName::parse("other").unwrap();
    Home::at(home.path()).unwrap().profile(&ProfileName::default()).service(&ServiceKey::SENTRYAGENT).lock().unwrap();
    Home::at(home.path()).unwrap().profile(&profile).service(&ServiceKey::OPENTRAIN).lock().unwrap();
    drop(first);
    store.lock().unwrap();
}

#[test]
fn what_was_half_written_is_swept_away() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    drop(store.lock().unwrap());
    let half = store.folder.join(".credential.json.4242.tmp");
    fs::write(&half, "ot_pat_1_pre").unwrap();
    drop(store.lock().unwrap());
    assert!(!half.exists());
}
