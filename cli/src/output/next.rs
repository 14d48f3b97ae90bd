//! The command line that continues, word for word.

use std::borrow::Cow;
use std::ffi::OsString;

use serde::Serialize;

use crate::store::ProfileName;

/// The command line that continues, and when to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Next {
    pub(crate) argv: Vec<String>,
    pub(crate) when: Cow<'static, str>,
}

/// A flag of this command line, with its value, without which the next command line would act on something else.
pub(crate) type CarriedFlag = (&'static str, String);

impl Next {
    pub(crate) fn new(argv: &[&str], when: impl Into<Cow<'static, str>>) -> Self {
        Self { argv: std::iter::once("enlist").chain(argv.iter().copied()).map(str::to_owned).collect(), when: when.into() }
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
        for (flag, value) in carried {
            if !self.names(flag) {
                self.argv.extend([(*flag).to_owned(), value.clone()]);
            }
        }
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
