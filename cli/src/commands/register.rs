//! `enlist register`.

use std::ffi::OsString;

use enlist_core::badge::{BadgeRegistration, Manifest, ManifestError};
use enlist_core::claim::{Claim, Enrolment, Label};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Origin, Step};

use super::claim;
use super::{Facts, Run, Start};
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
    Facts::new("register", &[("enlist register opentrain --agent-name build-bot", "see also: enlist register sentryagent --help")])
        .printing(Prints::Events);

impl Args {
    /// The command that was named.
    pub(super) fn named(&self) -> &dyn Run {
        match self {
            Self::Opentrain(args) => args,
            Self::Sentryagent(args) => args,
        }
    }
}

/// An anonymous registration, which its owner claims later
#[derive(Debug, clap::Args)]
pub(crate) struct OpentrainArgs {
    /// What the owner reads on the claim page
    #[arg(long, value_name = "NAME")]
    pub(crate) agent_name: Option<String>,
    /// The new account's organization
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Go straight on to the claim by this owner
    #[arg(long, value_name = "EMAIL")]
    pub(crate) claim: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static OPENTRAIN_FACTS: Facts = Facts::new(
    "register opentrain",
    &[
        ("enlist register opentrain --agent-name build-bot", "anonymous; the owner claims it later"),
        ("enlist register opentrain --claim owner@example.com --no-wait", "start the claim too, and return with link and code"),
    ],
)
.printing(Prints::Events)
.named("register");

impl Run for OpentrainArgs {
    fn facts(&self) -> &'static Facts {
        &OPENTRAIN_FACTS
    }

    fn service(&self) -> Option<Service> {
        Some(Service::Opentrain)
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        opentrain(self, &start.context()?)
    }
}

/// Manifest, profile check, a code by SMS, Agent Badge
#[derive(Debug, clap::Args)]
pub(crate) struct SentryagentArgs {
    /// The manifest; - for stdin. A template: enlist manifest init FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: OsString,
    /// A person has checked the public profile; send the SMS
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static SENTRYAGENT_FACTS: Facts = Facts::new(
    "register sentryagent",
    &[
        ("enlist register sentryagent --manifest agent.json", "asks whether the public profile is right, then for the code"),
        ("enlist register sentryagent --manifest agent.json --yes", "a person has looked at it: send the SMS"),
    ],
)
.printing(Prints::Events)
.named("register");

impl Run for SentryagentArgs {
    fn facts(&self) -> &'static Facts {
        &SENTRYAGENT_FACTS
    }

    fn service(&self) -> Option<Service> {
        Some(Service::Sentryagent)
    }

    fn run(&self, start: &Start<'_>) -> Result<Outcome, Error> {
        sentryagent(self, &start.context()?)
    }
}

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
        return Err(Error::Conflict("this profile has an identity or a registration at opentrain already".to_owned()));
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
    claim_next(&session, owner, registered, context.wait_policy_with_owner(&args.waiting))
}

/// Claims the agent by the owner whom `--claim` named when the registration was begun, once the registration has succeeded.
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

/// A registration whose answer was lost stands in the way: another account would be made. One that was certainly not carried
/// out does not.
fn clear_enrolments(session: &CliSession<'_>) -> Result<Option<Outcome>, Error> {
    for (record, ceremony) in session.locked.flows()?.into_iter().map(Flow::into_parts) {
        let mut enrolment = match ceremony {
            AnyCeremony::Enrolment(enrolment) => enrolment,
            AnyCeremony::Claim(_) => return Err(Error::UnderWay(format!("the claim {} is under way", record.name()))),
            AnyCeremony::BadgeRegistration(_) | AnyCeremony::BadgeRotation(_) => continue,
        };
        let name = record.name().to_owned();
        if let Step::InFlight(id) = enrolment.poll(now()) {
            // Its process is gone, and wrote no answer down.
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
        return Err(Error::Conflict("this profile has an identity at sentryagent already".to_owned()));
    }
    if let Some(stopped) = clear_registrations(&session)? {
        return Ok(stopped);
    }
    let origin_argv = origin_argv(Service::Sentryagent, &origin, &[("--manifest", &Some(source.argument()))]);
    let mut prompter = context.prompter();
    (prompter.pre_answers.yes, prompter.leave_at_otp) = (args.yes, args.waiting.no_wait);
    session.begin(BadgeRegistration::new(origin, manifest), Intent { argv: origin_argv, then_claim: None }, prompter, wait_policy)
}

/// A registration under way stands in the way of another, unless its session is over.
fn clear_registrations(session: &CliSession<'_>) -> Result<Option<Outcome>, Error> {
    for flow in session.locked.flows()? {
        let AnyCeremony::BadgeRegistration(registration) = flow.ceremony() else { continue };
        if registration.awaiting() == Awaiting::SmsAgain {
            return Ok(Some(registration.paused(&pause(flow.name()))));
        }
        if registration.expires_at().is_none_or(|end| now() < end) {
            return Err(Error::UnderWay(format!("the registration {} is under way", flow.name())));
        }
        session.locked.remove_flow(flow.name())?;
    }
    Ok(None)
}

fn pause(flow: &str) -> Pause<'_> {
    Pause { flow, interrupted: None, no_wait: false, is_ci: false, fails_fast: false, is_human: false, declined: false, handed_in: false }
}

/// The command line, for whoever begins anew.
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
    Error::Usage { message, hint: Some("enlist manifest check names every field that is wrong".to_owned()) }
}

/// The fields that are wrong, for the document.
pub(crate) fn fields(error: &ManifestError) -> Vec<WrongField> {
    match error {
        ManifestError::Fields(fields) => {
            fields.iter().map(|wrong| WrongField { field: wrong.field.to_string(), must_be: wrong.rule }).collect()
        }
        _ => Vec::new(),
    }
}
