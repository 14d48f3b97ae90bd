//! `enlist adopt`: a token that its owner created by hand.

use enlist_core::secret::PersonalToken;

use crate::args::AdoptArgs;
use crate::ceremonies::may_be_lost;
use crate::desk::Desk;
use crate::identity;
use crate::input::Source;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential, Flow, Service};

pub(crate) fn run(args: &AdoptArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let AdoptArgs::Opentrain { token_file } = args;
    let token = read(&Source::named("--token-file", token_file), setting)?;
    let base_url = origin(setting)?;
    keep(Credential::Token { base_url, token, scopes: Vec::new(), adopted: true }, setting)
}

/// Where the token is good: a token that was lost is replaced where the registration is; else wherever is meant.
fn origin(setting: &Setting<'_>) -> Result<String, Problem> {
    match setting.store(Service::Opentrain)?.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            setting.keeps_to(&credential.base_url())?;
            Ok(credential.base_url())
        }
        _ => Ok(setting.origin(Service::Opentrain)?.to_string()),
    }
}

/// Keeps a credential that no ceremony of ours brought, where nothing stands in its way.
pub(super) fn keep(credential: Credential, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let desk = Desk::open(setting, Service::Opentrain)?;
    desk.end_of(None)?;
    let flows = desk.session.flows()?;
    refuse_what_may_still_come(&desk, &flows)?;
    setting.output.warn_of(desk.session.keep(&credential)?);
    for flow in &flows {
        // The attempts of a registration that nobody will claim any more.
        if let AnyCeremony::Claim(_) = flow.ceremony() {
            desk.session.remove_flow(flow.name())?;
        }
    }
    identity::tell(&credential, setting.output)?;
    Ok(identity::ready(&credential))
}

/// A registration that can still be claimed is worth more than room for a token: it holds the only claim token.
fn refuse_what_may_still_come(desk: &Desk<'_>, flows: &[Flow]) -> Result<(), Problem> {
    if let Some(flow) = flows.iter().find(|flow| flow.is_pending()) {
        return Err(Problem::UnderWay(format!("{} is under way in this profile, and may bring a token yet", flow.name())));
    }
    let may_be_lost = flows.iter().any(|flow| matches!(flow.ceremony(), AnyCeremony::Claim(claim) if may_be_lost(claim)));
    match desk.session.credential()? {
        None => Ok(()),
        Some(Credential::Unclaimed(_)) if may_be_lost => Ok(()),
        Some(Credential::Unclaimed(_)) => {
            Err(Problem::Conflict("this profile has a registration at opentrain that can be claimed".to_owned()))
        }
        Some(_) => Err(Problem::Conflict("this profile has a token of opentrain already".to_owned())),
    }
}

fn read(source: &Source, setting: &Setting<'_>) -> Result<PersonalToken, Problem> {
    let text = source.read_text("the token", &setting.interrupt)?;
    let token = PersonalToken::parse(text.trim()).map_err(|error| source.refused(error))?;
    // The other secret of a registration, and never a bearer token.
    if token.expose().starts_with("ot_clm_") { Err(source.refused("this is a claim token, not an API token")) } else { Ok(token) }
}
