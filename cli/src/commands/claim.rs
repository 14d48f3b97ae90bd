//! `enlist claim`: lets the owner claim the registration.

use enlist_core::claim::{Claim, Registration};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Step};

use super::Facts;
use super::facts::runs;
use crate::args::Waiting;
use crate::context::Context;
use crate::error::Error;
use crate::flows::session::CliSession;
use crate::flows::{ends_registration, take_in_lost};
use crate::output::{Next, Outcome, Prints, flag};
use crate::prompt::Prompter;
use crate::store::{AnyCeremony, Credential, Flow, FlowRecord, Intent, Service};
use crate::wait_policy::{WaitPolicy, now};

/// Let the owner claim the registration at OpenTrain: shows a link and a code and waits for the token
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// E-mail address of the owner
    #[arg(long)]
    pub(crate) email: String,
    /// Start another attempt with a new code
    #[arg(long)]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

pub(super) static FACTS: Facts = Facts::new(
    "claim",
    &[
        ("enlist claim --email owner@example.com", "shows the link and the code and waits for the owner"),
        ("enlist claim --email owner@example.com --no-wait", "returns at once; enlist resume continues"),
    ],
)
.printing(Prints::Events);

runs!(Args, FACTS, Some(Service::Opentrain), |self, start| run(self, &start.context()?));

pub(crate) fn run(args: &Args, context: &Context<'_>) -> Result<Outcome, Error> {
    let owner = owner("--email", &args.email)?;
    let wait_policy = context.wait_policy_of_claim(&args.waiting);
    let session = CliSession::open(context, Service::Opentrain)?;
    if let Some(lost) = session.end_of(None)? {
        return Ok(lost);
    }
    if let Some(ended) = session.end_of_any::<Claim>()? {
        return Ok(ended);
    }
    let registration = match session.locked.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            context.keeps_to(&credential.base_url())?;
            credential.registration().ok_or(Error::NotRegistered(Service::Opentrain))?
        }
        Some(_) => return Err(Error::Conflict("this profile's registration is already claimed".to_owned())),
        None => return not_registered(&session),
    };
    let latest = session.locked.flows()?.into_iter().map(Flow::into_parts).find_map(|(flow, ceremony)| match ceremony {
        AnyCeremony::Claim(claim) => Some((flow, claim)),
        AnyCeremony::Enrolment(_) | AnyCeremony::BadgeRegistration(_) | AnyCeremony::BadgeRotation(_) => None,
    });
    match latest {
        None => start(&session, &registration, owner, args, wait_policy),
        Some((flow, claim)) => continue_claim(&session, flow, claim, owner, args, wait_policy),
    }
}

/// Parses the owner's address.
pub(crate) fn owner(flag: &str, email: &str) -> Result<Email, Error> {
    Email::parse(email).map_err(|error| Error::usage(format_args!("{flag}: {error}")))
}

/// The intent of a claim by this owner.
pub(crate) fn intent(email: &str) -> Intent {
    Intent { argv: [vec!["claim".to_owned()], flag("--email", email.trim())].concat(), then_claim: None }
}

fn start(
    session: &CliSession<'_>,
    registration: &Registration,
    owner: Email,
    args: &Args,
    wait_policy: WaitPolicy,
) -> Result<Outcome, Error> {
    session.begin(Claim::new(registration, owner), intent(&args.email), prompter(session)?, wait_policy)
}

/// Continues the attempt of the same owner, or else replaces it by a new one.
fn continue_claim(
    session: &CliSession<'_>,
    mut flow: FlowRecord,
    mut claim: Claim,
    owner: Email,
    args: &Args,
    wait_policy: WaitPolicy,
) -> Result<Outcome, Error> {
    if let Step::InFlight(id) = claim.poll(now()) {
        // The process that sent the request has ended and has stored no answer.
        let mut store = session.locked.resume(flow)?;
        take_in_lost(&mut claim, id, &mut store)?;
        flow = store.flow().clone();
    }
    if let Step::Done(Err(failure)) = claim.poll(now())
        && ends_registration(&failure)
        && !args.restart
    {
        return Ok(session.failed(&flow, failure));
    }
    let is_over = matches!(claim.poll(now()), Step::Done(_)) || claim.notice().is_some_and(|notice| notice.expires_at <= now());
    if claim.notice().is_some() && !is_over && !args.restart && !is_same(claim.owner(), &owner) {
        return Ok(refuse_other_owner(&args.email));
    }
    flow.intent = intent(&args.email);
    if args.restart || is_over || !is_same(claim.owner(), &owner) {
        let attempt = claim.restart(owner).map_err(Error::internal)?;
        return session.continue_flow(attempt, flow, prompter(session)?, wait_policy);
    }
    let mut prompter = prompter(session)?;
    show_again(&claim, &flow, &mut prompter)?;
    session.continue_flow(claim, flow, prompter, wait_policy)
}

/// The outcome when the code for another owner is still valid. It is replaced only with `--restart`.
fn refuse_other_owner(email: &str) -> Outcome {
    let argv = [vec!["claim".to_owned()], flag("--email", email.trim()), vec!["--restart".to_owned()]].concat();
    Outcome::failed(Error::OtherOwner, Some(Next::of(&argv, "when the first owner's code is no longer needed")))
}

/// Whether two addresses are the same owner's. Their case is ignored, because no mail service distinguishes it in practice.
fn is_same(one: &Email, other: &Email) -> bool {
    one.expose().to_lowercase() == other.expose().to_lowercase()
}

/// A prompter that shows the agent's name to the owner.
pub(crate) fn prompter<'a>(session: &CliSession<'a>) -> Result<Prompter<'a>, Error> {
    let mut prompter = session.context.prompter();
    prompter.agent = session.locked.credential()?.and_then(|credential| credential.agent_name().map(str::to_owned));
    Ok(prompter)
}

/// Shows the link and the code again, unless the ceremony is about to show them.
pub(crate) fn show_again(claim: &Claim, flow: &FlowRecord, prompter: &mut Prompter<'_>) -> Result<(), Error> {
    prompter.output.is_in(flow.name());
    match claim.notice() {
        Some(notice) if !matches!(claim.poll(now()), Step::Notify(_)) => prompter.enter_code(notice),
        _ => Ok(()),
    }
}

/// The outcome when there is nothing to claim. A pending registration leads to one.
fn not_registered(session: &CliSession<'_>) -> Result<Outcome, Error> {
    let error = Error::NotRegistered(Service::Opentrain);
    let Some(flow) = session.locked.flows()?.into_iter().next() else { return Err(error) };
    let next = Next::new(&["resume", flow.name(), "--again"], "when the owner agrees to another registration if the first one is lost")
        .for_owner();
    Ok(Outcome::failed(error, Some(next)))
}
