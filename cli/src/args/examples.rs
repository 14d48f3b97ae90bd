//! The examples that stand at the end of every help, in one place so that a test can go through them.

use clap::Command;

/// A command line, and what it is good for.
type Example = (&'static str, &'static str);

/// By the command's words.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("enlist try", "see both registrations, end to end, on this machine"),
            ("enlist register opentrain --claim owner@example.com", "register, and have the owner claim it"),
            ("enlist help agents", "what an agent must know before it starts"),
        ],
    ),
    ("try", &[("enlist try", "a tour; needs no network and no account"), ("enlist try --json", "the same as one document")]),
    (
        "sandbox",
        &[
            ("enlist sandbox", "both services on a free port, until Ctrl-C"),
            ("enlist sandbox --auto-approve --speed 10", "claims are approved by themselves, and nothing takes long"),
        ],
    ),
    ("register", &[("enlist register opentrain --agent-name build-bot", "see also: enlist register sentryagent --help")]),
    (
        "register opentrain",
        &[
            ("enlist register opentrain --agent-name build-bot", "anonymous; the owner claims it later"),
            ("enlist register opentrain --claim owner@example.com --no-wait", "start the claim too, and return with link and code"),
        ],
    ),
    (
        "register sentryagent",
        &[
            ("enlist register sentryagent --manifest agent.json", "asks whether the public profile is right, then for the code"),
            ("enlist register sentryagent --manifest agent.json --yes", "a person has looked at it: send the SMS"),
        ],
    ),
    (
        "claim",
        &[
            ("enlist claim --email owner@example.com", "shows link and code, and waits for the owner"),
            ("enlist claim --email owner@example.com --no-wait", "returns at once; go on with enlist resume"),
        ],
    ),
    (
        "otp",
        &[
            ("enlist otp", "asks for the code at a terminal"),
            ("enlist otp --otp-file -", "reads it from stdin: it never stands on a command line"),
        ],
    ),
    (
        "resume",
        &[
            ("enlist resume", "go on with the only flow that there is"),
            ("enlist resume clm_7f3a0b12 --max-wait 60s", "wait for a minute; exit 8 says: again"),
        ],
    ),
    ("pending", &[("enlist pending", "every flow, what it waits for, and until when")]),
    ("abandon", &[("enlist abandon clm_7f3a0b12", "what it may still bring is lost, so it asks first")]),
    (
        "status",
        &[
            ("enlist status", "what is kept in this profile, and what is under way"),
            ("enlist status --check", "and whether it is still good"),
        ],
    ),
    (
        "token",
        &[
            ("enlist token opentrain", "the token and a line feed"),
            ("enlist token sentryagent --format header", "Authorization: Bearer ..."),
        ],
    ),
    (
        "exec",
        &[
            ("enlist exec opentrain -- opentrain jobs list", "with OPENTRAIN_API_TOKEN set, for this command only"),
            ("enlist exec sentryagent --as BADGE -- ./run.sh", "under another name"),
        ],
    ),
    ("badge", &[("enlist badge show", "what the badge says of itself"), ("enlist badge verify", "whether it is good")]),
    ("badge show", &[("enlist badge show", "of this profile's badge"), ("enlist badge show other.jwt", "of another one")]),
    (
        "badge verify",
        &[
            ("enlist badge verify", "by the service's keys, and by its word on revocation"),
            ("enlist badge verify - --offline", "a badge on stdin, by the keys that were kept"),
        ],
    ),
    ("badge sign", &[("enlist badge sign message.txt", "prints the signature and nothing else")]),
    ("badge rotate", &[("enlist badge rotate", "asks first: badge and DID change")]),
    ("badge revoke", &[("enlist badge revoke", "asks first: the badge is dead for good")]),
    ("badge lookup", &[("enlist badge lookup did:sentryagent:7f3a0b12", "what the service publishes about this agent")]),
    ("revoke", &[("enlist revoke opentrain", "ended at the service, then forgotten here")]),
    ("forget", &[("enlist forget opentrain", "dropped here only; at the service it stays good")]),
    ("adopt", &[("enlist adopt opentrain --token-file -", "a token on stdin, as its owner created it")]),
    (
        "adopt opentrain",
        &[("enlist adopt opentrain --token-file -", "on stdin"), ("enlist adopt opentrain --token-file token.txt", "in a file")],
    ),
    ("manifest", &[("enlist manifest init agent.json", "then fill it in"), ("enlist manifest check agent.json", "all errors at once")]),
    ("manifest init", &[("enlist manifest init agent.json", "never overwrites a file")]),
    ("manifest check", &[("enlist manifest check agent.json", "all errors at once; nothing is sent")]),
    ("profile", &[("enlist profile list", "every identity on this machine"), ("enlist profile use work", "work is meant from now on")]),
    ("profile list", &[("enlist profile list", "the star is at the one that is meant without a word")]),
    ("profile use", &[("enlist profile use work", "--profile and ENLIST_PROFILE are still stronger")]),
    ("profile rename", &[("enlist profile rename default work", "with all that is under way in it")]),
    ("profile remove", &[("enlist profile remove old", "asks first; enlist revoke ends the credential at its service")]),
    ("profile import", &[("enlist profile import opentrain", "reads ~/.config/opentrain/cli.json, and leaves it alone")]),
    ("profile export", &[("enlist profile export opentrain", "writes the token into ~/.config/opentrain/cli.json")]),
    (
        "doctor",
        &[
            ("enlist doctor", "is the way to the services free, and the store sound?"),
            ("enlist doctor --bundle report.json", "the same for a bug report, without a secret"),
        ],
    ),
    ("schema", &[("enlist schema", "JSON Schema, for whoever reads --output json or ndjson")]),
    ("completion", &[("enlist completion bash", "for ~/.local/share/bash-completion/completions/enlist")]),
    ("man", &[("enlist man", "to be read with: man -l -"), ("enlist man badge verify", "the page of one command")]),
    ("help", &[("enlist help agents", "a topic"), ("enlist help badge verify", "a command")]),
];

