//! Reads a list of scripted answers from JSON.

use serde_json::Value;

use super::Scripted;

/// Why a list of scripted answers was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// The text is not a JSON array.
    #[error("the faults must be a JSON array: {0}")]
    NotAnArray(String),
    /// One entry is wrong.
    #[error("fault {index}{}: {reason}", at_path(.path.as_deref()))]
    Entry {
        /// The entry's index in the array, from 0.
        index: usize,
        /// The entry's `path`, if it has one.
        path: Option<String>,
        /// The reason.
        reason: String,
    },
}

fn at_path(path: Option<&str>) -> String {
    path.map(|path| format!(" ({path})")).unwrap_or_default()
}

/// Reads the content of a `--faults` file: a JSON array of [`Scripted`].
///
/// # Errors
/// Names the first entry that is not valid: an unknown or missing member, a status or header that HTTP does not allow, or
/// invalid base64.
pub fn parse_faults(json: &str) -> Result<Vec<Scripted>, FaultsError> {
    let entries: Vec<Value> = serde_json::from_str(json).map_err(|error| FaultsError::NotAnArray(error.to_string()))?;
    entries.into_iter().enumerate().map(|(index, entry)| parse_entry(index, entry)).collect()
}

fn parse_entry(index: usize, entry: Value) -> Result<Scripted, FaultsError> {
    let path = entry.get("path").and_then(Value::as_str).map(str::to_owned);
    let refuse = |reason: String| FaultsError::Entry { index, path: path.clone(), reason };
    let scripted: Scripted = serde_json::from_value(entry).map_err(|error| refuse(error.to_string()))?;
    match scripted.flaw() {
        Some(reason) => Err(refuse(reason)),
        None => Ok(scripted),
    }
}
