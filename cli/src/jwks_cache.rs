//! The service's published keys, kept from one command to the next.
//!
//! `<home>/keys/<origin>.json`, 0600 as everything here: whoever could write to it could sign badges. Their age is told with every
//! verdict. A key that is not among them has them fetched once more, but not more often than every five minutes: a `kid` is
//! whatever a badge's maker wrote.

use std::path::PathBuf;
use std::time::Duration;

use enlist_core::badge::FetchJwks;
use enlist_core::badge::verify::Jwks;
use enlist_core::{Origin, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::outcome_of;
use crate::context::Context;
use crate::error::Error;
use crate::output::data;
use crate::store::files;
use crate::wait_policy::now;

const VERSION: u8 = 1;
/// How old keys may be before they are fetched anew, where the service can be asked.
const FRESH: Duration = Duration::from_secs(3600);
/// The least time between two fetches because of an unknown key.
const REFETCH: Duration = Duration::from_secs(300);

/// Keys, and since when they are known.
pub(crate) struct Keys {
    pub(crate) jwks: Jwks,
    file: KeysFile,
    path: PathBuf,
    /// Fetched by this command.
    is_new: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    v: u8,
    origin: String,
    fetched_at: i64,
    /// When the service was asked last, whatever came of it.
    asked_at: i64,
    jwks: String,
}

impl Keys {
    /// The cached keys, whatever their age.
    pub(crate) fn cached(context: &Context<'_>, origin: &Origin) -> Result<Option<Self>, Error> {
        let path = path(context, origin)?;
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let file = serde_json::from_slice::<KeysFile>(&bytes).ok().filter(|file| file.v == VERSION && file.origin == origin.to_string());
        let read = file.and_then(|file| Jwks::parse(file.jwks.as_bytes()).ok().map(|jwks| (jwks, file)));
        // A cache that cannot be read is none; the next fetch replaces it.
        Ok(read.map(|(jwks, file)| Self { jwks, file, path, is_new: false }))
    }

    /// The cached keys if they are fresh, else new ones; old ones if there are no new ones to be had.
    pub(crate) fn fresh(context: &Context<'_>, origin: &Origin) -> Result<Self, Error> {
        let cached = Self::cached(context, origin)?;
        match cached {
            Some(keys) if keys.age().is_some_and(|age| age < FRESH) => Ok(keys),
            Some(keys) => match Self::fetch(context, origin) {
                Ok(new) => Ok(new),
                Err(stopped @ Error::Interrupted(_)) => Err(stopped),
                Err(error) => {
                    context.output.warn(format!("no newer keys could be fetched ({}); {}", error.message(), keys.old_words()));
                    Ok(keys)
                }
            },
            None => Self::fetch(context, origin),
        }
    }

    /// Newer keys than these, because one is wanted that is not among them. `None` when it is too early to ask again.
    pub(crate) fn newer(&self, context: &Context<'_>, origin: &Origin) -> Result<Option<Self>, Error> {
        let asked_at = Timestamp::from_unix_ms(self.file.asked_at);
        let is_too_early = now() >= asked_at && now().since(asked_at) < REFETCH;
        if self.is_new || is_too_early {
            return Ok(None);
        }
        // Before the request, so that one that fails counts as well.
        self.save(&KeysFile { asked_at: now().as_unix_ms(), ..self.file.clone() })?;
        Self::fetch(context, origin).map(Some)
    }

    fn fetch(context: &Context<'_>, origin: &Origin) -> Result<Self, Error> {
        let json = outcome_of(context, FetchJwks::new(origin))?;
        let jwks = Jwks::parse(json.as_bytes()).map_err(|error| Error::BadKeys(error.to_string()))?;
        let at = now().as_unix_ms();
        let file = KeysFile { v: VERSION, origin: origin.to_string(), fetched_at: at, asked_at: at, jwks: json };
        let keys = Self { jwks, file, path: path(context, origin)?, is_new: true };
        // Good for this command, whether they can be kept or not.
        if let Err(error) = keys.save(&keys.file) {
            context.output.warn(format!("the keys are not kept: {}", error.message()));
        }
        Ok(keys)
    }

    fn save(&self, file: &KeysFile) -> Result<(), Error> {
        let bytes = serde_json::to_vec(file).map_err(Error::internal)?;
        Ok(files::replace(&self.path, &bytes)?)
    }

    fn fetched_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.file.fetched_at)
    }

    /// The time since the keys were fetched. `None` when the clock says that they are still to be fetched: it was wrong then, or it is
    /// wrong now, so the age is not known.
    fn age(&self) -> Option<Duration> {
        let (fetched_at, now) = (self.fetched_at(), now());
        (fetched_at <= now).then(|| now.since(fetched_at))
    }

    /// A sentence for the user when the age of kept keys is not known.
    pub(crate) fn clock_warning(&self) -> Option<String> {
        self.age().is_none().then(|| self.old_words())
    }

    fn old_words(&self) -> String {
        match self.age() {
            Some(age) => format!("those kept are {} old", words(age)),
            None => format!("those kept are dated {}, which this clock has not reached: how old they are is not known", self.fetched_at()),
        }
    }

    /// For the document.
    pub(crate) fn summary(&self) -> data::Keys {
        let fetched_at = self.fetched_at().into();
        data::Keys { fetched_at, age_s: self.age().map(|age| age.as_secs()), cached: !self.is_new, usable: self.jwks.len() }
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        match self.age() {
            _ if self.is_new => "keys fetched just now".to_owned(),
            Some(age) => format!("keys fetched {} ago", words(age)),
            None => format!("keys dated {}, which is in the future", self.fetched_at()),
        }
    }
}

fn path(context: &Context<'_>, origin: &Origin) -> Result<PathBuf, Error> {
    let name: String =
        origin.to_string().chars().map(|char| if char.is_ascii_alphanumeric() || char == '.' { char } else { '_' }).collect();
    Ok(context.home()?.path().join("keys").join(format!("{name}.json")))
}

/// An age in its largest unit.
fn words(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        for (seconds, expected) in [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")] {
            assert_eq!(words(Duration::from_secs(seconds)), expected);
        }
    }
}
