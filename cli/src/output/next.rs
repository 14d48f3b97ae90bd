//! The command line that continues, word for word.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use enlist_blocking::system_clock as now;
use enlist_core::Timestamp;

use serde::Serialize;

use crate::store::ProfileName;
use crate::view::Time;

/// The command line that continues, and when to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Next {
    pub(crate) argv: Vec<String>,
    /// The values to fill in, for the gate `value`: the word in `argv` that is replaced, or `stdin`, and what belongs there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) fill: BTreeMap<&'static str, &'static str>,
    pub(crate) when: Cow<'static, str>,
    /// The condition for the command line. Without one, it may be run at once.
    pub(crate) gate: Option<Gate>,
    /// The earliest time, for the gate `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<Time>,
}

/// The condition that must hold before a command line is run. An agent that finds none, or `time`, needs nobody's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gate {
    /// A value must be filled in.
    Value,
    /// Not before `not_before`.
    Time,
    /// Only when the person to whom the phone, the mailbox or the account belongs has agreed in this conversation.
    Owner,
}

/// The time after which a service that did not answer is asked again.
const SOON: Duration = Duration::from_secs(60);

/// The commands that act on no profile and on no service.
const WITHOUT_PROFILE: [&str; 7] = ["completion", "help", "man", "manifest", "sandbox", "schema", "try"];

/// Adds the flags in `carried` to each command line in `text`. A command line in a text is between backticks; they are left out where it
/// ends the text after a colon.
pub(super) fn complete(text: &str, carried: &[CarriedFlag]) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut completed = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        // An odd part is between two backticks, unless the closing one is missing.
        let is_quoted = index % 2 == 1 && index + 1 < parts.len();
        let words = shlex::split(part).filter(|words| is_quoted && words.first().is_some_and(|word| word == "enlist"));
        let ends_line = completed.ends_with(": ") && index + 2 == parts.len() && parts.last().is_some_and(|rest| rest.is_empty());
        match words {
            Some(words) => {
                let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
                let line = Next::new(&words, "").with(carried).line();
                completed.push_str(&if ends_line { line } else { format!("`{line}`") });
            }
            None if is_quoted => completed.push_str(&format!("`{part}`")),
            None if index % 2 == 1 => completed.push_str(&format!("`{part}")),
            None => completed.push_str(part),
        }
    }
    completed
}

