//! `enlist exec`: a command with a credential in its environment. From then on the process is that command.

use std::convert::Infallible;
use std::process::Command;

use super::token::{held, warn_of_shadows};
use crate::args::ExecArgs;
use crate::context::Context;
use crate::env;
use crate::error::Error;
use crate::input::shown;
use crate::sys;

/// Comes back only when the command could not be run.
pub(crate) fn run(args: &ExecArgs, context: &Context<'_>) -> Result<Infallible, Error> {
    let (_, secret) = held(args.service, context)?;
    let name = args.variable.as_deref().unwrap_or_else(|| env::credential(args.service));
    warn_of_shadows(args.service, &secret, &[name], context);
    let (program, arguments) = args.command.split_first().ok_or_else(|| Error::usage("no command was given"))?;
    let error = sys::exec(Command::new(program).args(arguments).env(name, secret.as_str()));
    Err(Error::usage(format_args!("{} cannot be run: {error}", shown(program))))
}
