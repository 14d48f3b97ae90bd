//! `enlist claim`.

use enlist_core::claim::{Claim, Registration};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Step};

use crate::args::ClaimArgs;
use crate::ceremonies::{ends_registration, take_in_lost};
use crate::desk::Desk;
use crate::output::{Next, Outcome, flag};
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Credential, Flow, FlowRecord, Intent, Service};
use crate::talk::Voice;

pub(crate) fn run(args: &ClaimArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let owner = owner("--email", &args.email)?;
    let patience = setting.patience_with_owner(&args.waiting);
    let desk = Desk::open(setting, Service::Opentrain)?;
    desk.end_of(None)?;
    if let Some(ended) = desk.end_of_any::<Claim>()? {
        return Ok(ended);
    }
    let registration = match desk.session.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            setting.keeps_to(&credential.base_url())?;
            credential.registration().ok_or(Problem::NotRegistered(Service::Opentrain))?
        }
        Some(_) => return Err(Problem::Conflict("this profile's registration has been claimed".to_owned())),
        None => return not_registered(&desk),
    };
    let latest = desk.session.flows()?.into_iter().map(Flow::into_parts).find_map(|(flow, ceremony)| match ceremony {
        AnyCeremony::Claim(claim) => Some((flow, claim)),
        AnyCeremony::Enrolment(_) | AnyCeremony::BadgeRegistration(_) | AnyCeremony::BadgeRotation(_) => None,
    });
    match latest {
        None => start(&desk, &registration, owner, args, patience),
        Some((flow, claim)) => go_on(&desk, flow, claim, owner, args, patience),
    }
}

/// An owner's address, as it was typed.
pub(crate) fn owner(flag: &str, email: &str) -> Result<Email, Problem> {
    Email::parse(email).map_err(|error| Problem::usage(format_args!("{flag}: {error}")))
}

/// What a claim by this owner is begun with.
pub(crate) fn intent(email: &str) -> Intent {
    Intent { argv: [vec!["claim".to_owned()], flag("--email", email.trim())].concat(), then_claim: None }
}

fn start(desk: &Desk<'_>, registration: &Registration, owner: Email, args: &ClaimArgs, patience: Patience) -> Result<Outcome, Problem> {
    desk.begin(Claim::new(registration, owner), intent(&args.email), voice(desk)?, patience)
}

/// The same owner's live attempt goes on; anything else is a new attempt in its place.
fn go_on(
    desk: &Desk<'_>,
    mut flow: FlowRecord,
    mut claim: Claim,
    owner: Email,
    args: &ClaimArgs,
    patience: Patience,
) -> Result<Outcome, Problem> {
    if let Step::InFlight(id) = claim.poll(now()) {
        // Its process is gone, and wrote no answer down.
        let mut store = desk.session.resume(flow)?;
        take_in_lost(&mut claim, id, &mut store)?;
        flow = store.flow().clone();
    }
    if let Step::Done(Err(failure)) = claim.poll(now())
        && ends_registration(&failure)
        && !args.restart
    {
        return Ok(desk.failed(&flow, failure));
    }
    flow.intent = intent(&args.email);
    let is_over = matches!(claim.poll(now()), Step::Done(_)) || claim.notice().is_some_and(|notice| notice.expires_at <= now());
    if args.restart || is_over || !is_same(claim.owner(), &owner) {
        let attempt = claim.restart(owner).map_err(Problem::internal)?;
        return desk.go_on(attempt, flow, voice(desk)?, patience);
    }
    let mut voice = voice(desk)?;
    show_again(&claim, &flow, &mut voice)?;
    desk.go_on(claim, flow, voice, patience)
}

/// Of an address only the part behind the `@` is written one way or another (RFC 5321 section 2.4).
fn is_same(one: &Email, other: &Email) -> bool {
    match (one.expose().rsplit_once('@'), other.expose().rsplit_once('@')) {
        (Some((one, at)), Some((other, there))) => one == other && at.eq_ignore_ascii_case(there),
        _ => one == other,
    }
}

/// With the name by which the owner knows the agent.
pub(crate) fn voice<'a>(desk: &Desk<'a>) -> Result<Voice<'a>, Problem> {
    let mut voice = desk.setting.voice();
    voice.agent = desk.session.credential()?.and_then(|credential| credential.agent_name().map(str::to_owned));
    Ok(voice)
}

/// Link and code once more, unless they are about to be shown.
pub(crate) fn show_again(claim: &Claim, flow: &FlowRecord, voice: &mut Voice<'_>) -> Result<(), Problem> {
    voice.output.is_in(flow.name());
    match claim.notice() {
        Some(notice) if !matches!(claim.poll(now()), Step::Notify(_)) => voice.enter_code(notice),
        _ => Ok(()),
    }
}

/// Nothing to claim. A registration that is under way is the way to it.
fn not_registered(desk: &Desk<'_>) -> Result<Outcome, Problem> {
    let problem = Problem::NotRegistered(Service::Opentrain);
    let Some(flow) = desk.session.flows()?.into_iter().next() else { return Err(problem) };
    let next = Next::new(&["resume", flow.name(), "--again"], "when the owner agrees to another registration, should the first be lost");
    Ok(Outcome::failed(problem, Some(next)))
}
