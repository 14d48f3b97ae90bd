//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::caller::Caller;
use crate::output::{CarriedFlag, Format};
use crate::store::{Backend, ProfileName, Service};
use crate::wait_policy::parse_duration;
pub(crate) use badge::{BadgeArgs, RotateArgs, ServiceArgs, SignArgs, StatusArgs, VerifyArgs};
pub(crate) use doctor::DoctorArgs;
pub(crate) use helping::{CompletionArgs, HelpArgs, ManArgs, Topic};
pub(crate) use network::NetworkArgs;
pub(crate) use profile::{ExecArgs, ProfileArgs, Tool};
pub(crate) use screen::ScreenArgs;

/// Gets an AI agent its identity: from OpenTrain, where its owner claims it, and from SentryAgent, which issues a badge.
#[derive(Debug, Parser)]
#[command(name = "enlist", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line, with the examples of its help.
pub(crate) fn command() -> clap::Command {
    examples::add(Cli::command())
}

/// Reads a command line.
pub(crate) fn parse(argv: &[OsString]) -> Result<Cli, clap::Error> {
    parse_one_command(argv).unwrap_or_else(|| parse_all_commands(argv))
}

/// With the named command alone: each that there is would get a copy of every flag that all understand. `None` for what cannot be
/// read so; what to say about that depends on the others.
fn parse_one_command(argv: &[OsString]) -> Option<Result<Cli, clap::Error>> {
    let bare = clap::Command::new("enlist").version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    let bare = Global::augment_args(bare);
    let few = named(argv).into_iter().fold(bare, clap::Command::subcommand);
    match few.try_get_matches_from(argv) {
        Ok(found) => Cli::from_arg_matches(&found).ok().map(Ok),
        Err(answer) => (answer.kind() == ErrorKind::DisplayVersion).then_some(Err(answer)),
    }
}

fn named(argv: &[OsString]) -> Option<clap::Command> {
    let mut words = argv.iter().skip(1);
    let word = words.find(|word| Command::NAMES.iter().any(|name| *word == *name))?;
    Cli::command().find_subcommand(word).cloned()
}

/// The examples cost something, so they are there only where a help shows them.
fn parse_all_commands(argv: &[OsString]) -> Result<Cli, clap::Error> {
    match Cli::try_parse_from(argv) {
        Err(answer) if is_help(answer.kind()) => command().try_get_matches_from(argv).and_then(|found| Cli::from_arg_matches(&found)),
        other => other,
    }
}

const fn is_help(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Which identities are meant [default: that of enlist profile use, else default; env: ENLIST_PROFILE]
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Where a new credential is kept [default: where the one before it is, else file; env: ENLIST_STORE]
    #[arg(long, global = true, value_enum, value_name = "PLACE")]
    pub(crate) store: Option<BackendArg>,
    /// How the result is printed [default: text for people; for agents ndjson where there is a wait, else json; env: ENLIST_OUTPUT]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// The same as --output json, and stronger than any --output
    #[arg(long, global = true)]
    json: bool,
    /// Who is in front of the command [default: what is found; env: ENLIST_MODE]
    #[arg(long, global = true, value_enum)]
    pub(crate) mode: Option<Caller>,
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// The service's address: https, or http on this machine [env: ENLIST_OPENTRAIN_URL, ENLIST_SENTRYAGENT_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The longest time that one request may take, like 10s
    #[arg(long, global = true, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

impl Global {
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.output }
    }

    /// What the next command line must say again to get to the same place by the same way. A proxy's password is not repeated.
    pub(crate) fn carried(&self) -> Vec<CarriedFlag> {
        let ca_file = self.network.ca_file.as_deref().and_then(|path| std::path::absolute(path).ok());
        let words = [
            ("--base-url", self.base_url.clone()),
            ("--ca-file", ca_file.and_then(|path| path.into_os_string().into_string().ok())),
            ("--proxy", self.network.proxy.clone().filter(|url| !url.contains('@'))),
            ("--store", self.store.and_then(|backend| backend.to_possible_value()).map(|value| value.get_name().to_owned())),
        ];
        words.into_iter().filter_map(|(flag, value)| value.map(|value| (flag, value))).collect()
    }
}

