use super::*;
use crate::output::Format;
use crate::store::ProfileName;

#[test]
fn clap_finds_no_contradiction() {
    Cli::command().debug_assert();
}

/// The words of every command, in the order of the help.
fn commands(command: &clap::Command, words: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let words = format!("{words} {}", below.get_name()).trim_start().to_owned();
        found.push(words.clone());
        commands(below, &words, found);
    }
}

#[test]
fn every_command_has_its_facts() {
    let mut found = Vec::new();
    commands(&Cli::command(), "", &mut found);
    assert_eq!(ALL.map(|facts| facts.words.to_owned()).to_vec(), found);
}

#[test]
fn every_example_is_a_command_line_of_its_command() {
    for (words, examples) in ALL.iter().map(|facts| (facts.words, facts.examples)).chain([("", EXAMPLES)]) {
        assert!(!examples.is_empty(), "{words}");
        for (line, _) in examples {
            assert!(line.starts_with(format!("enlist {words}").trim_end()), "{line}");
            let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            parse(&argv).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}

#[test]
fn a_help_ends_with_the_examples() {
    let argv = ["enlist", "badge", "verify", "--help"].map(OsString::from);
    let help = parse(&argv).unwrap_err().to_string();
    assert!(help.contains("Examples:\n  enlist badge verify\n      verifies the signature"), "{help}");
}

/// clap treats flags before and after the subcommand separately, so their order is not defined.
#[test]
fn json_wins_wherever_it_stands() {
    let format = |argv: &[&str]| Cli::try_parse_from(argv).map(|cli| cli.global.format()).map_err(|error| error.to_string());
    assert_eq!(format(&["enlist", "try"]), Ok(None));
    assert_eq!(format(&["enlist", "--output", "text", "try"]), Ok(Some(Format::Text)));
    assert_eq!(format(&["enlist", "try", "--json", "--output", "text"]), Ok(Some(Format::Json)));
    assert_eq!(format(&["enlist", "--json", "try", "--output", "text"]), Ok(Some(Format::Json)));
    assert_eq!(format(&["enlist", "--output", "text", "try", "--json"]), Ok(Some(Format::Json)));
}

/// A word that is a value looks like a command's name.
#[test]
fn a_value_that_is_named_like_a_command_is_a_value() {
    let command = |words: &[&str]| {
        let argv: Vec<OsString> = ["enlist"].iter().chain(words).map(OsString::from).collect();
        let (read, whole) = (parse(&argv), parse_all_commands(&argv));
        assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{words:?}");
        read.map(|cli| (cli.command.named().facts().name, cli.global.profile)).map_err(|error| error.kind())
    };
    let profile = |name: &str| Some(ProfileName::parse(name).unwrap());
    assert_eq!(command(&["-p", "claim", "status"]), Ok(("status", profile("claim"))));
    assert_eq!(command(&["status", "--profile", "try"]), Ok(("status", profile("try"))));
    assert_eq!(command(&["claim", "--email", "status"]), Ok(("claim", None)));
    assert_eq!(command(&["profile", "use", "status"]), Ok(("profile use", None)));
    assert_eq!(command(&["exec", "opentrain", "--", "status", "--version"]), Ok(("exec", None)));
    assert_eq!(command(&["help", "status"]), Ok(("help", None)));
    assert_eq!(command(&["-p", "status"]), Err(ErrorKind::MissingSubcommand));
    assert_eq!(command(&["clame"]), Err(ErrorKind::InvalidSubcommand));
    assert_eq!(command(&["status", "try"]), Err(ErrorKind::UnknownArgument));
    assert_eq!(command(&["--version"]), Err(ErrorKind::DisplayVersion));
    assert_eq!(command(&["status", "--help"]), Err(ErrorKind::DisplayHelp));
}
