//! Text from a service, and the only way in which it may be shown.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::string::String;

/// Free text that a service sent.
///
/// It reaches a terminal, a log or a JSON field only through `Display`, which makes control, bidirectional and invisible characters visible
/// as `<U+202E>`, redacts everything that looks like a token, and stops after [`SHOWN`](Untrusted::SHOWN) characters. `Debug` does the
/// same.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted(String);

impl Untrusted {
    /// The largest number of characters that is shown.
    pub const SHOWN: usize = 200;
    /// The largest number of bytes that is kept.
    pub const KEPT: usize = 1024;

    /// Wraps `text`. Everything after [`KEPT`](Self::KEPT) bytes is cut off.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut end = text.len().min(Self::KEPT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(text.get(..end).unwrap_or_default().to_owned())
    }

    /// The text as it arrived. It is for comparing, never for showing.
    pub(crate) fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_str();
        let mut at_word_start = true;
        for _ in 0..Self::SHOWN {
            let Some(char) = rest.chars().next() else { return Ok(()) };
            if let Some(length) = token_at_start(rest).or_else(|| at_word_start.then(|| person_at_start(rest)).flatten()) {
                f.write_str("[redacted]")?;
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
            at_word_start = !is_of_address(char);
            // An escape in the text itself would look like one of ours.
            if is_unsafe(char) || (char == '<' && rest.starts_with("U+")) {
                write!(f, "<U+{:04X}>", u32::from(char))?;
            } else {
                write!(f, "{char}")?;
            }
        }
        if rest.is_empty() { Ok(()) } else { f.write_str("…") }
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted({self})")
    }
}

/// The length of a token at the start of `text`. A service may repeat what it was sent.
fn token_at_start(text: &str) -> Option<usize> {
    let prefixes = ["ot_pat_", "ot_clm_", "ot_cat_", "ot_ptk_", "eyJ"];
    let prefix = prefixes.into_iter().find(|prefix| text.starts_with(prefix))?;
    let is_token = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '+' | '/' | '=');
    let length = text.find(|char| !is_token(char)).unwrap_or(text.len());
    (length > prefix.len()).then_some(length)
}

/// The length of an e-mail address or a phone number at the start of `text`.
fn person_at_start(text: &str) -> Option<usize> {
    let length = text.find(|char| !is_of_address(char)).unwrap_or(text.len());
    let word = text.get(..length)?;
    let is_email = word.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    let is_phone = word.strip_prefix('+').is_some_and(|digits| digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    (is_email || is_phone).then_some(length)
}

fn is_of_address(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '@' | '.' | '_' | '-' | '+' | '%')
}

/// Matches control characters, line separators, bidirectional marks, zero-width characters and invisible characters.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(u32::from(char),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn shown(text: &str) -> String {
        format!("{}", Untrusted::new(text))
    }

    #[test]
    fn control_bidi_and_invisible_characters_are_made_visible() {
        assert_eq!(shown("a\x1b[31mb\r\n\u{9b}"), "a<U+001B>[31mb<U+000D><U+000A><U+009B>");
        assert_eq!(shown("\u{202E}moc\u{200B}\u{FEFF}\u{E0041}"), "<U+202E>moc<U+200B><U+FEFF><U+E0041>");
        assert_eq!(shown("שלום 你好 é"), "שלום 你好 é");
    }

    #[test]
    fn an_escape_in_the_text_is_not_taken_for_ours() {
        assert_ne!(shown("<U+202E>"), shown("\u{202E}"));
        assert_eq!(shown("<b>"), "<b>");
    }

    #[test]
    fn tokens_that_a_service_echoes_are_redacted() {
        assert_eq!(shown("token ot_clm_AbC-12_3 is unknown"), "token [redacted] is unknown");
        assert_eq!(shown("(eyJhbGciOiJFZERTQSJ9.e30.c2ln)"), "([redacted])");
        assert_eq!(shown("ot_pat_, eyJ"), "ot_pat_, eyJ", "a prefix alone is not a token");
    }

    #[test]
    fn a_persons_data_that_a_service_echoes_is_redacted() {
        assert_eq!(shown("owner@example.com: taken, +15005550006 too"), "[redacted]: taken, [redacted] too");
        assert_eq!(shown("<o.w+n@sub.example.org>"), "<[redacted]>");
        assert_eq!(shown("a @ b, x@y, +1 23, 2+2"), "a @ b, x@y, +1 23, 2+2");
    }

    #[test]
    fn every_bidi_control_is_made_visible() {
        for code in (0x202A..=0x202E).chain(0x2066..=0x2069).chain([0x61C, 0x200E, 0x200F, 0x34F, 0x2800]) {
            let char = char::from_u32(code).unwrap();
            assert_eq!(shown(&String::from(char)), format!("<U+{code:04X}>"));
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(shown(&"é".repeat(5000)).chars().count(), Untrusted::SHOWN + 1);
        assert_eq!(Untrusted::new(&"é".repeat(5000)).raw().len(), Untrusted::KEPT);
    }
}
