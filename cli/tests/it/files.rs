//! The store as others see it: modes, damage, foreign files, no room.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::command;
use crate::world::{OWNER, POLL, START, World, ending, output_with, private_files, quick, settled};

/// The command behind a shell that prepares its surroundings.
pub(crate) fn in_shell(world: &World, prepare: &str, arguments: &[&str]) -> Command {
    let inner = command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{prepare}; exec \"$@\""), "sh"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    world.at_home(shell)
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for umask in ["000", "022", "077"] {
        let world = World::new();
        let run = |arguments: &[&str], stdin: &str| settled(output_with(in_shell(&world, &format!("umask {umask}"), arguments), stdin));
        run(&["register", "opentrain"], "");
        run(&["claim", "--email", OWNER, "--no-wait"], "");
        run(&["register", "sentryagent", "--manifest", &world.manifest(), "--yes", "--no-wait"], "");
        // Two locks, one credential, two flows, two journals.
        assert_eq!(private_files(world.home.path()).len(), 7);
        run(&["otp", "--otp-file", "-"], &world.sms_code());
        // A credential in the place of a flow and its journal.
        assert_eq!(private_files(world.home.path()).len(), 6);
    }
}

fn in_store(world: &World, name: &str) -> PathBuf {
    world.home.path().join("profiles/default/opentrain").join(name)
}

/// Every command that would read `path` refuses, names it, sends nothing and leaves it.
fn refused(world: &World, path: &Path) {
    let (before, requests) = (fs::read(path).unwrap(), world.sandbox.counts().requests);
    for arguments in [&["status"][..], &["claim", "--email", OWNER], &["register", "opentrain"]] {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "store_corrupt"), "{arguments:?} {document}");
        assert!(document["error"]["message"].as_str().unwrap().contains(path.to_str().unwrap()), "{document}");
    }
    assert_eq!((fs::read(path).unwrap(), world.sandbox.counts().requests), (before, requests));
}

#[test]
fn damaged_and_foreign_files_are_refused_and_left() {
    let world = World::registered(quick());
    world.json(&["claim", "--email", OWNER, "--no-wait"]);
    let flow = private_files(&in_store(&world, "flows"))[0].clone();
    let credential = in_store(&world, "credential.json");
    for path in [credential.clone(), flow] {
        if path == credential {
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            refused(&world, &path);
            fs::write(&path, "").unwrap();
            refused(&world, &path);
            fs::write(&path, &whole).unwrap();
        }
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        refused(&world, &path);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let elsewhere = world.desk.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        refused(&world, &path);
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        fs::remove_file(&path).unwrap();
        fs::rename(&elsewhere, &path).unwrap();
        assert_eq!(ending(&world.json(&["status"])), (0, ""));
    }
}

#[test]
fn a_home_that_cannot_be_written_to_is_reported_before_anything_is_sent() {
    let world = World::new();
    let file = world.desk.path().join("file");
    fs::write(&file, "").unwrap();
    for home in [file.as_path(), Path::new("/proc/enlist")] {
        let mut command = world.command(&["register", "opentrain"]);
        command.env("ENLIST_HOME", home);
        let document = settled(command.output().unwrap());
        assert_eq!(ending(&document), (9, "store_unwritable"), "{document}");
    }
    let mut homeless = world.command(&["register", "opentrain"]);
    homeless.env_remove("ENLIST_HOME").env_remove("HOME").env_remove("XDG_STATE_HOME");
    let document = settled(homeless.output().unwrap());
    assert_eq!(ending(&document), (9, "store_unwritable"));
    assert!(document["error"]["message"].as_str().unwrap().contains("ENLIST_HOME"));
    assert_eq!(world.sandbox.counts().requests, 0);
}

