//! `enlist schema`: what the machine-readable output looks like, for a machine.

use serde_json::Value;

use crate::output::{Outcome, Output, print_text};
use crate::problem::Problem;

/// JSON Schema, draft 2020-12. A contract, as what it describes.
const SCHEMA: &str = include_str!("../output/schema.json");

/// The schema itself, unless a document was asked for: then it is the document's data.
pub(crate) fn run(output: &Output) -> Result<Outcome, Problem> {
    if output.is_text() {
        print_text(SCHEMA)?;
    }
    Ok(Outcome::ready(serde_json::from_str::<Value>(SCHEMA).map_err(Problem::internal)?))
}
