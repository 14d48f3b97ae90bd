//! `enlist schema`: prints the JSON Schema of the output.

use serde_json::Value;

use super::Facts;
use super::facts::runs;
use crate::error::Error;
use crate::output::{Outcome, Output, Prints, print_text};

/// Print the JSON Schema of the output of --output json and ndjson
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) static FACTS: Facts = Facts::new("schema", &[("enlist schema", "prints the schema that describes --output json and ndjson")])
    .printing(Prints::Text)
    .without_profile();

runs!(Args, FACTS, |self, start| run(start.output));

/// JSON Schema, draft 2020-12. It is a contract, like the output that it describes.
const SCHEMA: &str = include_str!("../output/schema.json");

/// Prints the schema, or puts it into the document's data if a document was asked for.
pub(crate) fn run(output: &Output) -> Result<Outcome, Error> {
    if output.is_text() {
        print_text(SCHEMA)?;
    }
    Ok(Outcome::ready(serde_json::from_str::<Value>(SCHEMA).map_err(Error::internal)?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::commands::names;
    use crate::output::schema::{DATA, generated};

    /// `SNAPSHOTS=overwrite cargo test -p enlist schema` writes the file anew.
    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/output/schema.json");
        let generated = generated(&names());
        if std::env::var("SNAPSHOTS").is_ok_and(|wish| wish == "overwrite") {
            fs::write(&path, &generated).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap() == generated, "SNAPSHOTS=overwrite cargo test -p enlist schema writes schema.json anew");
    }

    #[test]
    fn every_command_has_its_data() {
        let without = ["sandbox", "exec", "schema", "badge", "profile"];
        for name in names().into_iter().filter(|name| !without.contains(name)) {
            assert!(DATA.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
