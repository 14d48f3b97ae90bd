//! Answers that the command line gave before anybody was asked.

use enlist_core::secret::Otp;
use zeroize::Zeroizing;

/// The answers to questions that a ceremony has not asked yet.
#[derive(Default)]
pub(crate) struct PreAnswers {
    /// `--yes`: a person has checked the public profile.
    pub(crate) yes: bool,
    /// `--again`: the owner agrees to one more SMS or registration. It answers one question.
    pub(crate) again: bool,
    /// `--otp-file`: the one-time code. It is good for one try.
    pub(crate) otp: Option<Otp>,
}

impl PreAnswers {
    /// Whether `--again` was given and has not answered a question yet.
    pub(crate) fn take_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }
}

/// Finds the one-time code in a text that a person copied: one group of six digits, which separators and invisible characters may divide.
pub(crate) fn parse_otp(text: &str) -> Result<Otp, &'static str> {
    let visible: Zeroizing<String> = Zeroizing::new(text.chars().filter(|char| !is_invisible(*char)).collect());
    let joined = Zeroizing::new(without_separators(&visible));
    let code = only_group(&visible).or_else(|| only_group(&joined)).and_then(|code| Otp::parse(code).ok());
    code.ok_or("there is no single group of six digits in it")
}

/// The only group of six digits in `text`.
fn only_group(text: &str) -> Option<&str> {
    let mut groups = text.split(|char: char| !char.is_ascii_digit()).filter(|group| group.len() == 6);
    groups.next().filter(|_| groups.next().is_none())
}

/// `text` without single separators between two digits.
fn without_separators(text: &str) -> String {
    let chars = Zeroizing::new(text.chars().collect::<Vec<_>>());
    let is_digit = |index: Option<usize>| index.and_then(|index| chars.get(index)).is_some_and(char::is_ascii_digit);
    let is_separator = |index: usize, char: char| {
        (char.is_whitespace() || matches!(char, '-' | '.' | '\u{2010}'..='\u{2015}'))
            && is_digit(index.checked_sub(1))
            && is_digit(index.checked_add(1))
    };
    chars.iter().enumerate().filter(|(index, char)| !is_separator(*index, **char)).map(|(_, char)| *char).collect()
}

/// Characters that word processors and messengers insert and nobody sees.
const fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
