//! What explains the command: help and its topics, completion, manual pages.

use std::process::Command;

use crate::run::{command, document, human, told};

fn page(words: &[&str]) -> String {
    let (exit, stdout, stderr) = told(command(words));
    assert_eq!((exit, stderr.as_str()), (0, ""), "{words:?}");
    stdout
}

#[test]
fn topics_are_pages_and_commands_are_their_help() {
    assert!(page(&["help", "exit-codes"]).starts_with("Exit codes\n"));
    assert!(page(&["help", "environment"]).contains("\n  ENLIST_HOME "));
    let agents = page(&["help", "agents"]);
    assert!(agents.contains("end your turn") && agents.contains("enlist resume FLOW --max-wait 60s"), "{agents}");
    assert_eq!(page(&["help", "claim"]), page(&["claim", "--help"]));
    assert_eq!(page(&["help", "badge", "verify"]), page(&["badge", "verify", "--help"]));
    assert_eq!(page(&["help"]), page(&["--help"]));
    let (exit, stdout, _) = told(command(&["help", "agents", "--json"]));
    assert_eq!(document(&stdout, exit)["data"]["text"], agents);
}

/// Every variable of ours that the binary reads is explained.
#[test]
fn the_environment_page_has_every_variable() {
    let page = page(&["help", "environment"]);
    let binary = std::fs::read(env!("CARGO_BIN_EXE_enlist")).unwrap();
    let binary = String::from_utf8_lossy(&binary).into_owned();
    let is_name = |char: char| char.is_ascii_uppercase() || char == '_';
    let named = binary.split("ENLIST_").skip(1).map(|rest| rest.split(|char| !is_name(char)).next().unwrap());
    let names: std::collections::BTreeSet<_> = named.filter(|name| name.len() > 2).collect();
    assert!(names.contains("PROFILE"), "{names:?}");
    for name in names {
        // Constants lie side by side in the binary: a name may have another one's beginning at its end.
        let is_explained = page
            .lines()
            .any(|line| line.split_whitespace().any(|word| word.strip_prefix("ENLIST_").is_some_and(|own| name.starts_with(own))));
        assert!(is_explained, "ENLIST_{name}");
    }
}

#[test]
fn a_typo_is_answered_with_what_was_meant() {
    for (words, meant) in [
        (&["profil", "list"][..], "'profile'"),
        (&["profile", "lst"], "'list'"),
        (&["token", "opentrian"], "'opentrain'"),
        (&["badge", "verfy"], "'verify'"),
        (&["claim", "--emial", "x"], "'--email'"),
        (&["status", "--chek"], "'--check'"),
        (&["status", "--mode", "agnet"], "'agent'"),
        (&["completion", "bsh"], "'bash'"),
        (&["help", "agnets"], "'agents'"),
        (&["help", "badge", "verfy"], "'verify'"),
        (&["man", "clam"], "'claim'"),
    ] {
        let (exit, stdout, stderr) = told(human(&[words, &["--json"]].concat()));
        let document = document(&stdout, exit);
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(exit == 64 && hint.contains(meant) && stderr.contains(hint), "{words:?}: {hint}");
    }
}

#[test]
fn completion_knows_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = page(&["completion", shell]);
        for word in ["register", "sentryagent", "profile", "rename", "max-wait", "exec"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_completes_by_it() {
    let script = format!(
        "{}\nCOMP_WORDS=(enlist profile re); COMP_CWORD=2; _enlist enlist re profile; echo \"${{COMPREPLY[@]}}\"",
        page(&["completion", "bash"])
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "rename remove\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn manual_pages_are_roff_with_examples() {
    let whole = page(&["man"]);
    assert!(whole.contains(".TH enlist 1") && whole.contains("enlist\\-register(1)") && whole.contains("Examples:"), "{whole}");
    let one = page(&["man", "badge", "verify"]);
    assert!(one.contains(".TH enlist-badge-verify 1") && one.contains("\\-\\-offline"), "{one}");
}
