//! The cache of the service's published keys.
//!
//! The keys are in `<home>/keys/<origin>.json`, with mode 0600 like every file here: whoever can write to it can sign badges. Each verdict
//! reports their age. If a badge names a key that is not among them, they are fetched again, but not more often than once a minute, because
//! the maker of a badge chooses its `kid`.

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
use crate::view::{Time, duration_words};
use crate::wait_policy::now;

const VERSION: u8 = 2;
/// The age from which keys are fetched again, if the service can be reached.
const FRESH: Duration = Duration::from_secs(3600);
/// The least time between two fetches because of an unknown key.
const REFETCH: Duration = Duration::from_secs(60);

/// The keys of a service, and the time when they were fetched.
pub(crate) struct Keys {
    pub(crate) jwks: Jwks,
    file: KeysFile,
    path: PathBuf,
    /// This command fetched the keys.
    is_new: bool,
}

/// The result of a search for newer keys.
pub(crate) enum Newer {
    /// The keys as the service publishes them now.
    Fetched(Keys),
    /// The keys at hand were fetched by this command, so there are no newer ones.
    None,
    /// The service may not be asked again yet. Whether it publishes the key cannot be told before this time has passed.
    NotYet(Duration),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    v: u8,
    origin: String,
    fetched_at: i64,
    /// The time when the keys were last requested because of an unknown key, even if that failed.
    refetched_at: Option<i64>,
    jwks: String,
}

impl Keys {
    /// The cached keys, whatever their age.
    pub(crate) fn cached(context: &Context<'_>, origin: &Origin) -> Result<Option<Self>, Error> {
        let path = path(context, origin)?;
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let file = serde_json::from_slice::<KeysFile>(&bytes).ok().filter(|file| file.v == VERSION && file.origin == origin.to_string());
        let read = file.and_then(|file| Jwks::parse(file.jwks.as_bytes()).ok().map(|jwks| (jwks, file)));
        // A cache that cannot be read counts as missing. The next fetch replaces it.
        Ok(read.map(|(jwks, file)| Self { jwks, file, path, is_new: false }))
    }

    /// Returns the cached keys if they are fresh, or else fetches new ones. If that fails, returns the old ones with a warning.
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

    /// Fetches newer keys, because a key is not among these.
    pub(crate) fn newer(&self, context: &Context<'_>, origin: &Origin) -> Result<Newer, Error> {
        if self.is_new {
            return Ok(Newer::None);
        }
        let now = now();
        if let Some(wait) = self.file.refetched_at.and_then(|at| wait_from(Timestamp::from_unix_ms(at), now)) {
            return Ok(Newer::NotYet(wait));
        }
        // Saved before the request, so that a request that fails counts as well.
        self.save(&KeysFile { refetched_at: Some(now.as_unix_ms()), ..self.file.clone() })?;
        Self::fetch_again(context, origin, Some(now.as_unix_ms())).map(Newer::Fetched)
    }

    fn fetch(context: &Context<'_>, origin: &Origin) -> Result<Self, Error> {
        Self::fetch_again(context, origin, None)
    }

    fn fetch_again(context: &Context<'_>, origin: &Origin, refetched_at: Option<i64>) -> Result<Self, Error> {
        let json = outcome_of(context, FetchJwks::new(origin))?;
        let jwks = Jwks::parse(json.as_bytes()).map_err(|error| Error::BadKeys(error.to_string()))?;
        let fetched_at = now().as_unix_ms();
        let file = KeysFile { v: VERSION, origin: origin.to_string(), fetched_at, refetched_at, jwks: json };
        let keys = Self { jwks, file, path: path(context, origin)?, is_new: true };
        // This command can use the keys even if they cannot be cached.
        if let Err(error) = keys.save(&keys.file) {
            context.output.warn(format!("the keys could not be cached: {}", error.message()));
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

    /// The time since the keys were fetched. `None` if that time is in the future: the clock was wrong then or is wrong now.
    fn age(&self) -> Option<Duration> {
        let (fetched_at, now) = (self.fetched_at(), now());
        (fetched_at <= now).then(|| now.since(fetched_at))
    }

    /// A warning if the age of the cached keys is not known.
    pub(crate) fn clock_warning(&self) -> Option<String> {
        self.age().is_none().then(|| self.old_words())
    }

    fn old_words(&self) -> String {
        match self.age() {
            Some(age) => format!("the cached keys are {} old", duration_words(age)),
            None => {
                format!("the cached keys are dated {}, which is in the future, so their age is not known", Time(self.fetched_at()).local())
            }
        }
    }

    /// The facts about the keys, for the document.
    pub(crate) fn summary(&self) -> data::Keys {
        let fetched_at = self.fetched_at().into();
        data::Keys { fetched_at, age_s: self.age().map(|age| age.as_secs()), cached: !self.is_new, usable: self.jwks.len() }
    }

    /// The text for people.
    pub(crate) fn words(&self) -> String {
        match self.age() {
            _ if self.is_new => "keys fetched just now".to_owned(),
            Some(age) => format!("keys fetched {} ago", duration_words(age)),
            None => format!("keys dated {}, which is in the future", Time(self.fetched_at()).local()),
        }
    }
}

/// The rest of the time in which the keys are not fetched again after `last`. A time in the future is ignored, because the clock was wrong.
fn wait_from(last: Timestamp, now: Timestamp) -> Option<Duration> {
    let passed = (last <= now).then(|| now.since(last))?;
    REFETCH.checked_sub(passed).filter(|wait| !wait.is_zero())
}

fn path(context: &Context<'_>, origin: &Origin) -> Result<PathBuf, Error> {
    let name: String =
        origin.to_string().chars().map(|char| if char.is_ascii_alphanumeric() || char == '.' { char } else { '_' }).collect();
    Ok(context.home()?.path().join("keys").join(format!("{name}.json")))
}
