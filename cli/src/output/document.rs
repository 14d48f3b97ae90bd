//! The JSON document. It is a contract: later versions only add keys.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::data::Data;
use super::event::Stamp;
use super::{Next, Output, RunEnd};
use crate::caller::Mode;
use crate::error::ErrorBody;
use crate::exit::Status;
use crate::store::Service;

pub(super) const VERSION: u8 = 1;

/// The result of a command: the document of `--output json`, and the last event of ndjson, which also has `seq`, `ts` and `flow`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Document<'a> {
    #[cfg_attr(test, schemars(extend("const" = VERSION)))]
    v: u8,
    #[cfg_attr(test, schemars(extend("const" = "result")))]
    r#type: &'static str,
    #[serde(flatten)]
    stamp: Option<Stamp>,
    /// Null when the command line names no command.
    command: Option<&'static str>,
    status: Status,
    #[cfg_attr(test, schemars(extend("enum" = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 64, 129, 130, 131, 143])))]
    exit: u8,
    service: Option<Service>,
    profile: &'a str,
    mode: &'a Mode,
    /// The schemas of each command's data are below.
    #[cfg_attr(test, schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    data: Option<Sorted<&'a Data>>,
    error: Option<ErrorBody>,
    next: Option<&'a Next>,
    warnings: Vec<String>,
}

impl<'a> Document<'a> {
    pub(super) fn new(output: &'a Output, end: &'a RunEnd) -> Self {
        Self {
            v: VERSION,
            r#type: "result",
            stamp: output.stamp(),
            command: output.command,
            status: end.status,
            exit: end.exit.number(),
            service: output.service.get(),
            profile: output.profile.as_str(),
            mode: &output.mode,
            data: end.data.as_ref().map(Sorted),
            error: end.error.as_ref().map(|error| error.body().with(|text| output.with_command_lines(text))),
            next: end.next.as_ref(),
            warnings: output.warnings.borrow().clone(),
        }
    }
}

/// The first line of `enlist sandbox`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SandboxStarted<'a> {
    #[cfg_attr(test, schemars(extend("const" = VERSION)))]
    v: u8,
    #[cfg_attr(test, schemars(extend("const" = "sandbox")))]
    r#type: &'static str,
    opentrain: &'a str,
    sentryagent: &'a str,
    human: &'a str,
    control: &'a str,
}

impl<'a> SandboxStarted<'a> {
    /// Takes the addresses of the two services, of the human's page and of the control interface.
    pub(crate) const fn new(opentrain: &'a str, sentryagent: &'a str, human: &'a str, control: &'a str) -> Self {
        Self { v: VERSION, r#type: "sandbox", opentrain, sentryagent, human, control }
    }
}

/// Serializes the keys in alphabetical order, so that a field can move within its struct.
#[derive(Debug)]
struct Sorted<T>(T);

impl<T: Serialize> Serialize for Sorted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_value(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use enlist_core::Recovery;
    use serde_json::{Value, json};

    use super::super::data::FlowName;
    use super::super::{Outcome, Prints};
    use super::*;
    use crate::caller::Environment;
    use crate::error::Error;
    use crate::error::tests::refusal;

    fn of(result: Result<Outcome, Error>) -> Value {
        let (output, _) = Output::decide(Some("try"), Prints::Document, None, &Environment::default());
        serde_json::to_value(Document::new(&output, &output.end_of(result))).unwrap()
    }

    #[test]
    fn success_has_data_and_no_error() {
        let document = of(Ok(Outcome::ready(FlowName { flow: "clm_1".to_owned() })));
        let expected = json!({
            "v": 1, "type": "result", "command": "try", "status": "ready", "exit": 0, "service": null, "profile": "default",
            "mode": {"is": "agent", "because": "no terminal"}, "data": {"flow": "clm_1"}, "error": null, "next": null, "warnings": []
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn failure_has_an_error_and_no_data() {
        let failure = Box::new(refusal(429, "too_fast", "be\nslow", "7"));
        let Recovery::RetryAt(retry_at) = failure.recovery() else { panic!("{failure}") };
        let document = of(Err(Error::Ceremony { failure, at: retry_at.before(Duration::from_secs(7)), kept: Vec::new() }));
        assert_eq!((&document["status"], &document["exit"], &document["data"]), (&json!("failed"), &json!(7), &json!(null)));
        let expected = json!({
            "code": "rate_limited", "message": "too many requests; the service accepts no request for 7 seconds",
            "hint": "try again in 7 seconds", "retryable": true, "retry_after_s": 7, "http": 429, "docs": null,
            "untrusted_code": "too_fast", "untrusted_description": "be<U+000A>slow"
        });
        assert_eq!(document["error"], expected);
    }

    #[test]
    fn where_a_way_on_is_promised_it_is_named() {
        assert_eq!(of(Err(Error::AnswerLost))["next"]["argv"], json!(["enlist", "try"]));
        assert_eq!(of(Err(Error::internal("x")))["next"], json!(null));
    }
}
