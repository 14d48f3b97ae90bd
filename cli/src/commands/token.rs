//! `enlist token`: the only command that prints a credential.

use zeroize::Zeroizing;

use crate::args::{TokenArgs, TokenFormat};
use crate::desk::Desk;
use crate::opentrain_tool::{shadow_words, shadowing};
use crate::output::Outcome;
use crate::output::data::Secret;
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
        TokenFormat::Env => setting.output.text(format_args!("{}={}", variable(args.service), *quoted(&secret)))?,
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

/// As a shell takes it, and a file of variables too: what is plain in both is not quoted.
fn quoted(secret: &str) -> Zeroizing<String> {
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:@+=,%".contains(&byte));
    Zeroizing::new(if is_plain { secret.to_owned() } else { format!("'{}'", secret.replace('\'', "'\\''")) })
}

fn data(service: Service, credential: &Credential, token: Zeroizing<String>) -> Secret {
    Secret { service, kind: Kind::of(credential), state: State::of(credential), token }
}

/// Where `exec` and `--format env` put a badge.
pub(crate) const BADGE_VARIABLE: &str = "SENTRYAGENT_BADGE";

/// OpenTrain's own tool reads it there; SentryAgent has none.
pub(super) const fn variable(service: Service) -> &'static str {
    match service {
        Service::Opentrain => "OPENTRAIN_API_TOKEN",
        Service::Sentryagent => BADGE_VARIABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_act_on_is_quoted() {
        assert_eq!(quoted("ot_pat_8f2a-9.x=").as_str(), "ot_pat_8f2a-9.x=");
        assert_eq!(quoted("a;rm$(x)'b").as_str(), r"'a;rm$(x)'\''b'");
    }
}
