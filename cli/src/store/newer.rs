//! Files of a later version of enlist: not ours to read, and not damaged.

use serde::Deserialize;

/// What every file of ours begins with, in any version.
#[derive(Deserialize)]
struct Head {
    v: u64,
}

pub(super) fn is_newer(bytes: &[u8], version: u8) -> bool {
    serde_json::from_slice::<Head>(bytes).is_ok_and(|head| head.v > u64::from(version))
}
