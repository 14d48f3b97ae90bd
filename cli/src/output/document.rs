//! The one JSON document. A contract: keys are only ever added.

use serde::Serialize;
use serde_json::Value;

use super::Outcome;
use crate::exit::{Exit, Status};
use crate::mode::Mode;
use crate::problem::{ErrorBody, Problem};

const VERSION: u8 = 1;
/// No command keeps anything yet, so there is one profile.
const PROFILE: &str = "default";

#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    v: u8,
    r#type: &'static str,
    command: Option<&'static str>,
    status: Status,
    exit: u8,
    service: Option<&'static str>,
    profile: &'static str,
    mode: Mode,
    data: Option<&'a Value>,
    error: Option<ErrorBody>,
    next: Option<Next>,
    warnings: [&'static str; 0],
}

/// What to run to go on.
#[derive(Debug, Serialize)]
struct Next {
    argv: Vec<&'static str>,
    when: &'static str,
}

impl<'a> Document<'a> {
    pub(super) fn new(command: Option<&'static str>, mode: Mode, result: &'a Result<Outcome, Problem>) -> Self {
        let (exit, outcome, problem) = match result {
            Ok(outcome) => (Exit::Done, Some(outcome), None),
            Err(problem) => (problem.exit(), None, Some(problem)),
        };
        Self {
            v: VERSION,
            r#type: "result",
            command,
            status: exit.status(),
            exit: exit.number(),
            service: None,
            profile: PROFILE,
            mode,
            data: outcome.map(|outcome| &outcome.data),
            error: problem.map(Problem::body),
            next: command.and_then(|command| Next::after(command, exit)),
            warnings: [],
        }
    }
}

impl Next {
    /// Where the contract promises a way on. Neither command of today keeps anything: the way on is to run it again.
    fn after(command: &'static str, exit: Exit) -> Option<Self> {
        let again = || Self { argv: vec!["enlist", command], when: "at any time: nothing was kept" };
        matches!(exit, Exit::Expired | Exit::NeedsHuman).then(again)
    }
}

#[cfg(test)]
mod tests {
    use enlist_core::{Failure, ServerError, Timestamp, Untrusted};
    use serde_json::json;

    use super::*;
    use crate::mode::Environment;

    fn of(result: Result<Outcome, Problem>) -> Value {
        let mode = Mode::found(&Environment::default());
        serde_json::to_value(Document::new(Some("try"), mode, &result)).unwrap()
    }

    #[test]
    fn success_has_data_and_no_error() {
        let document = of(Ok(Outcome { data: json!({"claim": {}}) }));
        let expected = json!({
            "v": 1, "type": "result", "command": "try", "status": "ready", "exit": 0, "service": null, "profile": "default",
            "mode": {"is": "agent", "because": "no terminal"}, "data": {"claim": {}}, "error": null, "next": null, "warnings": []
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn failure_has_an_error_and_no_data() {
        let said = |text| Some(Untrusted::new(text));
        let error = ServerError {
            status: 429,
            code: said("too_fast"),
            description: said("be\nslow"),
            retry_after: Some(7),
            interval: None,
            body: None,
        };
        let retry_at = Timestamp::from_unix_ms(7000);
        let failure = Box::new(Failure::RateLimited { error, retry_at });
        let document = of(Err(Problem::Ceremony { failure, at: Timestamp::from_unix_ms(0) }));
        assert_eq!((&document["status"], &document["exit"], &document["data"]), (&json!("failed"), &json!(7), &json!(null)));
        let expected = json!({
            "code": "rate_limited", "message": "too many requests; the service wants to be left alone until 1970-01-01T00:00:07.000Z",
            "hint": "try again, not before 1970-01-01T00:00:07.000Z", "retryable": true, "retry_after_s": 7, "http": 429, "docs": null,
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
