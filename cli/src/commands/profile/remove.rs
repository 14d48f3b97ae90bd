//! `enlist profile remove`.

use serde_json::json;

use super::{Held, existing};
use crate::output::{Next, Outcome};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Service, Store};

pub(super) fn run(name: &str, yes: bool, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let profiles = existing(name, setting)?;
    let _locks = profiles.lock(name)?;
    let held = Held::read(name, setting)?;
    let data = json!({ "profile": name, "identities": held.identities, "pending": held.pending, "kept": held.kept });
    if !held.identities.is_empty() {
        let warning = "a removed credential stays good at its service, and nobody here can end it any more: enlist revoke does that first";
        setting.output.warn(warning.to_owned());
    }
    if !held.is_empty() && !yes {
        let question = format!("Remove profile {name}? Lost are then: {}.", held.words().join(", "));
        if !setting.voice().agrees(&question)? {
            setting.output.tell(format_args!("Lost would be: {}.", held.words().join(", ")))?;
            let next = Next::new(&["profile", "remove", name, "--yes"], "when the owner agrees to lose that");
            return Ok(Outcome::stopped(Problem::HumanNeeded("may what the profile holds be lost?"), data, Some(next)));
        }
    }
    for service in Service::ALL {
        setting.output.warn_of(Store::of(setting.home()?, name, service).clear_keyring());
    }
    profiles.remove(name)?;
    setting.output.text(format_args!("{name} is removed."))?;
    Ok(Outcome::ready(data))
}
