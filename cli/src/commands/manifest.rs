//! `enlist manifest`: a template, and all that is wrong with a manifest at once.

use std::fs::OpenOptions;
use std::io::Write;

use enlist_core::sentryagent::{Manifest, ManifestError};
use serde_json::json;

use super::register::fields;
use crate::args::ManifestArgs;
use crate::ceremonies::profile_json;
use crate::input::{Source, shown};
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output, note, print_text};
use crate::problem::Problem;

/// Valid JSON, and wrong in every field until somebody has filled it in.
const TEMPLATE: &str = r#"{
  "mobile_phone": "",
  "trust_tier": "",
  "agent_name": "",
  "agent_version": "",
  "developer_name": "",
  "contact_email": "",
  "primary_goal": "",
  "tools": [""],
  "compliance_attestation": false,
  "data_residency": ""
}
"#;

const EXPLAINED: [(&str, &str); 10] = [
    ("mobile_phone", "where the one-time code goes by SMS, like +15005550006; not public"),
    ("trust_tier", "community or enterprise"),
    ("agent_name", "the agent's name; public"),
    ("agent_version", "its version, like 1.0.0; public"),
    ("developer_name", "who develops it; public"),
    ("contact_email", "whom to write to; public"),
    ("primary_goal", "what it is for, in a sentence; public"),
    ("tools", "the tools it uses, a list that may be empty, like [\"web-search\"]; public"),
    ("compliance_attestation", "true: the developer attests compliance"),
    ("data_residency", "where its data stays, like us-east-1; public"),
];

pub(crate) fn run(args: &ManifestArgs, output: &Output) -> Result<Outcome, Problem> {
    match args {
        ManifestArgs::Init { file } => init(&Source::named("manifest", file), output),
        ManifestArgs::Check { file } => check(&Source::named("manifest", file), output),
    }
}

fn init(source: &Source, output: &Output) -> Result<Outcome, Problem> {
    match source.path() {
        None if output.is_text() => print_text(TEMPLATE)?,
        // There the document is what stdout carries; the template is in it.
        None => {}
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).open(path);
            file.and_then(|mut file| file.write_all(TEMPLATE.as_bytes())).map_err(|error| source.refused(error))?;
            output.text(format_args!("Written: {0}. Fill it in, then: enlist manifest check {0}", shown(path)))?;
        }
    }
    for (field, meaning) in EXPLAINED {
        note(format_args!("  {field:<24}{meaning}"));
    }
    let fields: Vec<_> = EXPLAINED.iter().map(|(field, meaning)| json!({ "field": field, "meaning": meaning })).collect();
    let template: serde_json::Value = serde_json::from_str(TEMPLATE).map_err(Problem::internal)?;
    let file = source.absolute().map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned());
    Ok(Outcome::ready(json!({ "file": file, "fields": fields, "template": template })))
}

fn check(source: &Source, output: &Output) -> Result<Outcome, Problem> {
    let interrupt = Interrupt::watch().map_err(Problem::internal)?;
    match Manifest::from_json(&source.read("the manifest", &interrupt)?) {
        Ok(manifest) => {
            output.text("The manifest is complete.")?;
            Ok(Outcome::ready(json!({ "public_profile": profile_json(manifest.public_profile()) })))
        }
        Err(error) => {
            if let ManifestError::Fields(wrong) = &error {
                wrong.iter().try_for_each(|wrong| output.text(wrong))?;
            }
            let problem = source.refused(&error);
            Ok(Outcome::stopped(problem, json!({ "fields": fields(&error) }), None))
        }
    }
}
