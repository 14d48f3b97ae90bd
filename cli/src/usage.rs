//! A command line that cannot be read: what is told about it, and how.

use std::ffi::OsString;

use clap::Error;
use clap::error::ErrorKind;
use enlist_core::Untrusted;

use crate::args::Command;
use crate::output::{Format, note};
use crate::problem::Problem;

const SEE_HELP: &str = "see enlist --help";

/// What clap has to say, in our form. The help that answers a bare `enlist` is shown here already.
pub(crate) fn problem(error: &Error) -> Problem {
    let rendered = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        note(&rendered);
        return Problem::Usage { message: "no command was given".to_owned(), hint: Some(SEE_HELP.to_owned()) };
    }
    let mut paragraphs = rendered.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let tip = paragraphs.next().and_then(|paragraph| paragraph.trim().strip_prefix("tip: "));
    Problem::Usage { message: plain(message), hint: Some(tip.map_or_else(|| SEE_HELP.to_owned(), plain)) }
}

/// On one line, and without what looks like a token: it may have been typed where none belongs.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Untrusted::new(&line).to_string()
}

/// The command that was meant, as far as it is one.
pub(crate) fn command(argv: &[OsString]) -> Option<&'static str> {
    argv.iter().skip(1).find_map(|word| Command::NAMES.into_iter().find(|name| word == *name))
}

/// The format that was asked for, wherever it stands: the rest of the line made no sense.
pub(crate) fn format(argv: &[OsString]) -> Option<Format> {
    let words: Vec<&str> = argv.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).take_while(|word| *word != "--").collect();
    let asked = |(index, word): (usize, &&str)| match *word {
        "--output=json" => Some(Format::Json),
        "--output=ndjson" => Some(Format::Ndjson),
        "--output=text" => Some(Format::Text),
        "--output" => match *words.get(index + 1)? {
            "json" => Some(Format::Json),
            "ndjson" => Some(Format::Ndjson),
            "text" => Some(Format::Text),
            _ => None,
        },
        _ => None,
    };
    if words.contains(&"--json") { Some(Format::Json) } else { words.iter().enumerate().find_map(asked) }
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
    fn a_token_on_the_command_line_is_not_repeated() {
        assert_eq!(plain("unexpected argument 'ot_pat_8f2a_c0ffee' found"), "unexpected argument '[redacted]' found");
    }
}
