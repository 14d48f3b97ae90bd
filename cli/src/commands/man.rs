//! `enlist man`.

use super::help::find;
use crate::args::ManArgs;
use crate::output::data::Man;
use crate::output::{Outcome, Output, print_text};
use crate::problem::Problem;

pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<Outcome, Problem> {
    let mut page = Vec::new();
    clap_mangen::Man::new(find(&args.words)?).manual("enlist").render(&mut page).map_err(Problem::internal)?;
    let page = String::from_utf8(page).map_err(Problem::internal)?;
    if output.is_text() {
        print_text(&page)?;
    }
    Ok(Outcome::ready(Man { page }))
}
