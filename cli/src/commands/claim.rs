//! `enlist claim`.

use enlist_core::opentrain::{Claim, Registration};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Input, Step};

use crate::args::ClaimArgs;
use crate::ceremonies::{Live, ends_registration, show_code, take_in};
use crate::desk::Desk;
use crate::output::{Next, Outcome};
use crate::patience::{Patience, now};
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{Credential, Flow, Service};

pub(crate) fn run(args: &ClaimArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let owner = owner("--email", &args.email)?;
    let patience = setting.patience(&args.waiting);
    let desk = Desk::open(setting, Service::Opentrain)?;
    desk.end_of(None)?;
    if let Some(ended) = desk.end_of_any::<Claim>()? {
        return Ok(ended);
    }
    let registration = match desk.store.credential()? {
        Some(credential @ Credential::Unclaimed(_)) => {
            setting.keeps_to(&credential.base_url())?;
            credential.registration().ok_or(Problem::NotRegistered(Service::Opentrain))?
        }
        Some(_) => return Err(Problem::Conflict("this profile's registration has been claimed".to_owned())),
        None => return not_registered(&desk),
    };
    let latest = desk.flows()?.into_iter().find_map(|(flow, live)| if let Live::Claim(claim) = live { Some((flow, claim)) } else { None });
    match latest {
        None => start(&desk, &registration, owner, args, patience),
        Some((flow, claim)) => go_on(&desk, flow, claim, owner, args, patience),
    }
}

/// An owner's address, as it was typed.
pub(crate) fn owner(flag: &str, email: &str) -> Result<Email, Problem> {
    Email::parse(email).map_err(|error| Problem::usage(format_args!("{flag}: {error}")))
}

pub(crate) fn begun_by(email: &str) -> Vec<String> {
    ["claim", "--email", email.trim()].map(str::to_owned).into()
}

fn start(desk: &Desk<'_>, registration: &Registration, owner: Email, args: &ClaimArgs, patience: Patience) -> Result<Outcome, Problem> {
    desk.begin(Claim::new(registration, owner), begun_by(&args.email), desk.setting.voice(), patience)
}

/// The same owner's live attempt goes on; anything else is a new attempt in its place.
fn go_on(
    desk: &Desk<'_>,
    mut flow: Flow,
    mut claim: Claim,
    owner: Email,
    args: &ClaimArgs,
    patience: Patience,
) -> Result<Outcome, Problem> {
    if let Step::InFlight(id) = claim.poll(now()) {
        // Its process is gone, and wrote no answer down.
        take_in(&mut claim, Input::lost(id), &mut flow, &desk.store)?;
    }
    if let Step::Done(Err(failure)) = claim.poll(now())
        && ends_registration(&failure)
        && !args.restart
    {
        return Ok(desk.failed(&flow, failure));
    }
    flow.begun_by = begun_by(&args.email);
    let is_over = matches!(claim.poll(now()), Step::Done(_)) || claim.notice().is_some_and(|notice| notice.expires_at <= now());
    if args.restart || is_over || *claim.owner() != owner {
        let attempt = claim.restart(owner).map_err(Problem::internal)?;
        return desk.go_on(attempt, flow, desk.setting.voice(), patience);
    }
    show_again(&claim, desk)?;
    desk.go_on(claim, flow, desk.setting.voice(), patience)
}

/// Link and code once more, unless they are about to be shown.
pub(crate) fn show_again(claim: &Claim, desk: &Desk<'_>) -> Result<(), Problem> {
    match claim.notice() {
        Some(notice) if !matches!(claim.poll(now()), Step::Notify(_)) => show_code(notice, desk.setting.output),
        _ => Ok(()),
    }
}

/// Nothing to claim. A registration that is under way is the way to it.
fn not_registered(desk: &Desk<'_>) -> Result<Outcome, Problem> {
    let problem = Problem::NotRegistered(Service::Opentrain);
    let Some((flow, _)) = desk.flows()?.into_iter().next() else { return Err(problem) };
    let next = Next::new(&["resume", &flow.name, "--again"], "when the owner agrees to another registration, should the first be lost");
    Ok(Outcome::failed(problem, Some(next)))
}
