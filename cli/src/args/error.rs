//! Errors of a command line that cannot be parsed.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use enlist_core::Untrusted;
use enlist_core::secret::Email;

use crate::caller::Caller;
use crate::error::Error;
use crate::input::looks_like_a_secret;
use crate::output::stderr::note;
use crate::output::{CarriedFlag, Format, quoted};
use crate::store::ProfileName;

const SEE_HELP: &str = "see `enlist --help`";
const SERVICES: &str = "name the service: opentrain or sentryagent";

/// Converts an error of clap about `argv`, in which `command` was named. Prints the help here if the command line was only `enlist`.
pub(crate) fn explained(error: &clap::Error, argv: &[OsString], command: Option<&str>) -> Error {
    let rendered = error.render().to_string();
    let is_incomplete = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_incomplete && command.is_none() {
        note(&rendered);
        return Error::Usage { message: "no command was given".to_owned(), hint: Some(SEE_HELP.to_owned()) };
    }
    let mut paragraphs = rendered.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = if is_incomplete { "the command line is incomplete" } else { message.strip_prefix("error: ").unwrap_or(message) };
    let tip = paragraphs.next().and_then(|paragraph| paragraph.trim().strip_prefix("tip: "));
    // clap takes a wrong flag for a value where a value is optional.
    let tip = tip.filter(|tip| !tip.starts_with("to pass")).map(plain);
    let see_help = || command.map_or_else(|| SEE_HELP.to_owned(), |words| format!("see `enlist {words} --help`"));
    let hint = command.and_then(|command| likely(error, argv, command)).or(tip).unwrap_or_else(see_help);
    Error::Usage { message: plain(message), hint: Some(hint) }
}

/// A hint about the command line that was probably intended.
fn likely(error: &clap::Error, argv: &[OsString], command: &str) -> Option<String> {
    let unexpected = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => Some(argument.as_str()),
        _ => None,
    };
    let is_missing = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    match (command, unexpected) {
        ("exec", Some(_)) => with_two_dashes(argv),
        ("claim", Some(email)) if !email.contains('`') && Email::parse(email).is_ok() => {
            Some(format!("name the owner with a flag: `enlist claim --email {}`", quoted(email)))
        }
        ("otp", Some("--otp" | "--code")) => {
            Some("use --otp-file FILE, or --otp-file - for stdin, because others can read the command line".to_owned())
        }
        ("register sentryagent", None) if is_missing => {
            Some("`enlist manifest init FILE` writes a template; fill it in and add --manifest FILE".to_owned())
        }
        ("register" | "token" | "exec" | "revoke" | "forget", None) if is_missing => Some(SERVICES.to_owned()),
        _ => None,
    }
}

/// The command line of `exec` with the two dashes that were left out. The flags before the program are known flags with a value.
fn with_two_dashes(argv: &[OsString]) -> Option<String> {
    let mut rest = words(argv).skip_while(|word| *word != "exec").skip(1).peekable();
    let mut service = None;
    let mut variable = None;
    while let Some(word) = rest.next_if(|word| service.is_none() || word.starts_with('-')) {
        match word {
            "--as" => variable = rest.next(),
            "-p" | "--profile" | "--base-url" | "--ca-file" | "--store" | "--output" | "--mode" | "--proxy" | "--timeout" => {
                rest.next();
            }
            flag if flag.starts_with('-') => {}
            _ => service = Some(word),
        }
    }
    let program: Vec<String> = rest.map(plain).collect();
    let named = variable.into_iter().flat_map(|name| ["--as".to_owned(), name.to_owned()]);
    let line: Vec<String> =
        ["exec".to_owned(), service?.to_owned()].into_iter().chain(named).chain(["--".to_owned()]).chain(program).collect();
    let line = line.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    (!line.contains('`')).then(|| format!("separate the program by two dashes: `enlist {line}`"))
}

/// Finds the flags in a command line that cannot be parsed which every printed command line repeats.
pub(crate) fn carried(argv: &[OsString]) -> Vec<CarriedFlag> {
    let value =
        |flag: &'static str| values(argv, flag, None).next().filter(|value| !value.is_empty()).map(|value| (flag, value.to_owned()));
    ["--base-url", "--ca-file", "--store"].into_iter().filter_map(value).collect()
}

