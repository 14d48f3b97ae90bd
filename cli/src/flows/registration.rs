//! The registration at SentryAgent.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::badge::{BadgeRegistration, OtpReason, PublicProfile, RegistrationAnswer, RegistrationPrompt};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, Step, Timestamp};

use super::{CliCeremony, Pause};
use crate::error::{Error, trouble_words};
use crate::output::data::{CeremonyData, PendingBadge};
use crate::output::event::{Action, ActionRequired, Event};
use crate::output::stderr::note;
use crate::output::{Next, Outcome};
use crate::prompt::{Prompter, parse_otp};
use crate::view::Time;
use crate::view::flow::Awaiting;
use crate::view::profile::Profile;
use crate::wait_policy::now;

/// What belongs on stdin.
pub(crate) const THE_CODE: &str = "the 6-digit code from the SMS";
const WHEN_OTP: &str = "when the code has come by SMS; pass it on stdin";

impl CliCeremony for BadgeRegistration {
    fn show(notice: &Infallible, _prompter: &mut Prompter<'_>) -> Result<(), Error> {
        match *notice {}
    }

    fn ask(prompt: &RegistrationPrompt, prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), RegistrationAnswer>, Error> {
        let answer = match prompt {
            RegistrationPrompt::Profile { profile, phone_hint } => {
                confirm_profile(profile, phone_hint, prompter)?.then_some(RegistrationAnswer::ProfileOk)
            }
            RegistrationPrompt::SmsAgain { .. } => {
                let question = "The answer to the order of an SMS was lost. Order another SMS? (Ignore the first one.)";
                let agreed = prompter.pre_answers.take_again() || {
                    let say =
                        "An SMS with a code was ordered, but the answer was lost. May another SMS be sent? Please ignore the first one.";
                    prompter.needs(
                        Action::SmsAgain,
                        say,
                        prompter.next_step("resume", &["--again"], "when the owner agrees to another SMS").for_owner(),
                    )?;
                    prompter.agrees(question)?
                };
                agreed.then_some(RegistrationAnswer::SmsAgain)
            }
            // The SMS did not arrive, and the owner agrees to another one.
            RegistrationPrompt::Otp { .. } if prompter.pre_answers.take_again() => Some(RegistrationAnswer::SmsAgain),
            RegistrationPrompt::Otp { reason, phone_hint, expires_at, .. } => {
                otp(reason, phone_hint, *expires_at, prompter)?.map(RegistrationAnswer::Otp)
            }
            _ => None,
        };
        Ok(answer.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    fn awaiting(&self) -> Awaiting {
        match self.poll(now()) {
            Step::Ask(RegistrationPrompt::Profile { .. }) => Awaiting::Profile,
            Step::Ask(RegistrationPrompt::SmsAgain { .. }) => Awaiting::SmsAgain,
            Step::Ask(RegistrationPrompt::Otp { .. }) => Awaiting::Otp,
            _ => Awaiting::Service,
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.poll(now()) {
            Step::Ask(RegistrationPrompt::Otp { expires_at, .. }) => expires_at,
            _ => None,
        }
    }

    fn warning(&self) -> Option<String> {
        self.is_unconfirmed()
            .then(|| "unconfirmed: the badge came in a damaged answer; enlist badge verify asks the service about it".to_owned())
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let data = PendingBadge {
            flow: pause.flow.to_owned(),
            public_profile: self.public_profile().into(),
            expires_at: self.expires_at().map(Time),
            awaiting: self.awaiting(),
            say_to_user: None,
        };
        match self.poll(now()) {
            Step::Ask(RegistrationPrompt::Profile { phone_hint, .. }) => {
                let next = pause.resume(&["--yes"], "when a person has checked data.public_profile").for_owner();
                let data = PendingBadge { say_to_user: Some(say_profile(&data.public_profile, &phone_hint)), ..data };
                if pause.is_ci || pause.declined {
                    let error = Error::HumanNeeded("is the public profile right? A code is sent to the phone next");
                    return pause.unanswered(error, CeremonyData::PendingBadge(data), next);
                }
                pause.pending(true, CeremonyData::PendingBadge(data), next)
            }
            Step::Ask(RegistrationPrompt::SmsAgain { .. }) => pause.unanswered(
                Error::AnswerLost,
                CeremonyData::PendingBadge(data),
                pause.resume(&["--again"], "when the owner agrees to another SMS").for_owner(),
            ),
            Step::Ask(RegistrationPrompt::Otp { reason, phone_hint, .. }) => awaiting_otp(reason, data, &phone_hint, pause),
            _ => pause.pending(
                false,
                CeremonyData::PendingBadge(data),
                pause.resume(&["--max-wait", "60s"], "when the service may have recovered").later(),
            ),
        }
    }
}

/// When to submit the code. A code that the service did not receive is still valid.
const fn when_otp(reason: &OtpReason) -> &'static str {
    match reason {
        OtpReason::NotTaken(_) | OtpReason::Interrupted => "when the service can be reached; pass the same code on stdin again",
        _ => WHEN_OTP,
    }
}

fn say_profile(profile: &Profile, phone_hint: &str) -> String {
    let profile = profile.lines().join("; ");
    format!("Is this profile right? {profile}. It becomes public, and an SMS with a code is sent to {phone_hint} next.")
}

fn say_otp(phone_hint: &str) -> String {
    format!("Which 6-digit code came by SMS to {phone_hint}? Only share it if you started this request.")
}

fn awaiting_otp(reason: OtpReason, data: PendingBadge, phone_hint: &str, pause: &Pause<'_>) -> Outcome {
    let data = CeremonyData::PendingBadge(PendingBadge { say_to_user: Some(say_otp(phone_hint)), ..data });
    let next = if pause.is_human {
        Next::new(&["otp", pause.flow], "when the code has come by SMS").for_owner()
    } else {
        Next::new(&["otp", pause.flow, "--otp-file", "-"], when_otp(&reason)).filling("stdin", THE_CODE)
    };
    match reason {
        OtpReason::Rejected(error) if pause.handed_in => pause.unanswered(Error::OtpRejected(Box::new(error)), data, next),
        _ if pause.is_ci && !pause.no_wait => pause.unanswered(Error::HumanNeeded("which code came by SMS?"), data, next),
        _ => pause.pending(true, data, next),
    }
}

fn confirm_profile(profile: &PublicProfile, phone_hint: &str, prompter: &mut Prompter<'_>) -> Result<bool, Error> {
    let profile = Profile::from(profile);
    if !prompter.output.is_events() {
        note("This profile becomes public, in the badge and in the service's directory:");
        profile.lines().iter().for_each(|line| note(format_args!("  {line}")));
    }
    if prompter.pre_answers.yes {
        return Ok(true);
    }
    let say = say_profile(&profile, phone_hint);
    let next = prompter.next_step("resume", &["--yes"], "when a person has checked the public profile").for_owner();
    let action = ActionRequired { public_profile: Some(profile), ..ActionRequired::new(Action::ConfirmProfile, say, next) };
    prompter.output.emit(&Event::ActionRequired(action))?;
    prompter.agrees(&format!("Is this right? It becomes public, and a code is sent to {phone_hint}."))
}

fn otp(reason: &OtpReason, phone_hint: &str, expires_at: Option<Timestamp>, prompter: &mut Prompter<'_>) -> Result<Option<Otp>, Error> {
    if let Some(otp) = prompter.pre_answers.otp.take() {
        prompter.handed_in = true;
        return Ok(Some(otp));
    }
    match reason {
        OtpReason::NotTaken(trouble) => prompter.output.warn(format!("the service still waits for the code: {}", trouble_words(trouble))),
        OtpReason::Interrupted => {
            prompter.output.warn("the service still waits for the code; the answer to the last one was lost".to_owned())
        }
        _ => {}
    }
    if let OtpReason::Rejected(_) = reason
        && prompter.handed_in
    {
        prompter.output.emit(&Event::OtpRejected { r#for: phone_hint.to_owned() })?;
    }
    let action = ActionRequired::new(
        Action::Otp,
        say_otp(phone_hint),
        prompter.next_step("otp", &["--otp-file", "-"], WHEN_OTP).filling("stdin", THE_CODE),
    );
    let (r#for, expires_at) = (Some(phone_hint.to_owned()), expires_at.map(Time));
    prompter.output.emit(&Event::OtpRequired(ActionRequired { r#for, expires_at, ..action }))?;
    match reason {
        OtpReason::Rejected(_) if prompter.may_ask => note("That code was wrong."),
        _ => {}
    }
    if !prompter.may_ask || prompter.leave_at_otp {
        return Ok(None);
    }
    loop {
        let Some(typed) = prompter.hidden_line(&format!("Code from the SMS to {phone_hint} (empty to stop): "))? else { return Ok(None) };
        if typed.trim().is_empty() {
            return Ok(None);
        }
        match parse_otp(&typed) {
            Ok(otp) => {
                prompter.handed_in = true;
                return Ok(Some(otp));
            }
            Err(error) => note(error),
        }
    }
}
