//! The members that OAuth-like answers share: `token_type` and `scope`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Violation;
use crate::http::json::Object;

/// Checks the token type in `field`. A token of a type that the client does not understand must not be used (RFC 6749 section 7.1).
///
/// # Errors
/// [`Violation::BadField`] when the type is given and is not `bearer`.
pub(crate) fn check_token_type(object: &Object<'_>, field: &'static str) -> Result<(), Violation> {
    match object.text(field) {
        Some(other) if !other.eq_ignore_ascii_case("bearer") => Err(Violation::BadField { field: field.into() }),
        _ => Ok(()),
    }
}

/// The scopes of an answer: the list `scopes`, or the words of the string `scope`. What is not a scope-token is dropped.
pub(crate) fn scopes(object: &Object<'_>) -> Vec<String> {
    object.words("scopes", "scope").into_iter().filter(|word| is_scope(word)).collect()
}

/// The scopes that a service's metadata lists as supported.
pub(crate) fn supported_scopes(object: &Object<'_>) -> Vec<String> {
    object.words("scopes_supported", "").into_iter().filter(|word| is_scope(word)).collect()
}

/// Whether `word` is a scope-token (RFC 6749 section 3.3) of a sane length.
pub(crate) fn is_scope(word: &str) -> bool {
    is_id(word) && !word.contains(['"', '\\'])
}

/// Whether `text` is visible ASCII of a sane length, and so fit to be shown.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