/// Joins `text` into one line and redacts words that look like a secret, because somebody may have typed one in the wrong place.
fn plain(text: &str) -> String {
    let unsaid = |word: &str| {
        let typed = word.trim_matches('\'');
        if looks_like_a_secret(typed) { word.replace(typed, "[redacted]") } else { word.to_owned() }
    };
    let line = text.split_whitespace().map(unsaid).collect::<Vec<_>>().join(" ");
    Untrusted::new(&line).to_string()
}

/// Finds the output format in a command line that cannot be parsed.
pub(crate) fn format(argv: &[OsString]) -> Option<Format> {
    if words(argv).any(|word| word == "--json") { Some(Format::Json) } else { value(argv, "--output", None) }
}

/// Finds the mode in a command line that cannot be parsed.
pub(crate) fn mode(argv: &[OsString]) -> Option<Caller> {
    value(argv, "--mode", None)
}

/// Finds the profile in a command line that cannot be parsed.
pub(crate) fn profile(argv: &[OsString]) -> Option<ProfileName> {
    values(argv, "--profile", Some("-p")).find_map(|name| ProfileName::parse(name).ok())
}

fn value<T: ValueEnum>(argv: &[OsString], flag: &'static str, short: Option<&'static str>) -> Option<T> {
    values(argv, flag, short).find_map(|value| T::from_str(value, false).ok())
}

/// The values of `flag`, in each of its forms.
fn values<'a>(argv: &'a [OsString], flag: &'static str, short: Option<&'static str>) -> impl Iterator<Item = &'a str> {
    words(argv).zip(words(argv).skip(1).chain([""])).filter_map(move |(word, next)| {
        if word == flag || Some(word) == short {
            return Some(next);
        }
        let long = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('='));
        long.or_else(|| word.strip_prefix(short?).map(|rest| rest.strip_prefix('=').unwrap_or(rest)))
    })
}

fn words(argv: &[OsString]) -> impl Iterator<Item = &str> {
    argv.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).take_while(|word| *word != "--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn json_is_found_anywhere_before_the_two_dashes() {
        for words in [&["enlist", "--json", "x"][..], &["enlist", "x", "--output", "json"], &["enlist", "x", "--output=json", "--bad"]] {
            assert_eq!(format(&argv(words)), Some(Format::Json), "{words:?}");
        }
        for words in [&["enlist", "--output", "ndjson", "x"][..], &["enlist", "x", "--output=ndjson"]] {
            assert_eq!(format(&argv(words)), Some(Format::Ndjson), "{words:?}");
        }
        assert_eq!(format(&argv(&["enlist", "--output", "text", "json"])), Some(Format::Text));
        assert_eq!(format(&argv(&["enlist", "--output", "text", "--json"])), Some(Format::Json));
        for words in [&["enlist", "x"][..], &["enlist", "--", "--json"], &["enlist", "--output", "yaml", "x"], &["--json"]] {
            assert_eq!(format(&argv(words)), None, "{words:?}");
        }
    }

    #[test]
    fn mode_and_profile_are_found_in_every_form() {
        for words in [&["enlist", "--mode", "ci", "x"][..], &["enlist", "x", "--mode=ci", "--bad"], &["enlist", "--mode=no", "--mode=ci"]] {
            assert_eq!(mode(&argv(words)), Some(Caller::Ci), "{words:?}");
        }
        for words in [&["enlist", "--mode"][..], &["enlist", "--mode", "robot"], &["enlist", "--", "--mode", "ci"]] {
            assert_eq!(mode(&argv(words)), None, "{words:?}");
        }
        for words in [&["-p", "a"][..], &["-pa"], &["-p=a"], &["--profile", "a"], &["x", "--profile=a", "--bad"], &["-p", "../b", "-pa"]] {
            assert_eq!(profile(&argv(&[&["enlist"], words].concat())), Some(ProfileName::parse("a").unwrap()), "{words:?}");
        }
        assert_eq!(profile(&argv(&["enlist", "x", "-p"])), None);
    }

    #[test]
    fn a_token_on_the_command_line_is_not_repeated() {
        assert_eq!(plain("unexpected argument 'ot_pat_8f2a_c0ffee' found"), "unexpected argument '[redacted]' found");
    }
}