/// How long a command waits for a human.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Waiting {
    /// Start, and return at once
    #[arg(long, conflicts_with = "max_wait")]
    pub(crate) no_wait: bool,
    /// Wait that long at most, like 60s or 2m [default: to the end for people, 60s for agents]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_wait: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Go through both registrations, end to end, on this machine: no network, no account
    Try,
    /// Run the stand-in for both services until Ctrl-C; its URLs come as JSON on the first line
    Sandbox(SandboxArgs),
    /// Register an agent at a service
    #[command(subcommand)]
    Register(RegisterArgs),
    /// Have the owner claim the registration at OpenTrain: shows a link and a code, and waits for the token
    Claim(ClaimArgs),
    /// Hand in the code that came by SMS
    Otp(OtpArgs),
    /// Go on with what is pending
    Resume(ResumeArgs),
    /// List what is pending
    Pending,
    /// Give up what is pending
    Abandon(AbandonArgs),
    /// List every identity, and what is pending
    Status(StatusArgs),
    /// Print a credential: the only command that does
    Token(TokenArgs),
    /// Run a command with a credential in its environment
    Exec(ExecArgs),
    /// What can be done with a badge: show, verify, sign, rotate, revoke, look up
    #[command(subcommand)]
    Badge(BadgeArgs),
    /// End a credential at its service, then forget it here
    Revoke(ServiceArgs),
    /// Forget a credential here; at its service it stays good
    Forget(ServiceArgs),
    /// Keep a token that was created by hand
    #[command(subcommand)]
    Adopt(AdoptArgs),
    /// Write or check the manifest for SentryAgent
    #[command(subcommand)]
    Manifest(ManifestArgs),
    /// Identities side by side: list, use, rename, remove; import from and export to OpenTrain's own tool
    #[command(subcommand)]
    Profile(ProfileArgs),
    /// Print the JSON Schema of everything that --output json and ndjson print
    Schema,
    /// Look at the network, the store and the surroundings; nothing is changed
    ///
    /// Exit code: 0 when nothing fails, warnings or not; else that of the first failure, which is 6 for the network, 9 for the store, 64
    /// for a flag or a variable that makes no sense.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
    /// Print a manual page (roff)
    Man(ManArgs),
    /// Explain a command or a topic: exit-codes, environment, agents
    Help(HelpArgs),
}

