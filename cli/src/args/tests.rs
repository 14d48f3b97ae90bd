use clap::CommandFactory;

use super::*;

#[test]
fn clap_finds_no_contradiction() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_is_named() {
    let command = Cli::command();
    let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(names, Command::NAMES);
}

/// Before the command and after it are two places, and clap knows no order between them.
#[test]
fn json_wins_wherever_it_stands() {
    let format = |argv: &[&str]| Cli::try_parse_from(argv).map(|cli| cli.global.format()).map_err(|error| error.to_string());
    assert_eq!(format(&["enlist", "try"]), Ok(None));
    assert_eq!(format(&["enlist", "--output", "text", "try"]), Ok(Some(Format::Text)));
    assert_eq!(format(&["enlist", "try", "--json", "--output", "text"]), Ok(Some(Format::Json)));
    assert_eq!(format(&["enlist", "--json", "try", "--output", "text"]), Ok(Some(Format::Json)));
    assert_eq!(format(&["enlist", "--output", "text", "try", "--json"]), Ok(Some(Format::Json)));
}

#[test]
fn seconds_are_sane() {
    assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    for bad in ["", "x", "-1", "NaN", "inf", "1e300"] {
        assert!(seconds(bad).is_err(), "{bad}");
    }
}

/// A word that is a value looks like a command's name.
#[test]
fn a_value_that_is_named_like_a_command_is_a_value() {
    let command = |words: &[&str]| {
        let argv: Vec<OsString> = ["enlist"].iter().chain(words).map(OsString::from).collect();
        let (read, whole) = (parse(&argv), parse_all_commands(&argv));
        assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{words:?}");
        read.map(|cli| (cli.command.name(), cli.global.profile)).map_err(|error| error.kind())
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
