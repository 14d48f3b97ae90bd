//! The head of every JSON file of the store: `{"format": .., "version": .., "minor": ..}`.
//!
//! An addition to a format raises its minor, and a change raises its version. A file of a greater minor is read as far as this
//! version knows it, and never written; a file of a greater version is not even read. At our own minor a member that we do not know
//! is damage.

use std::borrow::Cow;
use std::path::Path;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::StoreError;

/// A kind of file, and the newest form of it that this version knows.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) minor: u32,
}

/// The content of a file after its head.
pub(crate) trait Body {
    /// The names of its members.
    const MEMBERS: &'static [&'static str];
}

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// A newer version of enlist wrote it.
    Newer,
    /// An unreleased version of enlist wrote it.
    Unreleased,
    /// It is not what was written; with the reason, which quotes nothing of it.
    Damaged(String),
}

impl Unusable {
    pub(crate) fn damaged(reason: impl ToString) -> Self {
        Self::Damaged(reason.to_string())
    }

    /// The error about the file at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Newer => StoreError::Newer { path },
            Self::Unreleased => StoreError::Unreleased { path },
            Self::Damaged(reason) => StoreError::Corrupt { path, reason },
        }
    }
}

/// The bytes of a file whose head has been read.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    bytes: &'a [u8],
    /// Whether the file has a greater minor than we know.
    pub(crate) is_newer: bool,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    format: Option<Cow<'a, str>>,
    version: Option<u32>,
    minor: Option<u32>,
    /// The version in files of unreleased versions.
    v: Option<IgnoredAny>,
}

#[derive(Serialize)]
struct Whole<'a, T> {
    format: &'a str,
    version: u32,
    minor: u32,
    #[serde(flatten)]
    body: &'a T,
}

impl Format {
    /// Reads the head of `bytes`.
    pub(crate) fn open<'a>(&self, bytes: &'a [u8]) -> Result<Opened<'a>, Unusable> {
        let head: Head<'_> = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
        let (format, version, minor) = match head {
            Head { format: None, v: Some(_), .. } => return Err(Unusable::Unreleased),
            Head { format: Some(format), version: Some(version), minor: Some(minor), .. } => (format, version, minor),
            _ => return Err(Unusable::damaged("it has no head of a file of enlist")),
        };
        if format != self.name {
            return Err(Unusable::damaged(format_args!("it should be a file of the format {}", self.name)));
        }
        match version {
            version if version > self.version => Err(Unusable::Newer),
            version if version < self.version => Err(Unusable::damaged("its version was never used")),
            _ => Ok(Opened { bytes, is_newer: minor > self.minor }),
        }
    }

    /// A file of this format that holds `body`.
    pub(crate) fn write<T: Serialize + Body>(&self, body: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let whole = Whole { format: self.name, version: self.version, minor: self.minor, body };
        serde_json::to_vec(&whole).map(Zeroizing::new)
    }
}

impl<'a> Opened<'a> {
    /// Reads a part of the file, for a look at it before the whole is read.
    pub(crate) fn glance<T: Deserialize<'a>>(&self) -> Result<T, Unusable> {
        serde_json::from_slice(self.bytes).map_err(|error| self.unless_newer(unreadable(&error)))
    }

    /// Reads what the file holds.
    pub(crate) fn read<T: Deserialize<'a> + Body>(&self) -> Result<T, Unusable> {
        let Names(names) = self.glance()?;
        let is_known = |name: &String| matches!(name.as_str(), "format" | "version" | "minor") || T::MEMBERS.contains(&name.as_str());
        if !self.is_newer && !names.iter().all(is_known) {
            return Err(Unusable::damaged("it has a member that it should not have"));
        }
        self.glance()
    }

    /// A newer file that cannot be read is not damaged.
    pub(crate) fn unless_newer(&self, unusable: Unusable) -> Unusable {
        if self.is_newer { Unusable::Newer } else { unusable }
    }
}

/// The position alone: serde's own words may quote a secret.
fn unreadable(error: &serde_json::Error) -> Unusable {
    Unusable::Damaged(position(error))
}

pub(crate) fn position(error: &serde_json::Error) -> String {
    format!("it cannot be read (line {}, column {})", error.line(), error.column())
}

/// The names of an object's members.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// For tests: the members of `body` as they are written.
#[cfg(test)]
pub(crate) fn written_names<T: Serialize>(body: &T) -> Vec<String> {
    let Names(names) = serde_json::from_slice(&serde_json::to_vec(body).unwrap()).unwrap();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format { name: "enlist-test", version: 2, minor: 3 };

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Test {
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<String>,
    }

    impl Body for Test {
        const MEMBERS: &'static [&'static str] = &["a", "b"];
    }

    fn read(json: &str) -> Result<(Test, bool), Unusable> {
        let opened = FORMAT.open(json.as_bytes())?;
        Ok((opened.read()?, opened.is_newer))
    }

    #[test]
    fn a_file_has_a_head() {
        let test = Test { a: 7, b: Some("x".to_owned()) };
        let bytes = FORMAT.write(&test).unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), r#"{"format":"enlist-test","version":2,"minor":3,"a":7,"b":"x"}"#);
        assert_eq!(read(std::str::from_utf8(&bytes).unwrap()), Ok((test, false)));
        assert_eq!(written_names(&Test { a: 7, b: Some(String::new()) }), Test::MEMBERS);
    }

    #[test]
    fn a_greater_minor_is_read_as_far_as_it_is_known() {
        assert_eq!(read(r#"{"format":"enlist-test","version":2,"minor":4,"a":7,"c":[]}"#), Ok((Test { a: 7, b: None }, true)));
        for cannot in [
            r#"{"format":"enlist-test","version":2,"minor":4,"a":300}"#,
            r#"{"format":"enlist-test","version":2,"minor":4,"c":7}"#,
            r#"{"format":"enlist-test","version":3,"minor":0,"a":7}"#,
        ] {
            assert_eq!(read(cannot), Err(Unusable::Newer), "{cannot}");
        }
    }

    #[test]
    fn what_is_not_as_it_was_written_is_damaged() {
        for damaged in [
            "",
            "[]",
            "{}",
            r#"{"format":"enlist-test"}"#,
            r#"{"format":"enlist-tent","version":2,"minor":3,"a":7}"#,
            r#"{"format":"enlist-test","version":1,"minor":3,"a":7}"#,
            r#"{"format":"enlist-test","version":2,"minor":-1,"a":7}"#,
            r#"{"format":"enlist-test","version":2,"minor":3,"a":7,"c":0}"#,
            r#"{"format":"enlist-test","version":2,"minor":3,"a":7,"a":8}"#,
            r#"{"format":"enlist-test","version":2,"minor":3}"#,
        ] {
            assert!(matches!(read(damaged), Err(Unusable::Damaged(_))), "{damaged}");
        }
        assert_eq!(read(r#"{"v":1,"a":7}"#), Err(Unusable::Unreleased));
    }
}
