//! `enlist register`: registers the agent at a service.

use std::ffi::OsString;

use enlist_core::badge::{BadgeRegistration, Manifest, ManifestError};
use enlist_core::claim::{Claim, Enrolment, Label};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Origin, Step};

use super::claim;
use super::facts::runs;
use super::{Facts, Run};
use crate::args::Waiting;
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::flows::{CliCeremony, Pause, take_in_lost};
use crate::input::Source;
use crate::output::data::WrongField;
use crate::output::{self, Outcome, Prints};
use crate::store::{AnyCeremony, Flow, Intent, Service};
use crate::view::flow::Awaiting;
use crate::wait_policy::{WaitPolicy, now};

/// Register an agent at a service
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    Opentrain(OpentrainArgs),
    Sentryagent(SentryagentArgs),
}

pub(super) static FACTS: Facts =
    Facts::new("register", &[("enlist register opentrain --agent-name build-bot", "see also enlist register sentryagent --help")])
        .printing(Prints::Events);

impl Args {
    /// The subcommand that was named.
    pub(super) fn named(&self) -> &dyn Run {
        match self {
            Self::Opentrain(args) => args,
            Self::Sentryagent(args) => args,
        }
    }
}

/// Register anonymously; the owner claims the registration later
#[derive(Debug, clap::Args)]
pub(crate) struct OpentrainArgs {
    /// Name of the agent on the claim page
    #[arg(long, value_name = "NAME")]
    pub(crate) agent_name: Option<String>,
    /// Organization of the new account
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// E-mail address of the owner; start the claim right after the registration
    #[arg(long, value_name = "EMAIL")]
    pub(crate) claim: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static OPENTRAIN_FACTS: Facts = Facts::new(
    "register opentrain",
    &[
        ("enlist register opentrain --agent-name build-bot", "registers anonymously; the owner claims it later"),
        ("enlist register opentrain --claim owner@example.com --no-wait", "starts the claim too and returns the link and the code"),
    ],
)
.printing(Prints::Events)
.named("register");

runs!(OpentrainArgs, OPENTRAIN_FACTS, Some(Service::Opentrain), |self, start| opentrain(self, &start.context()?));

/// Register with a manifest: a person checks the profile and enters a code from an SMS, and the service issues a badge
#[derive(Debug, clap::Args)]
pub(crate) struct SentryagentArgs {
    /// File with the manifest; - for stdin. enlist manifest init FILE writes a template
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: OsString,
    /// A person has checked the public profile, so the SMS may be sent
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static SENTRYAGENT_FACTS: Facts = Facts::new(
    "register sentryagent",
    &[
        ("enlist register sentryagent --manifest agent.json", "asks whether the public profile is right, and then for the code"),
        ("enlist register sentryagent --manifest agent.json --yes", "a person has checked the profile, so the SMS may be sent"),
    ],
)
.printing(Prints::Events)
.named("register");

runs!(SentryagentArgs, SENTRYAGENT_FACTS, Some(Service::Sentryagent), |self, start| sentryagent(self, &start.context()?));

/// The flag that names the owner who claims the agent next.
const CLAIM: &str = "--claim";

fn opentrain(args: &OpentrainArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    let label = |flag: &str, text: &Option<String>| {
        text.as_deref().map(Label::parse).transpose().map_err(|error| Error::usage(format_args!("{flag}: {error}")))
    };
    let (agent, organization) = (label("--agent-name", &args.agent_name)?, label("--organization", &args.organization)?);
    let owner = args.claim.as_deref().map(|email| claim::owner(CLAIM, email)).transpose()?;
    let origin = context.origin(Service::Opentrain)?;
    let wait_policy = context.wait_policy(&args.waiting);

    let session = CliSession::open(context, Service::Opentrain)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    if session.locked.credential()?.is_some() {
        return Err(Error::Conflict("this profile already has an identity or a registration at opentrain".to_owned()));
    }
    if let Some(stopped) = clear_enrolments(&session)? {
        return Ok(stopped);
    }
    let origin_argv = origin_argv(
        Service::Opentrain,
        &origin,
        &[("--agent-name", &args.agent_name), ("--organization", &args.organization), (CLAIM, &args.claim)],
    );
    let enrolment = Enrolment::new(origin, agent, organization);
    let intent = Intent { argv: origin_argv, then_claim: owner.clone() };
    let registered = session.begin(enrolment, intent, context.prompter(), wait_policy)?;
    claim_next(&session, owner, registered, context.wait_policy_of_claim(&args.waiting))
}

/// Starts the claim by the owner that `--claim` named, if the registration has succeeded.
pub(super) fn claim_next(
    session: &CliSession<'_>,
    owner: Option<Email>,
    registered: Outcome,
    wait_policy: WaitPolicy,
) -> Result<Outcome, Error> {
    match owner {
        Some(owner) if registered.is_ready() => claim_it(session, owner, wait_policy).map(|outcome| outcome.with(&registered)),
        _ => Ok(registered),
    }
}

fn claim_it(session: &CliSession<'_>, owner: Email, wait_policy: WaitPolicy) -> Result<Outcome, Error> {
    let registration = session.locked.credential()?.and_then(|credential| credential.registration());
    let registration = registration.ok_or_else(|| Error::internal("the registration is gone"))?;
    let intent = claim::intent(owner.expose());
    session.begin(Claim::new(&registration, owner), intent, claim::prompter(session)?, wait_policy)
}

/// Removes earlier enrolments that were certainly not carried out. An enrolment whose answer was lost stops the command, because
/// another one would make a second account.
fn clear_enrolments(session: &CliSession<'_>) -> Result<Option<Outcome>, Error> {
    for (record, ceremony) in session.locked.flows()?.into_iter().map(Flow::into_parts) {
        let mut enrolment = match ceremony {
            AnyCeremony::Enrolment(enrolment) => enrolment,
            AnyCeremony::Claim(_) => return Err(Error::UnderWay(format!("the claim {} is pending", record.name()))),
            AnyCeremony::BadgeRegistration(_) | AnyCeremony::BadgeRotation(_) => continue,
        };
        let name = record.name().to_owned();
        if let Step::InFlight(id) = enrolment.poll(now()) {
            // The process that sent the request has ended and has stored no answer.
            take_in_lost(&mut enrolment, id, &mut session.locked.resume(record)?)?;
        }
        if let Step::Ask(_) = enrolment.poll(now()) {
            return Ok(Some(enrolment.paused(&pause(&name))));
        }
        session.locked.remove_flow(&name)?;
    }
    Ok(None)
}

fn sentryagent(args: &SentryagentArgs, context: &Context<'_>) -> Result<Outcome, Error> {
    let source = Source::named("--manifest", &args.manifest);
    let manifest = Manifest::from_json(&source.read("the manifest", &context.interrupt)?).map_err(|error| bad_manifest(&source, &error))?;
    let origin = context.origin(Service::Sentryagent)?;
    let wait_policy = context.wait_policy(&args.waiting);

    let session = CliSession::open(context, Service::Sentryagent)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    if session.locked.credential()?.is_some() {
        return Err(Error::Conflict("this profile already has an identity at sentryagent".to_owned()));
    }
    if let Some(stopped) = clear_registrations(&session)? {
        return Ok(stopped);
    }
    let origin_argv = origin_argv(Service::Sentryagent, &origin, &[("--manifest", &Some(source.argument()))]);
    let mut prompter = context.prompter();
    (prompter.pre_answers.yes, prompter.leave_at_otp) = (args.yes, args.waiting.no_wait);
    session.begin(BadgeRegistration::new(origin, manifest), Intent { argv: origin_argv, then_claim: None }, prompter, wait_policy)
}

/// Removes registrations whose session has ended. A pending one stops the command.
fn clear_registrations(session: &CliSession<'_>) -> Result<Option<Outcome>, Error> {
    for flow in session.locked.flows()? {
        let AnyCeremony::BadgeRegistration(registration) = flow.ceremony() else { continue };
        if registration.awaiting() == Awaiting::SmsAgain {
            return Ok(Some(registration.paused(&pause(flow.name()))));
        }
        if registration.expires_at().is_none_or(|end| now() < end) {
            return Err(Error::UnderWay(format!("the registration {} is pending", flow.name())));
        }
        session.locked.remove_flow(flow.name())?;
    }
    Ok(None)
}

fn pause(flow: &str) -> Pause<'_> {
    Pause { flow, interrupted: None, no_wait: false, is_ci: false, fails_fast: false, is_human: false, declined: false, handed_in: false }
}

/// The command line that begins this registration again.
fn origin_argv(service: Service, origin: &Origin, flags: &[(&str, &Option<String>)]) -> Vec<String> {
    let mut words = vec!["register".to_owned(), service.name().to_owned()];
    for (flag, value) in flags {
        words.extend(value.iter().flat_map(|value| output::flag(flag, value)));
    }
    let origin = origin.to_string();
    if origin != service.base_url() {
        words.extend(["--base-url".to_owned(), origin]);
    }
    words
}

fn bad_manifest(source: &Source, error: &ManifestError) -> Error {
    let message = format!("--manifest {}: {error}", source.argument());
    Error::Usage { message, hint: Some("`enlist manifest check FILE` reports every wrong field".to_owned()) }
}

/// The wrong fields, for the document.
pub(crate) fn fields(error: &ManifestError) -> Vec<WrongField> {
    match error {
        ManifestError::Fields(fields) => {
            fields.iter().map(|wrong| WrongField { field: wrong.field.to_string(), must_be: wrong.rule }).collect()
        }
        _ => Vec::new(),
    }
}
