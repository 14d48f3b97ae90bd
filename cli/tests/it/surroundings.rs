//! Surroundings that are not as they should be: pipes in the place of files, homes that are anybody's, files that cannot be read now.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::files::{by_nobody, in_shell};
use crate::run::told;
use crate::world::{OWNER, POLL, World, ending, quick, settled};

fn pipe_at(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap().success());
}

/// Opening a named pipe would wait for somebody at its other end, and be deaf to signals.
#[test]
fn a_named_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let world = World::new();
    let pipe = world.desk.path().join("pipe");
    pipe_at(&pipe);
    let pipe = pipe.to_str().unwrap();
    for (arguments, is_sent) in [
        (&["register", "opentrain", "--ca-file", pipe][..], false),
        (&["register", "opentrain", "--log-file", pipe], false),
        (&["status", "--log-file", pipe], false),
    ] {
        let document = world.json(arguments);
        assert_eq!((ending(&document), world.sandbox.counts().requests > 0), ((64, "usage"), is_sent), "{arguments:?}");
        assert!(document["error"]["message"].as_str().unwrap().contains("a regular file"), "{document}");
    }
    let tools_file = world.desk.path().join(".config/opentrain/cli.json");
    pipe_at(&tools_file);
    let imported = world.json(&["profile", "import", "opentrain"]);
    assert!(imported["error"]["message"].as_str().unwrap().contains("a regular file"), "{imported}");
    for name in ["credential.json", "flows/clm_00000001.json"] {
        let path = world.home.path().join("profiles/default/opentrain").join(name);
        world.json(&["register", "opentrain"]);
        let _ = fs::remove_file(&path);
        pipe_at(&path);
        assert_eq!(ending(&world.json(&["status"])), (9, "store_corrupt"), "{name}");
        fs::remove_file(&path).unwrap();
    }
    pipe_at(&world.home.path().join("profiles/.used"));
    assert_eq!(ending(&world.json(&["status"])), (9, "store_corrupt"));
}

#[test]
fn a_file_that_cannot_be_read_now_is_not_called_damaged() {
    let world = World::registered(quick());
    let credential = world.home.path().join("profiles/default/opentrain/credential.json");
    fs::set_permissions(&credential, Permissions::from_mode(0o0)).unwrap();
    let Some(mut token) = by_nobody(&world, &["token", "opentrain", "--json"]) else {
        return println!("not tested: there is no other user here");
    };
    let refused = settled(token.output().unwrap());
    assert_eq!((ending(&refused), &refused["error"]["retryable"]), ((9, "store_unreadable"), &json!(true)), "{refused}");
    assert!(!refused["error"]["hint"].as_str().unwrap().contains("move"), "{refused}");
    fs::set_permissions(&credential, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(ending(&settled(token.output().unwrap())), (0, ""));
}

/// Each working directory would have another identity otherwise, and a `~` that no shell expanded would be the name of a folder.
#[test]
fn a_relative_home_is_refused_with_the_absolute_one() {
    let world = World::new();
    let desk = world.desk.path().canonicalize().unwrap();
    for (home, meant) in [("agent-home", desk.join("agent-home")), ("~/x", desk.join("x"))] {
        for arguments in [&["register", "opentrain"][..], &["status"], &["token", "opentrain", "--json"], &["profile", "use", "a"]] {
            let mut command = world.command(arguments);
            command.env("ENLIST_HOME", home).env("HOME", &desk).current_dir(&desk);
            let refused = settled(command.output().unwrap());
            assert_eq!(ending(&refused), (64, "usage"), "{home} {arguments:?}");
            let hint = refused["error"]["hint"].as_str().unwrap();
            assert!(hint.ends_with(&format!("absolute path: {}", meant.display())), "{hint}");
        }
    }
    assert_eq!((world.sandbox.counts().requests, fs::read_dir(&desk).unwrap().count()), (0, 1));
}

#[test]
fn a_home_in_which_others_can_write_is_refused() {
    let world = World::new();
    fs::set_permissions(world.home.path(), Permissions::from_mode(0o777)).unwrap();
    let refused = world.json(&["register", "opentrain"]);
    assert_eq!((ending(&refused), world.sandbox.counts().requests), ((9, "store_corrupt"), 0));
    assert!(refused["error"]["message"].as_str().unwrap().contains(world.home.path().to_str().unwrap()), "{refused}");
    fs::set_permissions(world.home.path(), Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(ending(&world.json(&["register", "opentrain"])), (0, ""));
}

#[test]
fn a_manifest_is_its_owners_alone_whatever_the_umask() {
    let world = World::new();
    let file = world.desk.path().join("new.json");
    let made = in_shell(&world, "umask 0", &["manifest", "init", file.to_str().unwrap()]).output().unwrap();
    assert!(made.status.success());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_variable_that_programs_act_on_never_holds_a_credential() {
    let world = World::registered(quick());
    for variable in ["LD_PRELOAD", "PATH", "IFS", "BASH_ENV", "NODE_OPTIONS"] {
        let (exit, stdout, stderr) = told(world.command(&["exec", "opentrain", "--as", variable, "--", "true"]));
        assert_eq!(exit, 64, "{variable}");
        assert!(!stdout.contains("ot_pat") && !stderr.contains("ot_pat"), "{variable}: {stdout} {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_waiting_command_leaves_no_core_dump_and_what_it_runs_may() {
    let world = World::registered(quick());
    let claim = world.start(&["claim", "--email", OWNER, "--max-wait", "20s"]);
    world.await_sent(POLL, 1);
    let limits = fs::read_to_string(format!("/proc/{}/limits", claim.id())).unwrap();
    let cores: Vec<_> = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(cores[0], "0", "{limits}");
    crate::world::signal(&claim, "TERM");
    assert_eq!(ending(&settled(claim.wait_with_output().unwrap())).0, 143);
    // The limit of the shell, and then that of what the command became.
    let run = ["exec", "opentrain", "--", "sh", "-c", "ulimit -c"];
    let output = in_shell(&world, "ulimit -S -c 100 2>/dev/null; ulimit -c", &run).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let limits: Vec<_> = stdout.lines().collect();
    assert_eq!((limits.len(), limits[0]), (2, limits[1]), "{stdout}");
}
