//! The claim at OpenTrain.

use std::convert::Infallible;
use std::ops::ControlFlow;

use enlist_core::claim::{Claim, EnterCode};
use enlist_core::{Ceremony, Failure, Step, Timestamp};

use super::{CliCeremony, Pause};
use crate::error::Error;
use crate::output::Outcome;
use crate::output::data::CeremonyData;
use crate::prompt::Prompter;
use crate::view::claim::{PendingClaim, WHEN_TO_RESUME};
use crate::view::flow::Awaiting;
use crate::wait_policy::now;

impl CliCeremony for Claim {
    fn show(notice: &EnterCode, prompter: &mut Prompter<'_>) -> Result<(), Error> {
        prompter.started = true;
        prompter.enter_code(notice)
    }

    fn ask(prompt: &Infallible, _prompter: &mut Prompter<'_>) -> Result<ControlFlow<(), Infallible>, Error> {
        match *prompt {}
    }

    fn awaiting(&self) -> Awaiting {
        if self.notice().is_some() { Awaiting::Owner } else { Awaiting::Service }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.notice().map(|notice| notice.expires_at)
    }

    fn paused(&self, pause: &Pause<'_>) -> Outcome {
        let next = if pause.is_human {
            pause.resume(&[], "while the code is valid; a claim by the same owner does the same")
        } else {
            pause.resume(&["--max-wait", "60s"], WHEN_TO_RESUME)
        };
        if pause.fails_fast && self.is_started() {
            let error = Error::HumanNeeded("the owner must open the link and enter the code");
            return pause.unanswered(error, CeremonyData::PendingClaim(PendingClaim::of(self, pause.flow)), next);
        }
        pause.pending(self.is_started(), CeremonyData::PendingClaim(PendingClaim::of(self, pause.flow)), next)
    }

    fn warning(&self) -> Option<String> {
        self.is_unconfirmed()
            .then(|| "unconfirmed: the token came in a damaged answer; enlist status --check asks the service about it".to_owned())
    }

    /// The owner can act once there is a code.
    fn is_started(&self) -> bool {
        self.notice().is_some()
    }
}

/// Whether the token is lost or may be lost, so that the owner has to create one by hand.
pub(crate) fn may_be_lost(claim: &Claim) -> bool {
    match claim.poll(now()) {
        Step::Done(Err(failure)) => claim.may_be_delivered() || ends_registration(&failure),
        _ => false,
    }
}

/// Whether another attempt cannot succeed.
pub(crate) fn ends_registration(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::ClaimTokenSpent(_)
            | Failure::CredentialLost { .. }
            | Failure::CredentialUnreadable { .. }
            | Failure::WindowExpired
            | Failure::UnknownClaimToken(_)
    )
}
