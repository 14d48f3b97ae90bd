//! The words of the tour: what each answer means, and what the played humans see and say.

use std::ops::ControlFlow;

use enlist_core::badge::{self, BadgeRegistration, OtpReason, PublicProfile};
use enlist_core::claim::{self, Claim, Enrolment, EnterCode};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, WaitReason};

use super::guide::Guide;
use crate::error::Error;

/// A ceremony whose human is played.
pub(super) trait TourCeremony: Ceremony {
    fn show(guide: &Guide<'_>, notice: &Self::Notice) -> Result<(), Error>;
    /// `Break` leaves the question open.
    fn ask(guide: &Guide<'_>, prompt: &Self::Prompt) -> Result<ControlFlow<(), Self::Answer>, Error>;
}

impl TourCeremony for Enrolment {
    fn show(_: &Guide<'_>, notice: &Self::Notice) -> Result<(), Error> {
        match *notice {}
    }

    fn ask(_: &Guide<'_>, _: &claim::EnrolmentPrompt) -> Result<ControlFlow<(), claim::EnrolmentAnswer>, Error> {
        Ok(ControlFlow::Break(()))
    }
}

impl TourCeremony for Claim {
    fn show(guide: &Guide<'_>, notice: &EnterCode) -> Result<(), Error> {
        guide.say(format_args!("    {}", notice.verification_uri.expose()))?;
        guide.say(format_args!("    code {}", notice.user_code.expose()))
    }

    fn ask(_: &Guide<'_>, prompt: &Self::Prompt) -> Result<ControlFlow<(), Self::Answer>, Error> {
        match *prompt {}
    }
}

impl TourCeremony for BadgeRegistration {
    fn show(_: &Guide<'_>, notice: &Self::Notice) -> Result<(), Error> {
        match *notice {}
    }

    fn ask(guide: &Guide<'_>, prompt: &badge::RegistrationPrompt) -> Result<ControlFlow<(), badge::RegistrationAnswer>, Error> {
        use badge::{RegistrationAnswer as Answer, RegistrationPrompt as Prompt};
        let answer = match prompt {
            Prompt::Profile { profile, .. } => {
                show_profile(guide, profile)?;
                guide.played("The developer reads it and agrees.")?;
                Answer::ProfileOk
            }
            Prompt::Otp { phone_hint, reason: OtpReason::Sent, .. } => {
                guide.played(format_args!("The developer reads the SMS on {phone_hint} and types its six digits."))?;
                Answer::Otp(Otp::parse(&guide.code_on_the_phone()?).map_err(Error::internal)?)
            }
            _ => return Ok(ControlFlow::Break(())),
        };
        Ok(ControlFlow::Continue(answer))
    }
}

fn show_profile(guide: &Guide<'_>, profile: &PublicProfile) -> Result<(), Error> {
    let PublicProfile { agent_name, agent_version, developer_name, contact_email, primary_goal, .. } = profile;
    guide.say(format_args!("    {agent_name} {agent_version} by {developer_name}, {}", contact_email.expose()))?;
    let (tools, tier) = (profile.tools.join(", "), profile.trust_tier.as_str());
    guide.say(format_args!("    {primary_goal}; {tools}; {tier}; {}", profile.data_residency))
}

/// What an answer means to somebody who sees it for the first time.
pub(super) fn meaning(path: &str, status: u16) -> &'static [&'static str] {
    match (path, status) {
        ("/api/agent/identity", 200) => &["The agent is registered: it has a first token, and 24 hours to find an owner."],
        ("/api/agent/identity/claim", 200) => &["The claim has begun. The service mails the link; the agent shows its owner both:"],
        ("/api/agent/oauth/token", 200) => &["Claimed. This answer holds the agent's token, and no other ever will."],
        ("/api/agent/oauth/token", 400) => &["Not yet (authorization_pending): the owner has still to act."],
        ("/v1/auth/verify-phone", 200) => &[
            "The manifest is accepted. Before any SMS, a person checks what becomes public, in",
            "the badge and for whoever looks the agent up:",
        ],
        ("/v1/auth/confirm-manifest", 200) => &["The service sends a one-time code by SMS."],
        ("/v1/auth/confirm", 200) => &["The code was right. This answer holds the agent's badge, and no other ever will."],
        _ => &[],
    }
}

pub(super) fn reason(why: &WaitReason) -> &'static str {
    match why {
        WaitReason::Pending => "it is the owner's turn",
        WaitReason::SlowedDown => "it is the owner's turn, and the service wants fewer polls",
        _ => "a passing trouble, then the same again",
    }
}
