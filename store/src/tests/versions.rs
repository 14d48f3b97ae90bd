//! Files of other versions: newer ones are only read, unreleased ones are refused, and neither is changed.

use super::*;

struct Full {
    folder: TempDir,
    store: ServiceStore,
    flow: FlowRecord,
}

impl Full {
    /// With a file of each kind.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let session = store.lock().unwrap();
        let (enrolment, exchange) = in_flight();
        let then_claim = Some(Email::parse("owner@example.com").unwrap());
        let mut flow = session.begin_with(&enrolment, Intent { argv: vec!["register".to_owned()], then_claim }).unwrap();
        flow.prepare(&enrolment, &exchange).unwrap();
        session.keep(&Credential::Unclaimed(Box::new(enrolled()))).unwrap();
        home(&folder).use_profile(&ProfileName::default()).unwrap();
        let flow = flow.flow().clone();
        Self { folder, store, flow }
    }

    fn home(&self) -> Home {
        home(&self.folder)
    }

    fn choice_path(&self) -> PathBuf {
        self.folder.path().join("profiles/.used")
    }

    fn paths(&self) -> [PathBuf; 3] {
        [self.store.flow_path(self.flow.name()), self.store.credential_path(), self.choice_path()]
    }

    /// What reading each of the three files gives.
    fn read(&self) -> [Result<(), StoreError>; 3] {
        let flows = self.store.flows().and_then(|flows| match flows.refused.into_iter().next() {
            Some(refused) => Err(refused),
            None => {
                assert_eq!(flows.readable.len() + flows.damaged.len(), 1);
                Ok(())
            }
        });
        let credential = self.store.credential().map(|credential| assert!(credential.is_some()));
        [flows, credential, self.home().used_profile().map(|used| assert_eq!(used, Some(ProfileName::default())))]
    }

    /// What changing each of the three files gives. Whoever changes the first two takes the lock first.
    fn change(&self) -> [Result<(), StoreError>; 3] {
        let locked = || self.store.lock().map(drop);
        [locked(), locked(), self.home().use_profile(&ProfileName::default())]
    }
}

/// Changes the text of a file while `look` is at it, which must leave it alone.
fn with(path: &Path, edit: impl Fn(&str) -> String, look: impl Fn()) {
    let whole = fs::read_to_string(path).unwrap();
    let edited = edit(&whole);
    assert_ne!(edited, whole);
    fs::write(path, &edited).unwrap();
    look();
    assert_eq!(fs::read_to_string(path).unwrap(), edited);
    fs::write(path, whole).unwrap();
}

fn replaced<'a>(old: &'a str, new: &'a str) -> impl Fn(&str) -> String + 'a {
    move |whole| {
        assert!(whole.contains(old), "{whole}");
        whole.replacen(old, new, 1)
    }
}

fn newer(path: &Path) -> Result<(), StoreError> {
    Err(StoreError::Newer { path: path.to_owned() })
}

#[test]
fn a_file_of_a_greater_minor_is_read_and_not_changed() {
    let full = Full::new();
    for (at, path) in full.paths().iter().enumerate() {
        with(path, replaced(r#""minor":0,"#, r#""minor":1,"added_later":[{}],"#), || {
            assert_eq!(full.read(), [Ok(()), Ok(()), Ok(())]);
            assert_eq!(full.change()[at], newer(path));
        });
    }
    assert_eq!(full.change(), [Ok(()), Ok(()), Ok(())]);
}

#[test]
fn a_newer_flow_says_so() {
    let full = Full::new();
    let path = full.store.flow_path(full.flow.name());
    let flow = || full.store.flows().unwrap().readable.remove(0);
    assert!(!flow().is_newer());
    with(&path, replaced(r#""minor":0,"#, r#""minor":1,"#), || {
        assert!(flow().is_newer());
        assert_eq!(flow().record(), &full.flow);
    });
}

