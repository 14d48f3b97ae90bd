//! The texts of the tour: the meaning of each answer, and what the simulated humans see and say.

use std::ops::ControlFlow;

use enlist_core::badge::{self, BadgeRegistration, OtpReason, PublicProfile};
use enlist_core::claim::{self, Claim, Enrolment, EnterCode};
use enlist_core::secret::Otp;
use enlist_core::{Ceremony, WaitReason};

use super::guide::Guide;
use crate::error::Error;

/// A ceremony with a simulated human.
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
                guide.played("The developer reads the profile and confirms it.")?;
                Answer::ProfileOk
            }
            Prompt::Otp { phone_hint, reason: OtpReason::Sent, .. } => {
                guide.played(format_args!("The developer reads the SMS on {phone_hint} and enters the six digits."))?;
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

/// The meaning of an answer, for a reader who is new to it.
pub(super) fn meaning(path: &str, status: u16) -> &'static [&'static str] {
    match (path, status) {
        ("/api/agent/identity", 200) => &["The agent is registered. It has a first token, and 24 hours to be claimed by an owner."],
        ("/api/agent/identity/claim", 200) => {
            &["The claim has begun. The service e-mails the link. The agent shows its owner the link and a code:"]
        }
        ("/api/agent/oauth/token", 200) => &["Claimed. Only this answer contains the agent's token."],
        ("/api/agent/oauth/token", 400) => &["Not yet (authorization_pending): the owner has not entered the code."],
        ("/v1/auth/verify-phone", 200) => &[
            "The service accepts the manifest. Before it sends an SMS, a person checks what",
            "becomes public in the badge and in the directory:",
        ],
        ("/v1/auth/confirm-manifest", 200) => &["The service sends a one-time code by SMS."],
        ("/v1/auth/confirm", 200) => &["The code was right. Only this answer contains the agent's badge."],
        _ => &[],
    }
}

pub(super) fn reason(why: &WaitReason) -> &'static str {
    match why {
        WaitReason::Pending => "the owner has not acted yet",
        WaitReason::SlowedDown => "the owner has not acted yet, and the service asked for fewer polls",
        _ => "a temporary problem; the request is repeated",
    }
}
