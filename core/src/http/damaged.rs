//! Finds one member in a damaged answer, for a ceremony that then lets another answer decide whether it is what was delivered.

use super::json::Json;
use super::lenient::split_text;

/// The shortest and the longest value that may be a credential, and the least number of different characters in it.
const SHORTEST: usize = 16;
const LONGEST: usize = 8192;
const LEAST_DIFFERENT: usize = 6;
/// So many equal characters in a row are a mask.
const MASK: usize = 8;

/// The bytes of a 2xx that is not JSON. They are empty if nothing may be taken from them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Damaged<'a>(&'a [u8]);

impl<'a> Damaged<'a> {
    pub(crate) const NOTHING: Self = Self(&[]);

    /// The bytes of an answer. Nothing is taken from a page.
    pub(crate) fn of(bytes: &'a [u8], content_type: Option<&[u8]>) -> Self {
        let kind = content_type.map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
        let is_page = ["html", "xml"].iter().any(|word| kind.windows(word.len()).any(|part| part == word.as_bytes()));
        if is_page { Self::NOTHING } else { Self(bytes) }
    }

    /// The value of the member `name` if it may be a credential. The answer begins with an object, and the member is in it exactly once, not
    /// deeper, with a closed text as its value. Brackets and texts are told apart, so that nothing inside a text counts.
    pub(crate) fn credential(self, name: &str) -> Option<&'a str> {
        let bytes = self.0.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.0).trim_ascii_start();
        if !bytes.starts_with(b"{") {
            return None;
        }
        let (mut rest, mut depth, mut found) = (bytes, 0_usize, None);
        while let Some(first) = rest.first() {
            match first {
                b'"' => {
                    // A text that is not closed is where the answer was cut.
                    let Some((text, after)) = split_text(rest) else { break };
                    rest = after;
                    let value = after.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
                    if let (1, true, Some(value)) = (depth, is_text(text, name), value) {
                        let (value, after) = split_text(value)?;
                        if found.replace(value).is_some() {
                            return None;
                        }
                        rest = after;
                    }
                    continue;
                }
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            rest = rest.get(1..)?;
        }
        let value = found?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        core::str::from_utf8(value).ok().filter(|value| may_be_credential(value))
    }
}

/// Whether a text with its quotes says `name`, be it with escapes.
fn is_text(text: &[u8], name: &str) -> bool {
    matches!(serde_json::from_slice(text), Ok(Json::Text(text)) if text == name)
}

/// Whether the value is written with the characters of a bearer token (RFC 6750 section 2.1), and is no mask.
fn may_be_credential(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_of_a_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let different = (0..=u8::MAX).filter(|byte| bytes.contains(byte)).count();
    let is_masked = bytes.windows(MASK).any(|part| part.iter().all(|byte| Some(byte) == part.first()));
    (SHORTEST..=LONGEST).contains(&bytes.len()) && bytes.iter().all(is_of_a_token) && different >= LEAST_DIFFERENT && !is_masked
}