/// The minor of the snapshot inside counts as well.
#[test]
fn a_newer_snapshot_makes_its_file_newer() {
    let full = Full::new();
    for (at, path) in full.paths()[..2].iter().enumerate() {
        let raised = |whole: &str| {
            let (before, snapshot) = whole.split_once(r#"{"format":"enlist-snapshot","version":1,"minor":"#).unwrap();
            let (minor, after) = snapshot.split_once(',').unwrap();
            let minor = minor.parse::<u32>().unwrap() + 1;
            format!(r#"{before}{{"format":"enlist-snapshot","version":1,"minor":{minor},"added_later":[],{after}"#)
        };
        with(path, raised, || {
            assert_eq!((full.read(), &full.change()[at]), ([Ok(()), Ok(()), Ok(())], &newer(path)));
        });
        with(path, replaced(r#""enlist-snapshot","version":1"#, r#""enlist-snapshot","version":2"#), || {
            assert_eq!((&full.read()[at], &full.change()[at]), (&newer(path), &newer(path)));
        });
    }
}

#[test]
fn what_cannot_be_read_of_a_newer_file_is_not_damaged() {
    let full = Full::new();
    let greater = |edit: &'static str| move |whole: &str| whole.replacen(r#""version":1,"minor":0,"#, edit, 1);
    for (at, path) in full.paths().iter().enumerate() {
        with(path, greater(r#""version":2,"minor":0,"#), || {
            assert_eq!((&full.read()[at], &full.change()[at]), (&newer(path), &newer(path)));
        });
        let member = ["\"snapshot\":", "\"kind\":", "\"profile\":"][at];
        with(
            path,
            |whole| greater(r#""version":1,"minor":1,"#)(&whole.replacen(member, "\"renamed\":", 1)),
            || {
                assert_eq!((&full.read()[at], &full.change()[at]), (&newer(path), &newer(path)));
                assert_eq!(full.store.flows().unwrap().damaged, []);
            },
        );
    }
}

#[test]
fn a_flow_of_a_ceremony_that_came_later_is_newer() {
    let full = Full::new();
    let path = full.store.flow_path(full.flow.name());
    let later = path.with_file_name("ado_00c0ffee.json");
    fs::rename(&path, &later).unwrap();
    with(&later, replaced(full.flow.name(), "ado_00c0ffee"), || {
        assert_eq!((full.read()[0].as_ref(), full.change()[0].as_ref()), (newer(&later).as_ref(), newer(&later).as_ref()));
    });
}

#[test]
fn a_member_that_is_unknown_at_our_own_minor_is_damage() {
    let full = Full::new();
    for (at, path) in full.paths().iter().enumerate() {
        with(path, replaced(r#""minor":0,"#, r#""minor":0,"added_later":[{}],"#), || match at {
            0 => assert_eq!(full.store.flows().unwrap().damaged.len(), 1),
            _ => assert_eq!(corrupt(full.read()[at].as_ref().unwrap_err()), *path),
        });
    }
}

/// The formats that were in use before the first release.
#[test]
fn what_an_unreleased_version_wrote_is_refused_and_left() {
    let full = Full::new();
    let unreleased = |path: &Path| Err(StoreError::Unreleased { path: path.to_owned() });
    let old = [
        r#"{"v":1,"flow":"enr_00000001","begun_by":["register","opentrain"],"snapshot":{"format":"enlist-snapshot","version":1}}"#,
        r#"{"v":1,"credential":{"token":{"base_url":"https://app.opentrain.ai","access_token":"t","scopes":[],"adopted":true}}}"#,
        "default\n",
    ];
    for (at, path) in full.paths().iter().enumerate() {
        with(
            path,
            |_| old[at].to_owned(),
            || {
                assert_eq!((&full.read()[at], &full.change()[at]), (&unreleased(path), &unreleased(path)));
            },
        );
    }
    let kept = full.store.folder.join("kept");
    fs::create_dir(&kept).unwrap();
    assert_eq!(full.read(), [unreleased(&kept), unreleased(&kept), Ok(())]);
    assert_eq!(full.change(), [unreleased(&kept), unreleased(&kept), Ok(())]);
    assert!(kept.exists());
}

#[test]
fn a_profile_with_something_newer_is_neither_renamed_nor_removed() {
    let full = Full::new();
    let (default, other) = (ProfileName::default(), ProfileName::parse("other").unwrap());
    for path in &full.paths()[..2] {
        with(path, replaced(r#""minor":0,"#, r#""minor":1,"#), || {
            assert_eq!(full.home().lock_profile(&default, &[ServiceKey::OPENTRAIN]).map(drop), newer(path));
        });
    }
    let path = full.choice_path();
    with(&path, replaced(r#""minor":0,"#, r#""minor":1,"#), || {
        let locked = || full.home().lock_profile(&default, &[ServiceKey::OPENTRAIN]).unwrap();
        assert_eq!(locked().rename(&other), newer(&path));
        assert_eq!(locked().remove().map(drop), newer(&path));
        assert!(full.home().has_profile(&default) && !full.home().has_profile(&other));
    });
}

#[test]
fn a_damaged_choice_is_mended_by_the_next_one() {
    let full = Full::new();
    fs::write(full.choice_path(), "{").unwrap();
    assert!(full.home().used_profile().unwrap_err().to_string().contains("enlist profile use"));
    full.home().use_profile(&ProfileName::parse("other").unwrap()).unwrap();
    assert_eq!(full.home().used_profile().unwrap().unwrap().as_str(), "other");
}
