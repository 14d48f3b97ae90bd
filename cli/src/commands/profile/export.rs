//! `enlist profile export`: writes the credential into the file of a service's own tool.

use super::Tool;
use crate::commands::Facts;
use crate::commands::facts::runs;
use crate::commands::token::{credential_and_secret, warn_of_shadows};
use crate::context::Context;
use crate::error::Error;
use crate::interop::opentrain_cli::{self, BASE_URL, CLAIM_TOKEN, TOKEN, ToolFile};
use crate::output::data::Exported;
use crate::output::{Next, Outcome};
use crate::store::Service;
use crate::view::credential::hint;

/// Write the credential into the file of a service's own tool
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service's own tool
    #[arg(value_enum)]
    tool: Tool,
    /// The owner agrees to replace another credential in the tool's file
    #[arg(long)]
    yes: bool,
}

pub(crate) static FACTS: Facts =
    Facts::new("profile export", &[("enlist profile export opentrain", "writes the token into ~/.config/opentrain/cli.json")]);

runs!(Args, FACTS, Some(Service::Opentrain), |self, start| run(self.tool, self.yes, &start.context()?));

pub(super) fn run(tool: Tool, yes: bool, context: &Context<'_>) -> Result<Outcome, Error> {
    let Tool::Opentrain = tool;
    let (credential, secret) = credential_and_secret(Service::Opentrain, context)?;
    let path = opentrain_cli::path()?;
    let mut file = ToolFile::read(&path)?.unwrap_or_default();
    let data = Exported { path: path.display().to_string(), token_hint: hint(&credential) };

    let registration = credential.registration();
    let claim_token = registration.as_ref().map(|found| found.claim_token().expose());
    // A claim token beside our token belongs to our registration.
    let another = match (file.text(TOKEN, &path)?, file.text(CLAIM_TOKEN, &path)?) {
        (Some(other), _) => *other != *secret,
        (None, Some(other)) => Some(other.as_str()) != claim_token,
        (None, None) => false,
    };
    let question = format!("{} contains another token, which may be stored nowhere else. Replace it?", path.display());
    let answer = context.prompter().answer(yes || !another, &question)?;
    let next =
        Next::new(&["profile", "export", "opentrain", "--yes"], "when the owner agrees to replace the token in that file").for_owner();
    if let Some(stopped) = answer.unless_yes("may another token in the tool's file be replaced?", data.clone(), next) {
        return Ok(stopped);
    }
    file.set(TOKEN, Some(&secret)).map_err(Error::internal)?;
    file.set(BASE_URL, Some(&credential.base_url())).map_err(Error::internal)?;
    file.set(CLAIM_TOKEN, claim_token).map_err(Error::internal)?;
    file.write(&path)?;
    warn_of_shadows(Service::Opentrain, &secret, &[], context);
    context.output.text(format_args!("Wrote the token to {}.", path.display()))?;
    Ok(Outcome::ready(data))
}
