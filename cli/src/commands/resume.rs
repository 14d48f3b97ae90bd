//! `enlist resume`.

use super::claim::{self, show_again};
use super::pick::pick;
use super::register;
use crate::args::ResumeArgs;
use crate::desk::Desk;
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Flow, Service};

pub(crate) fn run(args: &ResumeArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    let (patience, with_owner) = (setting.patience(&args.waiting), setting.patience_with_owner(&args.waiting));
    let (service, name) = pick(setting, args.flow.as_deref(), &Service::ALL)?;
    setting.output.is_about(service);
    let desk = Desk::open(setting, service)?;
    if let Some(ended) = desk.end_of(Some(&name))? {
        return register::go_straight_on(&desk, desk.then_claim(&name), ended, with_owner);
    }
    let found = desk.session.flows()?.into_iter().find(|flow| flow.name() == name).map(Flow::into_parts);
    let Some((flow, ceremony)) = found else {
        return Err(Problem::usage(format_args!("{name}: it has just come to its end; see enlist status")));
    };
    setting.keeps_to(flow.snapshot().origin())?;
    let mut voice = setting.voice();
    (voice.yes, voice.again, voice.leave_at_otp) = (args.yes, args.again, args.waiting.no_wait);
    match ceremony {
        AnyCeremony::Enrolment(enrolment) => {
            let then_claim = flow.intent.then_claim.clone();
            let registered = desk.go_on(enrolment, flow, voice, patience)?;
            register::go_straight_on(&desk, then_claim, registered, with_owner)
        }
        AnyCeremony::BadgeRegistration(registration) => desk.go_on(registration, flow, voice, patience),
        // To ask again which badge is the right one is harmless; whoever resumes wants to know.
        AnyCeremony::BadgeRotation(rotation) => {
            voice.again = true;
            desk.go_on(rotation, flow, voice, patience)
        }
        AnyCeremony::Claim(claim) => {
            voice.agent = claim::voice(&desk)?.agent;
            show_again(&claim, &flow, &mut voice)?;
            desk.go_on(claim, flow, voice, with_owner)
        }
    }
}
