//! `enlist man`.

use super::help::find;
use crate::args::ManArgs;
use crate::error::Error;
use crate::output::data::Man;
use crate::output::{Outcome, Output, print_text};

pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<Outcome, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(find(&args.words)?).manual("enlist").render(&mut page).map_err(Error::internal)?;
    let page = String::from_utf8(page).map_err(Error::internal)?;
    if output.is_text() {
        print_text(&page)?;
    }
    Ok(Outcome::ready(Man { page }))
}
