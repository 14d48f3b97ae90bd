//! Files that a newer version of enlist wrote: this version cannot read them, and they are not damaged.

use serde::Deserialize;

/// The member that every file of ours has, in any version.
#[derive(Deserialize)]
struct Head {
    v: u64,
}

/// Whether `bytes` is a file of a version above `version`.
pub(crate) fn is_newer(bytes: &[u8], version: u8) -> bool {
    serde_json::from_slice::<Head>(bytes).is_ok_and(|head| head.v > u64::from(version))
}