/// A flag of this command line, with its value, without which the next command line would act on something else.
pub(crate) type CarriedFlag = (&'static str, String);

impl Next {
    pub(crate) fn new(argv: &[&str], when: impl Into<Cow<'static, str>>) -> Self {
        let argv = std::iter::once("enlist").chain(argv.iter().copied()).map(str::to_owned).collect();
        Self { argv, when: when.into(), fill: BTreeMap::new(), gate: None, not_before: None }
    }

    /// This command line, for which the owner must have agreed.
    pub(crate) fn for_owner(self) -> Self {
        Self { gate: Some(Gate::Owner), ..self }
    }

    /// This command line, not before `time`.
    pub(crate) fn not_before(self, time: Timestamp) -> Self {
        Self { gate: Some(Gate::Time), not_before: Some(Time(time)), ..self }
    }

    /// This command line, not before a minute has passed.
    pub(crate) fn later(self) -> Self {
        self.not_before(now().after(SOON))
    }

    /// This command line with `word` as a placeholder for `meaning`.
    pub(crate) fn filling(mut self, word: &'static str, meaning: &'static str) -> Self {
        self.gate = Some(Gate::Value);
        self.fill.insert(word, meaning);
        self
    }

    /// The command line that began a flow. If it read a manifest from stdin, the manifest must be passed again.
    pub(crate) fn of(argv: &[String], when: &'static str) -> Self {
        let words: Vec<_> = argv.iter().map(String::as_str).collect();
        if words.contains(&"-") { Self::new(&words, format!("{when}; pass the manifest on stdin")) } else { Self::new(&words, when) }
    }

    /// This command line again, without a proxy, which may contain a login. `None` if a word is not UTF-8.
    pub(super) fn again(argv: impl IntoIterator<Item = OsString>) -> Option<Self> {
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

    /// The command line for a shell.
    pub(crate) fn line(&self) -> String {
        self.argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    /// Adds the flags that the command line does not have yet.
    pub(super) fn with(mut self, carried: &[CarriedFlag]) -> Self {
        if self.argv.get(1).is_some_and(|command| WITHOUT_PROFILE.contains(&command.as_str())) {
            return self;
        }
        // What stands after the two dashes belongs to another command.
        let end = self.argv.iter().position(|word| word == "--").unwrap_or(self.argv.len());
        let missing = carried.iter().filter(|(flag, _)| !self.names(flag)).flat_map(|(name, value)| flag(name, value));
        let missing: Vec<String> = missing.collect();
        self.argv.splice(end..end, missing);
        self
    }

    /// This command line for `profile`, where a command of the profile `current` says it.
    pub(crate) fn in_profile(self, profile: &ProfileName, current: &ProfileName) -> Self {
        if profile == current { self } else { self.with(&[("--profile", profile.to_string())]) }
    }

    fn names(&self, flag: &str) -> bool {
        let is_profile = flag == "--profile";
        self.argv.iter().any(|word| {
            word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')) || is_profile && word.starts_with("-p")
        })
    }
}

/// Quotes `word` for a shell.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    // Quoting fails only for a NUL byte, which no argument and no secret contains.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

/// A flag and its value, as one word if the value could be mistaken for a flag.
pub(crate) fn flag(flag: &str, value: &str) -> Vec<String> {
    if value.starts_with('-') && value != "-" { vec![format!("{flag}={value}")] } else { vec![flag.to_owned(), value.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_on_is_a_line_for_a_shell() {
        let carried = [("--profile", "work".to_owned())];
        let next = Next::new(&["register", "opentrain", "--agent-name", "it's me", "--claim", "o@example.com"], "now").with(&carried);
        assert_eq!(next.line(), r#"enlist register opentrain --agent-name "it's me" --claim o@example.com --profile work"#);
        assert_eq!(Next::new(&["status", "--profile", "a"], "now").with(&carried).line(), "enlist status --profile a");
    }

    #[test]
    fn a_command_line_in_a_text_gets_the_flags() {
        let carried = [("--profile", "work".to_owned()), ("--ca-file", "/a b.pem".to_owned())];
        for (text, expected) in [
            ("see `enlist status`; or not", "see `enlist status --profile work --ca-file '/a b.pem'`; or not"),
            ("run: `enlist exec opentrain -- env`", "run: enlist exec opentrain --profile work --ca-file '/a b.pem' -- env"),
            ("`enlist manifest check FILE` is about a file", "`enlist manifest check FILE` is about a file"),
            ("the field `x` and a lone ` stay", "the field `x` and a lone ` stay"),
            ("run `enlist token opentrain -p other`", "run `enlist token opentrain -p other --ca-file '/a b.pem'`"),
        ] {
            assert_eq!(complete(text, &carried), expected);
        }
    }

    #[test]
    fn the_same_again_names_no_proxy() {
        let carried = [("--profile", "b".to_owned())];
        let again = |words: &[&str]| Next::again(words.iter().map(OsString::from)).unwrap().with(&carried).line();
        assert_eq!(again(&["/bin/enlist", "badge", "verify", "-"]), "enlist badge verify - --profile b");
        assert_eq!(again(&["enlist", "-pa", "--proxy", "http://a:b@c", "doctor", "--proxy=http://a:b@c"]), "enlist -pa doctor");
        assert_eq!(again(&["enlist", "doctor", "--profile=a"]), "enlist doctor '--profile=a'");
    }

    #[test]
    fn a_value_is_not_taken_for_a_flag() {
        assert_eq!(flag("--agent-name", "-bot"), ["--agent-name=-bot"]);
        assert_eq!(flag("--agent-name", "bot"), ["--agent-name", "bot"]);
        assert_eq!(flag("--manifest", "-"), ["--manifest", "-"]);
    }
}
