mod journal;
mod versions;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use enlist_core::secret::{Badge, Email, PersonalToken};
use enlist_core::{Delivery, Exchange, Input, Origin, Partial, Step, Timestamp, TransportFailure, TransportKind};
use http::Response;
use serde_json::json;
use tempfile::TempDir;

use enlist_core::Ceremony;
use enlist_core::claim::Enrolment;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_781_254_800_000);
const ANSWER: &str = r#"{"access_token":"ot_pat_1_pre","claim_token":"ot_clm_2","scopes":["jobs:read"]}"#;

fn store(home: &TempDir) -> Store {
    Store::of(home.path(), &ProfileName::default(), &ServiceKey::OPENTRAIN)
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
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
    let (enrolment, exchange) = in_flight();
    let mut flow = Flow::start(&enrolment, vec!["register".to_owned()]).unwrap();
    store.prepare(&mut flow, enrolment.snapshot(), &exchange).unwrap();
    store.write_answer(&flow, &exchange, &Ok(answer(200, ANSWER))).unwrap();
    Profiles::of(home.path()).choose(&ProfileName::default()).unwrap();
    store.save_credential(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let modes = modes(&home.path().join(PROFILES));
    assert!(modes.len() >= 10, "{modes:?}");
    for (path, mode) in modes {
        assert_eq!(mode & 0o777, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_flow_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
    assert_eq!(store.flows().unwrap(), []);
    let flow = Flow::start(&in_flight().0, vec!["register".to_owned(), "opentrain".to_owned()]).unwrap();
    assert!(Flow::is_name(&flow.name));
    store.save_flow(&flow).unwrap();
    assert_eq!(store.flows().unwrap(), std::slice::from_ref(&flow));
    store.remove_flow(&flow.name).unwrap();
    store.remove_flow(&flow.name).unwrap();
    assert_eq!(store.flows().unwrap(), []);
}

#[test]
fn a_free_profile_has_a_name_that_can_be_given() {
    let home = tempfile::tempdir().unwrap();
    let longest = "p".repeat(64);
    let longest = ProfileName::parse(&longest).unwrap();
    let free = || Store::free_profile(home.path(), &longest).to_string();
    assert_eq!(free(), "p".repeat(62) + "-2");
    for _ in 2..12 {
        fs::create_dir_all(home.path().join(PROFILES).join(free())).unwrap();
    }
    assert_eq!((free(), free().len()), ("p".repeat(61) + "-12", 64));
    assert_eq!(Store::free_profile(home.path(), &ProfileName::default()).as_str(), "default-2");
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
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
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
        store.save_credential(&credential).unwrap();
        assert_eq!(store.credential().unwrap(), Some(credential));
    }
    let left: Vec<_> = modes(home.path()).into_iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "tmp")).collect();
    assert_eq!(left, []);
}

/// Byte by byte: what is read is refused or is what was written, and nothing is touched.
#[test]
fn a_damaged_file_is_refused_with_its_path_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
    store.save_credential(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
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
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
    let [damaged, other] = [(), ()].map(|()| Flow::start(&in_flight().0, Vec::new()).unwrap());
    for flow in [&damaged, &other] {
        store.save_flow(flow).unwrap();
    }
    let path = store.flow_path(&damaged.name);
    damage(&path, |is_cut| {
        let names: Vec<_> = store.damaged_flows().unwrap().into_iter().map(|damaged| damaged.name).collect();
        assert!(names == [damaged.name.as_str()] || (names.is_empty() && !is_cut), "{names:?}");
        assert_eq!(store.flows().unwrap().len(), 2 - names.len());
        assert!(store.flows().unwrap().contains(&other));
    });
    assert_eq!(store.damaged_flows().unwrap(), []);
}

#[test]
fn another_hands_files_are_refused_and_left() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let _lock = store.lock().unwrap();
    let path = store.credential_path();
    let saved = || store.save_credential(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
    let refused = || assert_eq!(corrupt(&store.credential().unwrap_err()), path);

    saved();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    refused();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);

    saved();
    fs::hard_link(&path, home.path().join("twin")).unwrap();
    refused();

    let elsewhere = home.path().join("elsewhere");
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

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    drop(store.lock().unwrap());
    for folder in [home.path().join(PROFILES), store.profile_folder.clone(), store.folder.clone()] {
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
        let error = Store::of(home, &ProfileName::default(), &ServiceKey::OPENTRAIN).lock().unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    }
}

#[test]
fn the_second_learns_who_is_first() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let first = store.lock().unwrap();
    assert_eq!(store.lock().unwrap_err(), StoreError::Locked { holder: Some(std::process::id()) });
    // Another service, another profile: another lock.
    let profile = ProfileName::parse("other").unwrap();
    Store::of(home.path(), &ProfileName::default(), &ServiceKey::SENTRYAGENT).lock().unwrap();
    Store::of(home.path(), &profile, &ServiceKey::OPENTRAIN).lock().unwrap();
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
