//! Errors of a command line that cannot be parsed.

use std::ffi::OsString;

use clap::ValueEnum;
use clap::error::ErrorKind;
use enlist_core::Untrusted;

use crate::caller::Caller;
use crate::error::Error;
use crate::input::looks_like_a_secret;
use crate::output::Format;
use crate::output::stderr::note;
use crate::store::ProfileName;

const SEE_HELP: &str = "see enlist --help";

/// Converts an error of clap. Prints the help here if the command line was only `enlist`.
pub(crate) fn explained(error: &clap::Error) -> Error {
    let rendered = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        note(&rendered);
        return Error::Usage { message: "no command was given".to_owned(), hint: Some(SEE_HELP.to_owned()) };
    }
    let mut paragraphs = rendered.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let tip = paragraphs.next().and_then(|paragraph| paragraph.trim().strip_prefix("tip: "));
    Error::Usage { message: plain(message), hint: Some(tip.map_or_else(|| SEE_HELP.to_owned(), plain)) }
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