impl Command {
    /// The names, for the one place that must know them before the command line could be read.
    pub(crate) const NAMES: [&str; 22] = [
        "try",
        "sandbox",
        "register",
        "claim",
        "otp",
        "resume",
        "pending",
        "abandon",
        "status",
        "token",
        "exec",
        "badge",
        "revoke",
        "forget",
        "adopt",
        "manifest",
        "profile",
        "schema",
        "doctor",
        "completion",
        "man",
        "help",
    ];

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Sandbox(_) => "sandbox",
            Self::Register(_) => "register",
            Self::Claim(_) => "claim",
            Self::Otp(_) => "otp",
            Self::Resume(_) => "resume",
            Self::Pending => "pending",
            Self::Abandon(_) => "abandon",
            Self::Status(_) => "status",
            Self::Token(_) => "token",
            Self::Exec(_) => "exec",
            Self::Badge(args) => args.name(),
            Self::Revoke(_) => "revoke",
            Self::Forget(_) => "forget",
            Self::Adopt(_) => "adopt",
            Self::Manifest(_) => "manifest",
            Self::Doctor(_) => "doctor",
            Self::Profile(args) => args.name(),
            Self::Completion(_) => "completion",
            Self::Man(_) => "man",
            Self::Help(_) => "help",
            Self::Schema => "schema",
        }
    }

    /// Whether it works on a profile, so that it matters which one is in use.
    pub(crate) fn has_profile(&self) -> bool {
        use Command::{Completion, Help, Man, Manifest, Sandbox, Schema, Try};
        !matches!(self, Try | Sandbox(_) | Manifest(_) | Completion(_) | Man(_) | Help(_) | Schema)
    }

    /// Whether it goes on when nobody can tell which profile is in use: it tells why, or it is the cure.
    pub(crate) fn mends_choice(&self) -> bool {
        matches!(self, Self::Doctor(_) | Self::Profile(ProfileArgs::Use { .. }))
    }

    /// The service that the command line names; of a flow it is known only later.
    pub(crate) fn service(&self) -> Option<Service> {
        match self {
            Self::Register(RegisterArgs::Opentrain(_)) | Self::Claim(_) | Self::Adopt(_) => Some(Service::Opentrain),
            Self::Register(RegisterArgs::Sentryagent(_)) | Self::Otp(_) | Self::Badge(_) => Some(Service::Sentryagent),
            Self::Token(args) => Some(args.service),
            Self::Exec(args) => Some(args.service),
            Self::Profile(args) => args.service(),
            Self::Revoke(args) | Self::Forget(args) => Some(args.service),
            _ => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegisterArgs {
    /// An anonymous registration, which its owner claims later
    Opentrain(RegisterOpentrainArgs),
    /// Manifest, profile check, a code by SMS, Agent Badge
    Sentryagent(RegisterSentryagentArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RegisterOpentrainArgs {
    /// What the owner reads on the claim page
    #[arg(long, value_name = "NAME")]
    pub(crate) agent_name: Option<String>,
    /// The new account's organization
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Go straight on to the claim by this owner
    #[arg(long, value_name = "EMAIL")]
    pub(crate) claim: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct RegisterSentryagentArgs {
    /// The manifest; - for stdin. A template: enlist manifest init FILE
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: OsString,
    /// A person has checked the public profile; send the SMS
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct ClaimArgs {
    /// The owner's address
    #[arg(long)]
    pub(crate) email: String,
    /// Another attempt, with a new code
    #[arg(long)]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct OtpArgs {
    /// Which registration, if there are several
    pub(crate) flow: Option<String>,
    /// Where the code is; - for stdin [default: asks at a terminal]
    #[arg(long, value_name = "FILE")]
    pub(crate) otp_file: Option<OsString>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Which flow, if there are several
    pub(crate) flow: Option<String>,
    /// A person has checked the public profile; send the SMS
    #[arg(long)]
    pub(crate) yes: bool,
    /// The owner agrees to another SMS or registration
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct AbandonArgs {
    /// Which flow
    pub(crate) flow: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Whose
    #[arg(value_enum)]
    pub(crate) service: Service,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: TokenFormat,
}

/// The form in which a credential is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenFormat {
    /// The credential and a line feed
    #[default]
    Raw,
    /// An Authorization header
    Header,
    /// NAME=VALUE
    Env,
    /// A JSON object
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdoptArgs {
    /// A token of OpenTrain
    Opentrain {
        /// Where the token is; - for stdin
        #[arg(long, value_name = "FILE")]
        token_file: OsString,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ManifestArgs {
    /// Write a template, and explain every field on stderr
    Init {
        /// A new file; - for stdout
        file: OsString,
    },
    /// Check every field
    Check {
        /// The manifest; - for stdin
        file: OsString,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Where to listen; loopback only, port 0 is any free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) addr: SocketAddr,
    /// Play the owner: approve each claim so many seconds after its start [2 without a number]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = seconds)]
    pub(crate) auto_approve: Option<Duration>,
    /// Divide the intervals and lifetimes that the services announce
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) speed: u32,
    /// Scripted faults: a JSON array, as the sandbox's README describes it
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "not a number of seconds".to_owned())
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|duration| if duration.is_zero() { Err("more than nothing".to_owned()) } else { Ok(duration) })
}

/// The store's [`Backend`], as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendArg {
    /// In a file of its owner's alone (0600)
    File,
    /// In the platform's keyring; in a file when that fails
    Keyring,
}

impl From<BackendArg> for Backend {
    fn from(argument: BackendArg) -> Self {
        match argument {
            BackendArg::File => Self::File,
            BackendArg::Keyring => Self::Keyring,
        }
    }
}

mod badge;
mod doctor;
pub(crate) mod error;
mod examples;
mod helping;
mod network;
mod profile;
mod screen;
#[cfg(test)]
mod tests;
