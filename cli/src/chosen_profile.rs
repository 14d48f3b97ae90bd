//! Chooses the profile: the flag, else the variable, else the default that `profile use` set, else `default`.

use crate::caller::Environment;
use crate::commands::NeedsProfile;
use crate::env;
use crate::error::Error;
use crate::output::CarriedFlag;
use crate::store::{NameError, ProfileName};

/// The profile that a command works on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChosenProfile {
    pub(crate) name: ProfileName,
    /// A command line without `--profile` would use another profile, here or in a shell without our variable.
    pub(crate) must_be_named: bool,
}

impl ChosenProfile {
    /// Returns the profile for the output in any case, and as the second value whether it may be used.
    pub(crate) fn decide(flag: Option<ProfileName>, needs: NeedsProfile, environment: &Environment) -> (Self, Result<(), Error>) {
        let (variable, named) = variable(environment);
        let (used, readable) = apart(if needs != NeedsProfile::No { used() } else { Ok(None) });
        let readable = if needs == NeedsProfile::IfKnown { Ok(()) } else { readable };
        // Errors in settings that do not apply are ignored.
        let usable = if flag.is_some() || variable.is_some() { Ok(()) } else { named.and(readable) };
        (Self::among(flag, variable, used), usable)
    }

    /// Chooses the profile for a command line that cannot be parsed, as far as possible.
    pub(crate) fn found(flag: Option<ProfileName>, environment: &Environment) -> Self {
        Self::among(flag, variable(environment).0, used().unwrap_or_default())
    }

    /// The flag that printed command lines need to use this profile.
    pub(crate) fn flag(&self) -> Option<CarriedFlag> {
        self.must_be_named.then(|| ("--profile", self.name.to_string()))
    }

    fn among(flag: Option<ProfileName>, variable: Option<ProfileName>, used: Option<ProfileName>) -> Self {
        let used = used.unwrap_or_default();
        let name = flag.or_else(|| variable.clone()).unwrap_or_else(|| used.clone());
        let must_be_named = name != used || variable.is_some_and(|variable| variable != name);
        Self { name, must_be_named }
    }
}

fn variable(environment: &Environment) -> (Option<ProfileName>, Result<(), Error>) {
    apart(environment.profile.as_deref().map(ProfileName::parse).transpose().map_err(bad_variable))
}

fn apart(read: Result<Option<ProfileName>, Error>) -> (Option<ProfileName>, Result<(), Error>) {
    match read {
        Ok(name) => (name, Ok(())),
        Err(error) => (None, Err(error)),
    }
}

fn bad_variable(rule: NameError) -> Error {
    Error::usage(format_args!("ENLIST_PROFILE must be {rule}"))
}

/// The profile that `enlist profile use` chose. A missing home is not an error here.
fn used() -> Result<Option<ProfileName>, Error> {
    env::store_home()?.map_or(Ok(None), |home| Ok(home.used_profile()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_variable_used_default_and_what_must_be_named() {
        for (flag, variable, used, name, must_be_named) in [
            ("", "", "", "default", false),
            ("", "", "work", "work", false),
            ("", "env", "", "env", true),
            ("", "work", "work", "work", false),
            ("", "default", "work", "default", true),
            ("flag", "", "", "flag", true),
            ("default", "", "", "default", false),
            ("default", "env", "", "default", true),
            ("default", "", "work", "default", true),
            ("work", "", "work", "work", false),
            ("work", "env", "work", "work", true),
        ] {
            let text = |text: &str| ProfileName::parse(text).ok();
            let chosen = ChosenProfile::among(text(flag), text(variable), text(used));
            assert_eq!((chosen.name.as_str(), chosen.must_be_named), (name, must_be_named), "{flag} {variable} {used}");
        }
    }
}
