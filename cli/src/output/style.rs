//! Colours, bold text and non-ASCII text on a terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal};

use clap::ValueEnum;

use crate::env::variable;

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// At a terminal that supports them
    #[default]
    Auto,
    Always,
    Never,
}

/// Whether to use colours: `--color`, then `NO_COLOR` (no-color.org), `CLICOLOR_FORCE`, `CLICOLOR` (bixense.com/clicolors), then the terminal.
pub(crate) fn colours(wanted: Color, is_terminal: bool) -> bool {
    match wanted {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if anstyle_query::no_color() => false,
        Color::Auto if anstyle_query::clicolor_force() => true,
        Color::Auto => is_terminal && anstyle_query::clicolor() != Some(false) && anstyle_query::term_supports_ansi_color(),
    }
}

/// Whether the locale is UTF-8. The order of the variables is that of POSIX.
pub(crate) fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name)).unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Converts `text` to what stderr can show.
pub(crate) fn for_stderr(text: impl Display) -> String {
    let text = text.to_string();
    if io::stderr().is_terminal() && !is_utf8() { ascii(&text) } else { text }
}

/// Converts `text` to ASCII. Our own signs are spelled out, and every other non-ASCII character becomes a question mark.
pub(crate) fn ascii(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, letter| {
        match letter {
            '…' => plain.push_str("..."),
            letter if letter.is_ascii() => plain.push(letter),
            _ => plain.push('?'),
        }
        plain
    })
}

/// Makes `text` bold.
pub(crate) fn strong(text: &str) -> String {
    format!("\x1b[1m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_ascii() {
        assert_eq!(ascii("ot_pat_…91cd, J\u{fc}rgen"), "ot_pat_...91cd, J?rgen");
    }
}
