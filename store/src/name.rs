//! Names that become folders: of a profile, and of a service.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The name of a profile, which is also the name of its folder.
///
/// It has 1 to 64 letters, digits, dots, underscores and hyphens, and does not begin with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

/// The key of a service: the host that the service has, or a fixed word for a service that the caller knows by name.
///
/// It has 1 to 255 lower-case letters, digits, dots, hyphens and colons, and begins with a letter or a digit. Its folder has an
/// underscore in place of each colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey(Cow<'static, str>);

/// A text that is not a name of the wanted kind. Its words are the rule that the text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct NameError {
    rule: &'static str,
}

impl ProfileName {
    /// The most bytes that a name has.
    pub const MAX_LEN: usize = 64;

    /// The profile that is used when nobody names one.
    pub const DEFAULT: &str = "default";

    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] when `text` breaks the rule above.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_name = (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(is_allowed) && !text.starts_with('.');
        let rule = "1 to 64 letters, digits, dots, underscores and hyphens, no dot at the beginning";
        if is_name { Ok(Self(text.to_owned())) } else { Err(NameError { rule }) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name with `-number` at its end. A long name loses its last letters to make room.
    pub(crate) fn numbered(&self, number: u32) -> Self {
        let ending = format!("-{number}");
        let room = Self::MAX_LEN - ending.len();
        Self(format!("{}{ending}", self.0.get(..room).unwrap_or(&self.0)))
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl ServiceKey {
    /// The key of OpenTrain.
    pub const OPENTRAIN: Self = Self(Cow::Borrowed("opentrain"));

    /// The key of SentryAgent.
    pub const SENTRYAGENT: Self = Self(Cow::Borrowed("sentryagent"));

    /// The most bytes that a key has.
    pub const MAX_LEN: usize = 255;

    /// Reads a key.
    ///
    /// # Errors
    /// [`NameError`] when `text` breaks the rule above.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':');
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let is_key = text.len() <= Self::MAX_LEN && begins_well && text.bytes().all(is_allowed);
        let rule = "1 to 255 lower-case letters, digits, dots, hyphens and colons, a letter or a digit at the beginning";
        if is_key { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(NameError { rule }) }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the folder that belongs to this key.
    pub(crate) fn folder(&self) -> String {
        self.0.replace(':', "_")
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

as_text!(ProfileName);
as_text!(ServiceKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_have_plain_names() {
        for good in ["default", "a", "A-b_c.9", "x".repeat(64).as_str()] {
            assert_eq!(ProfileName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", ".x", "a/b", "a b", "ä", "a\n", "x".repeat(65).as_str()] {
            assert!(ProfileName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_service_has_a_key_and_a_folder() {
        for (good, folder) in [("opentrain", "opentrain"), ("auth.example.com:8443", "auth.example.com_8443"), ("9", "9")] {
            assert_eq!(ServiceKey::parse(good).unwrap().folder(), folder);
        }
        for known in [ServiceKey::OPENTRAIN, ServiceKey::SENTRYAGENT] {
            assert_eq!(ServiceKey::parse(known.as_str()), Ok(known));
        }
        for bad in ["", ".", "..", ".x", "-x", ":1", "a/b", "a b", "A", "a_b", "ä", "a\0", "x".repeat(256).as_str()] {
            assert!(ServiceKey::parse(bad).is_err(), "{bad:?}");
        }
    }
}
