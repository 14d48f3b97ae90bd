//! `enlist otp`.

use enlist_core::secret::Otp;

use super::pick::pick;
use crate::args::OtpArgs;
use crate::desk::Desk;
use crate::input::{Source, looks_like_a_secret};
use crate::output::Outcome;
use crate::problem::Problem;
use crate::setting::Setting;
use crate::store::{AnyCeremony, Flow, Service};

pub(crate) fn run(args: &OtpArgs, setting: &Setting<'_>) -> Result<Outcome, Problem> {
    if args.flow.as_ref().is_some_and(looks_like_a_secret) {
        return Err(Problem::Usage {
            message: "this is no flow's name; and a code has no place on the command line, where others can read it".to_owned(),
            hint: Some("hand it in with --otp-file FILE, or --otp-file - for stdin".to_owned()),
        });
    }
    let otp = args.otp_file.as_deref().map(|file| read(&Source::named("--otp-file", file), setting)).transpose()?;
    let patience = setting.patience(&args.waiting);
    let (service, name) = pick(setting, args.flow.as_deref(), &[Service::Sentryagent])?;
    let desk = Desk::open(setting, service)?;
    if let Some(ended) = desk.end_of(Some(&name))? {
        return Ok(ended);
    }
    let found = desk.session.flows()?.into_iter().find(|flow| flow.name() == name).map(Flow::into_parts);
    let Some((flow, AnyCeremony::BadgeRegistration(registration))) = found else {
        return Err(Problem::usage(format_args!("{name}: no code is asked for")));
    };
    setting.keeps_to(flow.snapshot().origin())?;
    let mut voice = setting.voice();
    voice.otp = otp;
    desk.go_on(registration, flow, voice, patience)
}

fn read(source: &Source, setting: &Setting<'_>) -> Result<Otp, Problem> {
    Otp::parse(&source.read_text("the code from the SMS", &setting.interrupt)?).map_err(|error| source.refused(error))
}
