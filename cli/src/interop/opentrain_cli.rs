//! OpenTrain's own command: its file with the credential, and the variables that take precedence over it.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::env::{self, variable};
use crate::error::Error;
use crate::store::{StoreError, files};
use crate::sys;

/// The largest size of the file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The variables that contain another token than `stored`. OpenTrain's tools would use them.
pub(crate) fn shadowing(stored: &str) -> Vec<&'static str> {
    env::OPENTRAIN_TOKENS.into_iter().filter(|name| variable(name).is_some_and(|value| value.trim() != stored)).collect()
}

/// A warning about the variables in `names`, without their values. `None` if there are none.
pub(crate) fn shadow_words(names: &[&str]) -> Option<String> {
    let is = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty())
        .then(|| format!("{} {is} set to another token than the stored one: OpenTrain's own tools use the variable", names.join(", ")))
}

/// The path of the tool's file.
pub(crate) fn path() -> Result<PathBuf, Error> {
    let config =
        env::config().ok_or_else(|| Error::usage("neither XDG_CONFIG_HOME nor HOME says where OpenTrain's tool keeps its file"))?;
    Ok(config.join("opentrain").join("cli.json"))
}

/// The members of the file. Those that enlist does not know stay as they are, byte for byte.
#[derive(Debug, Default)]
pub(crate) struct ToolFile {
    members: Vec<(String, Box<RawValue>)>,
}

/// What we know of it.
pub(crate) const TOKEN: &str = "apiToken";
pub(crate) const BASE_URL: &str = "baseUrl";
pub(crate) const CLAIM_TOKEN: &str = "claimToken";

impl ToolFile {
    /// Reads the file. `None` if there is none. The file belongs to the tool, so links are followed and the mode is not checked.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = files::open_foreign(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        match read {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::unreadable(path, &error)),
            Ok(_) if bytes.len() as u64 > LARGEST => return Err(StoreError::foreign(path, "a file of at most 1 MiB")),
            Ok(_) => {}
        }
        // Only the position is reported, because serde's message could quote a secret.
        let broken = |error: serde_json::Error| {
            StoreError::corrupt(path, format_args!("it is no JSON object (line {}, column {})", error.line(), error.column()))
        };
        serde_json::from_slice(&bytes).map(Some).map_err(broken)
    }

    /// The text of a member. `None` if it is missing, null or empty.
    pub(crate) fn text(&self, name: &str, path: &Path) -> Result<Option<Zeroizing<String>>, StoreError> {
        // The tool uses the last of two members with the same name.
        let Some((_, value)) = self.members.iter().rev().find(|(own, _)| own == name) else { return Ok(None) };
        let text: Option<String> =
            serde_json::from_str(value.get()).map_err(|_| StoreError::corrupt(path, format_args!("its `{name}` is no text")))?;
        Ok(text.map(Zeroizing::new).filter(|text| !text.is_empty()))
    }

    /// Sets a member, or removes it.
    pub(crate) fn set(&mut self, name: &str, text: Option<&str>) -> Result<(), serde_json::Error> {
        let value = text.map(serde_json::value::to_raw_value).transpose()?;
        let position = self.members.iter().position(|(own, _)| own == name);
        self.members.retain(|(own, _)| own != name);
        if let Some(value) = value {
            self.members.insert(position.unwrap_or(self.members.len()).min(self.members.len()), (name.to_owned(), value));
        }
        Ok(())
    }

    /// Replaces the file, readable only by its owner. A link is followed.
    pub(crate) fn write(&self, path: &Path) -> Result<(), StoreError> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = files::parent(&target);
        sys::create_private_folders(folder).map_err(|error| StoreError::unwritable(folder, &error))?;
        let json = serde_json::to_vec_pretty(self).map_err(|error| StoreError::corrupt(&target, error))?;
        files::replace_in_place(&target, &Zeroizing::new([&json[..], b"\n"].concat()))
    }
}

impl<'de> Deserialize<'de> for ToolFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = ToolFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ToolFile, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(ToolFile { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Serialize for ToolFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(json: &str) -> ToolFile {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_not_ours_stays_as_it_was_written() {
        let mut file = file(r#"{"z": 1.0e400, "apiToken": "old", "a": {"x":  [1, 18446744073709551616]}, "claimToken": "c"}"#);
        file.set(TOKEN, Some("new")).unwrap();
        file.set(CLAIM_TOKEN, None).unwrap();
        file.set(BASE_URL, Some("https://app.opentrain.ai")).unwrap();
        let written = serde_json::to_string(&file).unwrap();
        let expected = r#"{"z":1.0e400,"apiToken":"new","a":{"x":  [1, 18446744073709551616]},"baseUrl":"https://app.opentrain.ai"}"#;
        assert_eq!(written, expected);
    }

    #[test]
    fn a_member_that_came_twice_comes_once() {
        let mut file = file(r#"{"apiToken":"a","x":0,"apiToken":"b"}"#);
        file.set(TOKEN, Some("c")).unwrap();
        assert_eq!(serde_json::to_string(&file).unwrap(), r#"{"apiToken":"c","x":0}"#);
    }

    #[test]
    fn text_null_nothing_and_what_is_no_text() {
        let (file, path) = (file(r#"{"apiToken":"a","baseUrl":null,"claimToken":7,"e":""}"#), Path::new("cli.json"));
        let text = |name| file.text(name, path).map(|text| text.map(|text| text.to_string()));
        assert_eq!(text("apiToken"), Ok(Some("a".to_owned())));
        assert_eq!((text("baseUrl"), text("e"), text("other")), (Ok(None), Ok(None), Ok(None)));
        assert!(text("claimToken").unwrap_err().to_string().contains("claimToken"));
    }
}
