//! `enlist token`: the only command that prints a credential.

use serde_json::{Value, json};

use crate::args::{TokenArgs, TokenFormat};
use crate::desk::Desk;
use crate::identity;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Service};

pub(crate) fn run(args: &TokenArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let store = Desk::look(setting, args.service)?;
    let credential = store.credential()?.ok_or(Problem::NotRegistered(args.service))?;
    let registration = credential.registration();
    let secret = match (&credential, &registration) {
        (Credential::Token { token, .. }, _) => token.expose(),
        (Credential::Badge { badge, .. }, _) => badge.expose(),
        (Credential::Unclaimed(_), Some(registration)) => registration.access_token().expose(),
        (Credential::Unclaimed(_), None) => return Err(Problem::NotRegistered(args.service)),
    };
    let data = data(args.service, &credential, secret);
    match args.format {
        TokenFormat::Raw => setting.output.text(secret)?,
        TokenFormat::Header => setting.output.text(format_args!("Authorization: Bearer {secret}"))?,
        TokenFormat::Env => setting.output.text(format_args!("{}={secret}", variable(args.service)))?,
        TokenFormat::Json => setting.output.text(&data)?,
    }
    Ok(Outcome::ready(data))
}

fn data(service: Service, credential: &Credential, secret: &str) -> Value {
    let (kind, state) = identity::kind_and_state(credential);
    json!({ "service": service.name(), "kind": kind, "state": state, "token": secret })
}

/// OpenTrain's own tool reads it there; SentryAgent has none.
const fn variable(service: Service) -> &'static str {
    match service {
        Service::Opentrain => "OPENTRAIN_API_TOKEN",
        Service::Sentryagent => "SENTRYAGENT_BADGE",
    }
}
