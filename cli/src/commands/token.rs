//! `enlist token`: the only command that prints a credential.

use zeroize::Zeroizing;

use crate::args::{TokenArgs, TokenFormat};
use crate::desk::Desk;
use crate::env;
use crate::opentrain_tool::{shadow_words, shadowing};
use crate::output::data::Secret;
use crate::output::{Outcome, quoted};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Service};
use crate::view::credential::{Kind, State};

pub(crate) fn run(args: &TokenArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (credential, secret) = held(args.service, setting)?;
    warn_of_shadows(args.service, &secret, &[], setting);
    let data = data(args.service, &credential, secret.clone());
    match args.format {
        TokenFormat::Raw => setting.output.text(&*secret)?,
        TokenFormat::Header => setting.output.text(format_args!("Authorization: Bearer {}", *secret))?,
        TokenFormat::Env => setting.output.text(format_args!("{}={}", env::credential(args.service), quoted(&secret)))?,
        TokenFormat::Json => setting.output.text(serde_json::to_string(&data).map_err(Problem::internal)?)?,
    }
    Ok(Outcome::ready(data))
}

/// The credential of this profile, and its secret.
pub(super) fn held(service: Service, setting: &Setting<'_>) -> Result<(Credential, Zeroizing<String>), Problem> {
    let store = Desk::look(setting, service)?;
    let credential = store.credential()?.ok_or(Problem::NotRegistered(service))?;
    let secret = credential.expose().ok_or(Problem::NotRegistered(service))?;
    Ok((credential, secret))
}

/// Tells of the variables that hold another token and that OpenTrain's tools would go by, but for those that are `ours` to set.
pub(super) fn warn_of_shadows(service: Service, secret: &str, ours: &[&str], setting: &Setting<'_>) {
    if service == Service::Opentrain {
        let names: Vec<_> = shadowing(secret).into_iter().filter(|name| !ours.contains(name)).collect();
        setting.output.warn_of(shadow_words(&names));
    }
}

fn data(service: Service, credential: &Credential, token: Zeroizing<String>) -> Secret {
    Secret { service, kind: Kind::of(credential), state: State::of(credential), token }
}