/// In blocks of 512 bytes: no byte, enough for the flow and not for the journal.
#[test]
fn a_full_disk_is_reported_before_anything_is_sent() {
    for blocks in [0, 16] {
        let world = World::new();
        let run = |arguments: &[&str]| settled(in_shell(&world, &format!("ulimit -f {blocks}"), arguments).output().unwrap());
        let document = run(&["register", "opentrain"]);
        assert_eq!((ending(&document), world.sandbox.counts().requests), ((9, "store_unwritable"), 0), "{blocks}: {document}");
        let manifest = world.manifest();
        let badge = ["register", "sentryagent", "--manifest", manifest.as_str(), "--yes", "--no-wait"];
        assert_eq!((ending(&run(&badge)), world.sandbox.counts().requests), ((9, "store_unwritable"), 0), "{blocks}");
        // Nothing is left that would stand in the way when there is room again.
        assert_eq!(ending(&world.json(&["register", "opentrain"])), (0, ""));
        assert_eq!((world.sandbox.counts().accounts, world.json(&["pending"])["data"]["pending"].as_array().unwrap().len()), (1, 0));
        let claim = run(&["claim", "--email", OWNER, "--no-wait"]);
        assert_eq!((ending(&claim), world.sent(START)), ((9, "store_unwritable"), 0));
        assert_eq!(ending(&world.json(&["claim", "--email", OWNER, "--no-wait"])), (0, ""));
    }
}

#[test]
fn a_disk_that_fills_up_before_a_poll_costs_nothing() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.type_code(&started["data"]);
    let with_room = |blocks: u32| settled(in_shell(&world, &format!("ulimit -f {blocks}"), &["resume"]).output().unwrap());
    assert_eq!((ending(&with_room(0)), world.sent(POLL)), ((9, "store_unwritable"), 0));
    // Room for the answer was reserved when the claim began, so there need be none for another journal now.
    assert_eq!((ending(&with_room(16)), world.sandbox.counts().tokens_delivered), ((0, ""), 1));
    private_files(world.home.path());
}

/// Root may write everywhere: where the tests are run by root, the command is run by nobody, from a copy that nobody can reach.
/// `None` where root cannot hand anything over to another user, as in some containers.
pub(crate) fn by_nobody(world: &World, arguments: &[&str]) -> Option<Command> {
    const NOBODY: u32 = 65534;
    let copy = world.desk.path().join("enlist");
    if fs::metadata(world.home.path()).unwrap().uid() == 0 {
        fs::copy(command(&[]).get_program(), &copy).unwrap();
        let owned = Command::new("chown").args(["-R", &NOBODY.to_string()]).args([world.home.path(), world.desk.path()]).status();
        if !owned.unwrap().success() {
            return None;
        }
    }
    if !copy.exists() {
        return Some(world.command(arguments));
    }
    let mut by_nobody = in_shell(world, &format!("shift; set -- '{}' \"$@\"", copy.display()), arguments);
    by_nobody.uid(NOBODY);
    Some(by_nobody)
}

#[test]
fn a_credential_that_could_not_be_kept_is_not_asked_for() {
    let world = World::registered(quick());
    let started = world.json(&["claim", "--email", OWNER, "--no-wait"]);
    world.type_code(&started["data"]);
    let folder = in_store(&world, "");
    let resumed = |mode| {
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        Some(settled(by_nobody(&world, &["resume", "--max-wait", "20s"])?.output().unwrap()))
    };
    let Some(refused) = resumed(0o500) else { return println!("not tested: there is no other user here") };
    assert_eq!((ending(&refused), world.sent(POLL)), ((9, "store_unwritable"), 0), "{refused}");
    assert_eq!((ending(&resumed(0o700).unwrap()), world.sandbox.counts().tokens_delivered), ((0, ""), 1));
}

