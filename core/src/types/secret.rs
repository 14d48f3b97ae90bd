//! Values that must not be shown: tokens, codes, links that contain a token, a person's e-mail address and phone number.
//!
//! A [`Secret`] has no `Display`, and its `Debug` shows only the name of its kind. It is wiped from memory when it is dropped, and only
//! [`expose`](Secret::expose) returns its text. Only [`parse`](Secret::parse) makes one, so every value has passed its rule.

use core::fmt;
use core::marker::PhantomData;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use zeroize::Zeroizing;

/// A secret text of kind `K`.
pub struct Secret<K> {
    text: Zeroizing<String>,
    kind: PhantomData<fn() -> K>,
}

/// A kind of [`Secret`], with the rule for its texts. The trait is sealed, and the kinds are in [`kind`].
pub trait Kind: sealed::Sealed {
    /// The name that `Debug` shows.
    const NAME: &'static str;
    /// The name that [`BadInput`] shows, such as "e-mail address".
    const TITLE: &'static str;
    /// The rule in words, for the person whose input broke it.
    const RULE: &'static str;
    /// The part of an input that counts. What people type may have white space around it.
    #[must_use]
    fn clean(text: &str) -> &str {
        text
    }
    /// Whether `text` obeys the rule.
    fn allows(text: &str) -> bool;
    /// The form that may be shown.
    #[must_use]
    fn hint(text: &str) -> String {
        token_hint(text)
    }
}

/// An input that breaks the rule of its type. The error does not contain the input, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what} (expected {rule})")]
pub struct BadInput {
    /// The name of the expected value, such as "e-mail address".
    pub what: &'static str,
    /// The expected form.
    pub rule: &'static str,
}

impl<K: Kind> Secret<K> {
    /// Checks `text` against the kind's rule.
    ///
    /// # Errors
    /// [`BadInput`], which names the rule and not the input.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let text = K::clean(text);
        if K::allows(text) {
            Ok(Self { text: Zeroizing::new(text.to_owned()), kind: PhantomData })
        } else {
            Err(BadInput { what: K::TITLE, rule: K::RULE })
        }
    }

    /// A form that may be shown: the prefix and the last four characters of a token, the first letter and the domain of an e-mail address,
    /// the last four digits of a phone number, and nothing of anything else.
    #[must_use]
    pub fn hint(&self) -> String {
        K::hint(&self.text)
    }
}

/// The prefix that names the kind of token, and the last characters. For a short text, that would reveal too much.
fn token_hint(text: &str) -> String {
    let prefix = ["ot_pat_", "ot_clm_", "eyJ"].into_iter().find(|prefix| text.starts_with(prefix));
    match (prefix, text.len().checked_sub(4).and_then(|at| text.get(at..))) {
        (Some(prefix), Some(last)) if text.len() >= 20 => format!("{prefix}…{last}"),
        _ => "…".to_owned(),
    }
}

impl<K> Secret<K> {
    /// The text itself. The caller is responsible for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl<K: Kind> fmt::Debug for Secret<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(..)", K::NAME)
    }
}

impl<K> Clone for Secret<K> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), kind: PhantomData }
    }
}

impl<K> PartialEq for Secret<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Secret<K> {}

/// OpenTrain's API token, `ot_pat_...`. It is opaque.
pub type PersonalToken = Secret<kind::PersonalToken>;
/// OpenTrain's claim token, `ot_clm_...`. It starts and polls a claim, and is never a bearer token.
pub type ClaimToken = Secret<kind::ClaimToken>;
/// The link for the human. Its query contains the token of the attempt.
pub type ClaimLink = Secret<kind::ClaimLink>;
/// The code that the human types on the claim page. It is text and not a number (RFC 8628 section 6.1).
pub type UserCode = Secret<kind::UserCode>;
/// The one-time code that came by SMS: six digits.
pub type Otp = Secret<kind::Otp>;
/// SentryAgent's Agent Badge, a compact JWT. It is an identity card and a bearer secret at once.
pub type Badge = Secret<kind::Badge>;
/// A session of SentryAgent's registration.
pub type SessionId = Secret<kind::SessionId>;
/// A person's e-mail address (RFC 5321).
pub type Email = Secret<kind::Email>;
/// A phone number in E.164 form.
pub type Phone = Secret<kind::Phone>;

/// The kinds of [`Secret`], as types without values.
pub mod kind {
    use super::{Kind, String, format, sealed::Sealed};

    macro_rules! kinds {
        ($($name:ident $title:literal: $rule:literal, $allows:expr $(, clean $clean:expr)? $(, hint $hint:expr)?;)*) => {$(
            #[doc = concat!("Kind of [`super::", stringify!($name), "`].")]
            #[derive(Debug)]
            pub enum $name {}
            impl Sealed for $name {}
            impl Kind for $name {
                const NAME: &'static str = stringify!($name);
                const TITLE: &'static str = $title;
                const RULE: &'static str = $rule;
                $(fn clean(text: &str) -> &str { ($clean)(text) })?
                fn allows(text: &str) -> bool { ($allows)(text) }
                $(fn hint(text: &str) -> String { ($hint)(text) })?
            }
        )*};
    }

