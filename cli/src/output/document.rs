//! The one JSON document. A contract: keys are only ever added.

use serde::Serialize;
use serde_json::Value;

use super::event::Stamp;
use super::{Next, Output, Settled};
use crate::exit::Status;
use crate::mode::Mode;
use crate::problem::{ErrorBody, Problem};

pub(super) const VERSION: u8 = 1;

#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    v: u8,
    r#type: &'static str,
    /// Where the document is the last of several events.
    #[serde(flatten)]
    stamp: Option<Stamp>,
    command: Option<&'static str>,
    status: Status,
    exit: u8,
    service: Option<&'static str>,
    profile: &'a str,
    mode: Mode,
    data: Option<&'a Value>,
    error: Option<ErrorBody>,
    next: Option<&'a Next>,
    warnings: Vec<String>,
}

impl<'a> Document<'a> {
    pub(super) fn new(output: &'a Output, settled: &'a Settled) -> Self {
        Self {
            v: VERSION,
            r#type: "result",
            stamp: output.stamp(),
            command: output.command,
            status: settled.status,
            exit: settled.exit.number(),
            service: output.service.get(),
            profile: output.profile.as_str(),
            mode: output.mode,
            data: settled.data.as_ref(),
            error: settled.problem.as_ref().map(Problem::body),
            next: settled.next.as_ref(),
            warnings: output.warnings.borrow().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use enlist_core::Recovery;
    use serde_json::json;

    use super::super::Outcome;
    use super::*;
    use crate::mode::Environment;
    use crate::problem::tests::refusal;

    fn of(result: Result<Outcome, Problem>) -> Value {
        let (output, _) = Output::settle(Some("try"), None, &Environment::default());
        serde_json::to_value(Document::new(&output, &output.settled(result))).unwrap()
    }

    #[test]
    fn success_has_data_and_no_error() {
        let document = of(Ok(Outcome::ready(json!({"claim": {}}))));
        let expected = json!({
            "v": 1, "type": "result", "command": "try", "status": "ready", "exit": 0, "service": null, "profile": "default",
            "mode": {"is": "agent", "because": "no terminal"}, "data": {"claim": {}}, "error": null, "next": null, "warnings": []
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn failure_has_an_error_and_no_data() {
        let failure = Box::new(refusal(429, "too_fast", "be\nslow", "7"));
        let Recovery::RetryAt(retry_at) = failure.recovery() else { panic!("{failure}") };
        let document = of(Err(Problem::Ceremony { failure, at: retry_at.before(Duration::from_secs(7)), kept: Vec::new() }));
        assert_eq!((&document["status"], &document["exit"], &document["data"]), (&json!("failed"), &json!(7), &json!(null)));
        let expected = json!({
            "code": "rate_limited", "message": format!("too many requests; the service wants to be left alone until {retry_at}"),
            "hint": format!("try again, not before {retry_at}"), "retryable": true, "retry_after_s": 7, "http": 429, "docs": null,
            "untrusted_code": "too_fast", "untrusted_description": "be<U+000A>slow"
        });
        assert_eq!(document["error"], expected);
    }

    #[test]
    fn where_a_way_on_is_promised_it_is_named() {
        assert_eq!(of(Err(Problem::AnswerLost))["next"]["argv"], json!(["enlist", "try"]));
        assert_eq!(of(Err(Problem::internal("x")))["next"], json!(null));
    }
}