/// Puts them at the end of each command's help.
pub(super) fn add(command: Command) -> Command {
    add_below(command, "")
}

fn add_below(command: Command, words: &str) -> Command {
    let text = text(words);
    let names: Vec<String> = command.get_subcommands().map(|found| found.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let words = format!("{words} {name}");
        command.mut_subcommand(name, |found| add_below(found, words.trim_start()))
    });
    if text.is_empty() { command } else { command.after_help(text) }
}

fn text(words: &str) -> String {
    let examples = EXAMPLES.iter().find(|(of, _)| *of == words).map_or(&[][..], |(_, examples)| *examples);
    let lines: Vec<_> = examples.iter().map(|(line, why)| format!("  {line}\n      {why}")).collect();
    if lines.is_empty() { String::new() } else { format!("Examples:\n{}", lines.join("\n")) }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::Command;

    use super::EXAMPLES;

    /// Every command's words.
    fn commands(command: &Command, words: &str, found: &mut Vec<String>) {
        found.push(words.to_owned());
        for below in command.get_subcommands() {
            commands(below, format!("{words} {}", below.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_has_an_example_and_every_example_a_command() {
        let mut found = Vec::new();
        commands(&crate::args::command(), "", &mut found);
        let mut listed: Vec<_> =
            EXAMPLES.iter().filter(|(_, examples)| !examples.is_empty()).map(|(words, _)| (*words).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(listed, found);
    }

    #[test]
    fn every_example_is_a_command_line_of_its_command() {
        for (words, examples) in EXAMPLES {
            for (line, _) in *examples {
                assert!(line.starts_with(format!("enlist {words}").trim_end()), "{line}");
                let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
                crate::args::parse(&argv).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }

    #[test]
    fn they_stand_in_the_help() {
        let argv = ["enlist", "badge", "verify", "--help"].map(OsString::from);
        let help = crate::args::parse(&argv).unwrap_err().to_string();
        assert!(help.contains("Examples:\n  enlist badge verify\n      by the service's keys"), "{help}");
    }
}