    kinds! {
        PersonalToken "API token": "visible ASCII characters only", is_token;
        ClaimToken "claim token": "visible ASCII characters only", is_token;
        ClaimLink "claim link": "an absolute link of visible ASCII characters", is_token, hint no_hint;
        UserCode "user code": "at most 64 visible ASCII characters", |text: &str| is_token(text) && text.len() <= 64, hint no_hint;
        Otp "one-time code": "exactly the 6 digits of the message, 0 to 9",
            |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()), clean str::trim, hint no_hint;
        Badge "Agent Badge": "visible ASCII characters only", is_token;
        SessionId "session id": "at most 256 visible ASCII characters", |text: &str| is_token(text) && text.len() <= 256, hint no_hint;
        Email "e-mail address": "an address like name@example.com", is_email, clean str::trim, hint email_hint;
        Phone "phone number": "E.164, like +15005550006: a plus sign, then 2 to 15 digits of which the first is not 0", is_e164, clean str::trim, hint phone_hint;
    }

    fn no_hint(_: &str) -> String {
        "…".into()
    }

    fn email_hint(text: &str) -> String {
        let (name, domain) = text.rsplit_once('@').unwrap_or_default();
        format!("{}…@{domain}", name.chars().next().unwrap_or('…'))
    }

    fn phone_hint(text: &str) -> String {
        format!("+…{}", text.len().checked_sub(4).and_then(|at| text.get(at..)).unwrap_or_default())
    }

    fn is_token(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Accepts the plain form of RFC 5321 section 4.1.2 (a dot-string at a domain name), with the letters of RFC 6531. Quoted names and
    /// address literals are refused, because no owner signs in with them.
    fn is_email(text: &str) -> bool {
        let Some((name, domain)) = text.rsplit_once('@') else { return false };
        let is_atom =
            |atom: &str| !atom.is_empty() && atom.chars().all(|char| char.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(char));
        text.len() <= 254 && name.len() <= 64 && name.split('.').all(is_atom) && is_domain(domain)
    }

    fn is_domain(domain: &str) -> bool {
        let is_label = |label: &str| {
            let is_fine = |char: char| char.is_alphanumeric() || char == '-';
            (1..=63).contains(&label.len()) && label.chars().all(is_fine) && !label.starts_with('-') && !label.ends_with('-')
        };
        let top = domain.rsplit_once('.').map(|(_, top)| top);
        domain.split('.').all(is_label) && top.is_some_and(|top| !top.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn is_e164(text: &str) -> bool {
        let Some(digits) = text.strip_prefix('+') else { return false };
        (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

mod sealed {
    pub trait Sealed {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn otp_is_six_ascii_digits() {
        assert_eq!(Otp::parse(" 012345\n").map(|otp| otp.expose().to_owned()), Ok("012345".to_owned()));
        for bad in ["", " ", "12345", "1234567", "12345a", "123 456", "１２３４５６"] {
            assert!(Otp::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn email_follows_the_syntax() {
        for good in ["owner@example.com", "a.b+c@sub.example.co", " x@example.org ", "müller@example.com"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "owner",
            "owner@",
            "@example.com",
            "a b@example.com",
            "x@example.com\r\nBcc: y@z.org",
            "Name <x@example.com>",
            "x@[127.0.0.1]",
            "x@localhost",
            "a@b@c.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-b.com",
            "a@b..com",
            "a@127.0.0.1",
            "a\u{202e}@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn phone_is_e164() {
        assert!(Phone::parse("+15005550006").is_ok());
        for bad in ["", "15005550006", "+05005550006", "+1 500 555", "+1", "+1234567890123456", "+１５"] {
            assert!(Phone::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_and_errors_do_not_show_the_text() {
        let canary = "ot_pat_8f2a_CANARYCANARY91cd";
        let token = PersonalToken::parse(canary).unwrap();
        assert_eq!(format!("{token:?}"), "PersonalToken(..)");
        assert_eq!(token.hint(), "ot_pat_…91cd");
        let error = Otp::parse("CANARY").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }

    #[test]
    fn hints_tell_little() {
        let hints: Vec<_> = [
            Email::parse("owner@example.com").unwrap().hint(),
            Phone::parse("+15005550006").unwrap().hint(),
            UserCode::parse("439218").unwrap().hint(),
        ]
        .into();
        assert_eq!(hints, ["o…@example.com", "+…0006", "…"]);
        // The end of a short token would be half of it.
        let hint = |token: &str| PersonalToken::parse(token).unwrap().hint();
        assert_eq!([hint("ot_pat_abcdefghi1234"), hint("ot_pat_abcdefgh1234")], ["ot_pat_…1234", "…"]);
        // A link or a token that contains an at sign is not an e-mail address.
        assert_eq!(ClaimLink::parse("https://app.opentrain.ai/claim?email=o@example.com&token=ot_cat_SECRET").unwrap().hint(), "…");
        assert_eq!(PersonalToken::parse("ot_pat_8f2a@CANARYCANARY91cd").unwrap().hint(), "ot_pat_…91cd");
    }
}
