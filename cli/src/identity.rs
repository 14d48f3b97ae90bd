//! What the session needs of a credential until it sends typed events.

use serde_json::Value;

use crate::output::{Outcome, Output};
use crate::problem::Problem;
use crate::store::Credential;
use crate::view::credential::{Kind, Obtained, State};

/// The ceremony's result.
pub(crate) fn ready(credential: &Credential) -> Outcome {
    Outcome::ready(Obtained::of(credential))
}

/// What may be told of it.
pub(crate) fn data(credential: &Credential) -> Value {
    serde_json::to_value(Obtained::of(credential)).unwrap_or_default()
}

/// The same as lines of text.
pub(crate) fn tell(credential: &Credential, output: &Output) -> Result<(), Problem> {
    output.text_lines(Obtained::of(credential).lines())
}

pub(crate) fn kind_and_state(credential: &Credential) -> (&'static str, &'static str) {
    (Kind::of(credential).as_str(), State::of(credential).as_str())
}