/// A path need not be a text.
#[test]
fn a_home_of_any_bytes_is_the_one_that_is_meant() {
    let world = World::new();
    let named = world.desk.path().join(OsStr::from_bytes(b"home \xff\xfe"));
    let run = |variable: &str, arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env_remove("ENLIST_HOME").env_remove("XDG_STATE_HOME").env(variable, &named);
        settled(command.output().unwrap())
    };
    for (variable, home) in
        [("ENLIST_HOME", named.clone()), ("XDG_STATE_HOME", named.join("enlist")), ("HOME", named.join(".local/state/enlist"))]
    {
        assert_eq!(ending(&run(variable, &["register", "opentrain"])), (0, ""));
        let credential = home.join("profiles/default/opentrain/credential.json");
        fs::write(&credential, "{").unwrap();
        // Told in letters that everybody can print.
        let refused = run(variable, &["token", "opentrain", "--json"]);
        let path = credential.to_string_lossy();
        assert!(refused["error"]["message"].as_str().unwrap().contains(&*path) && path.contains('\u{fffd}'), "{refused}");
    }
    assert_eq!(fs::read_dir(world.desk.path()).unwrap().count(), 2);
}

/// With another working directory it would be another home, and another account.
#[test]
fn a_relative_home_is_refused_with_its_absolute_spelling() {
    let world = World::new();
    let here = world.desk.path().canonicalize().unwrap();
    for (home, absolute) in [("agent-home", here.join("agent-home")), ("~/agent-home", world.desk.path().join("agent-home"))] {
        for arguments in [&["register", "opentrain"][..], &["status"]] {
            let mut command = world.command(arguments);
            let document = settled(command.env("ENLIST_HOME", home).current_dir(&here).output().unwrap());
            assert_eq!(ending(&document), (64, "usage"), "{document}");
            assert!(document["error"]["hint"].as_str().unwrap().ends_with(absolute.to_str().unwrap()), "{document}");
        }
    }
    assert_eq!((world.sandbox.counts().requests, fs::read_dir(&here).unwrap().count()), (0, 1));
}

/// Read by a person or a script, never guessed.
#[test]
fn places_are_files_or_keyrings() {
    let world = World::new();
    for (arguments, variable) in [(&["status", "--store", "cloud"][..], ""), (&["status"], "cloud")] {
        let document = settled(world.command(arguments).env("ENLIST_STORE", variable).output().unwrap());
        assert_eq!(ending(&document), (64, "usage"), "{document}");
    }
    assert_eq!(ending(&settled(world.command(&["status"]).env("ENLIST_STORE", "file").output().unwrap())), (0, ""));
}

#[cfg(not(feature = "keyring"))]
#[test]
fn a_binary_without_a_keyring_says_so() {
    let world = World::new();
    for (arguments, variable) in [(&["register", "opentrain", "--store", "keyring"][..], ""), (&["register", "opentrain"], "keyring")] {
        let document = settled(world.command(arguments).env("ENLIST_STORE", variable).output().unwrap());
        assert_eq!(ending(&document), (64, "usage"), "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains("built without a keyring"), "{document}");
    }
    assert_eq!(world.sandbox.counts().requests, 0);
    // What another binary put there is not lost by this one.
    let file = world.home.path().join("profiles/default/opentrain/credential.json");
    assert_eq!(ending(&world.json_in(&["adopt", "opentrain", "--token-file", "-"], "ot_pat_1")), (0, ""));
    fs::write(&file, r#"{"format":"enlist-credential","version":1,"minor":0,"kind":"keyring","item":"7f3a0b12"}"#).unwrap();
    for arguments in [&["status"][..], &["token", "opentrain", "--json"], &["claim", "--email", OWNER], &["register", "opentrain"]] {
        let document = world.json(arguments);
        assert_eq!(ending(&document), (9, "store_corrupt"), "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains("built without a keyring"), "{document}");
    }
}

/// No keyring here: the session bus is nowhere.
#[cfg(feature = "keyring")]
#[test]
fn without_a_keyring_the_file_takes_the_credential() {
    let world = World::new();
    let mut command = world.command(&["register", "opentrain", "--store", "keyring"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/does/not/exist");
    let document = settled(command.output().unwrap());
    assert_eq!(ending(&document), (0, ""), "{document}");
    assert!(document["warnings"][0].as_str().unwrap().contains("kept in a file instead"), "{document}");
    assert!(world.token("opentrain").starts_with("ot_pat_"));
    private_files(world.home.path());
}
