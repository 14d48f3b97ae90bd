//! Answers that the command line gave before anybody was asked.

use enlist_core::secret::Otp;

/// The answers to questions that a ceremony has not asked yet.
#[derive(Default)]
pub(crate) struct PreAnswers {
    /// `--yes`: a person has checked the public profile.
    pub(crate) yes: bool,
    /// `--again`: the owner agrees to one more SMS or registration. It answers one question.
    pub(crate) again: bool,
    /// `--otp-file`: the one-time code. It is good for one try.
    pub(crate) otp: Option<Otp>,
}

impl PreAnswers {
    /// Whether `--again` was given and has not answered a question yet.
    pub(crate) fn take_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }
}
