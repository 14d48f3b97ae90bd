//! The one JSON document. A contract: keys are only ever added.

use std::borrow::Cow;
use std::ffi::OsString;

use serde::Serialize;
use serde_json::Value;

use super::event::Stamp;
use super::{Output, Settled};
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

/// What to run to go on, word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    pub(crate) argv: Vec<String>,
    pub(crate) when: Cow<'static, str>,
}

impl Next {
    pub(crate) fn new(argv: &[&str], when: &'static str) -> Self {
        Self { argv: std::iter::once("enlist").chain(argv.iter().copied()).map(str::to_owned).collect(), when: when.into() }
    }

    /// The command line that began something; a manifest that it read from stdin is wanted again.
    pub(crate) fn of(argv: &[String], when: &'static str) -> Self {
        let next = Self::new(&argv.iter().map(String::as_str).collect::<Vec<_>>(), when);
        if argv.iter().any(|word| word == "-") {
            Self { when: format!("{when}; hand the manifest in on stdin").into(), ..next }
        } else {
            next
        }
    }

    /// The same command line again, but for a proxy, which may have a login. `None` where a word is no UTF-8.
    pub(crate) fn again(argv: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let (mut argv, mut words) = (argv.into_iter().skip(1), Vec::new());
        while let Some(word) = argv.next() {
            match word.into_string().ok()? {
                word if word == "--proxy" => drop(argv.next()),
                word if word.starts_with("--proxy=") => {}
                word => words.push(word),
            }
        }
        Some(Self::new(&words.iter().map(String::as_str).collect::<Vec<_>>(), "at any time, with the same input"))
    }

    /// As a line for a shell.
    pub(crate) fn line(&self) -> String {
        let is_plain =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:@+=,%".contains(&byte));
        let quoted = |word: &String| if is_plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
        self.argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// The same in `profile`, unless it names one.
    pub(crate) fn in_profile(mut self, profile: &str) -> Self {
        if !self.argv.iter().any(|word| word.starts_with("--profile") || word.starts_with("-p")) {
            self.argv.extend(["--profile".to_owned(), profile.to_owned()]);
        }
        self
    }
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
            profile: &output.profile,
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

    #[test]
    fn a_way_on_is_a_line_for_a_shell() {
        let next = Next::new(&["register", "opentrain", "--agent-name", "it's me", "--claim", "o@example.com"], "now").in_profile("work");
        assert_eq!(next.line(), r"enlist register opentrain --agent-name 'it'\''s me' --claim o@example.com --profile work");
        assert_eq!(Next::new(&["status", "--profile", "a"], "now").in_profile("b").line(), "enlist status --profile a");
    }

    #[test]
    fn the_same_again_names_no_proxy() {
        let again = |words: &[&str]| Next::again(words.iter().map(OsString::from)).unwrap().in_profile("b").line();
        assert_eq!(again(&["/bin/enlist", "badge", "verify", "-"]), "enlist badge verify - --profile b");
        assert_eq!(again(&["enlist", "-pa", "--proxy", "http://a:b@c", "doctor", "--proxy=http://a:b@c"]), "enlist -pa doctor");
        assert_eq!(again(&["enlist", "doctor", "--profile=a"]), "enlist doctor --profile=a");
    }
}
