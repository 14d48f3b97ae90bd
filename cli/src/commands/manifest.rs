//! `enlist manifest`: writes a template, and checks a manifest.

use std::ffi::OsString;
use std::io::Write;

use enlist_core::badge::{Manifest, ManifestError};

use super::facts::runs;
use super::register::fields;
use super::{Facts, Run};
use crate::error::Error;
use crate::input::{Source, shown};
use crate::interrupt::Interrupt;
use crate::output::data::{FieldMeaning, ManifestChecked, ManifestTemplate};
use crate::output::stderr::note;
use crate::output::{Outcome, Output, print_text};
use crate::sys;
use crate::view::profile::{FIELDS, manifest};

/// Write or check the manifest for SentryAgent
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    Init(InitArgs),
    Check(CheckArgs),
}

/// Write a template and explain each field on stderr
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// File to create; - for stdout
    file: OsString,
}

/// Check every field of a manifest
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// File with the manifest; - for stdin
    file: OsString,
}

pub(super) static FACTS: Facts = Facts::new(
    "manifest",
    &[
        ("enlist manifest init agent.json", "writes a template to fill in"),
        ("enlist manifest check agent.json", "reports all errors at once"),
    ],
)
.without_profile();

pub(super) static INIT_FACTS: Facts =
    Facts::new("manifest init", &[("enlist manifest init agent.json", "does not overwrite a file")]).without_profile().named("manifest");

pub(super) static CHECK_FACTS: Facts =
    Facts::new("manifest check", &[("enlist manifest check agent.json", "reports all errors at once and sends nothing")])
        .without_profile()
        .named("manifest");

impl Args {
    /// The subcommand that was named.
    pub(super) fn named(&self) -> &dyn Run {
        match self {
            Self::Init(args) => args,
            Self::Check(args) => args,
        }
    }
}

runs!(InitArgs, INIT_FACTS, |self, start| init(&Source::named("manifest", &self.file), start.output));

runs!(CheckArgs, CHECK_FACTS, |self, start| check(&Source::named("manifest", &self.file), start.output));

fn init(source: &Source, output: &Output) -> Result<Outcome, Error> {
    let template = manifest(|field| field.empty);
    match source.path() {
        None if output.is_text() => print_text(&template)?,
        // stdout carries the document, so the template is part of it.
        None => {}
        Some(path) => {
            let file = sys::create_private(path);
            file.and_then(|mut file| file.write_all(template.as_bytes())).map_err(|error| source.refused(error))?;
            let check = output.command_line(&["manifest", "check", &shown(path)]);
            output.text(format_args!("Wrote {}. Fill it in, then run: {check}", shown(path)))?;
        }
    }
    let fields: Vec<_> = FIELDS.iter().map(|field| FieldMeaning { field: field.name, meaning: field.meaning }).collect();
    for FieldMeaning { field, meaning } in &fields {
        note(format_args!("  {field:<24}{meaning}"));
    }
    let template = serde_json::from_str(&template).map_err(Error::internal)?;
    let file = source.absolute().map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned());
    Ok(Outcome::ready(ManifestTemplate { file, fields, template }))
}

fn check(source: &Source, output: &Output) -> Result<Outcome, Error> {
    let interrupt = Interrupt::watch().map_err(Error::internal)?;
    match Manifest::from_json(&source.read("the manifest", &interrupt)?) {
        Ok(manifest) => {
            output.text("The manifest is complete.")?;
            Ok(Outcome::ready(ManifestChecked::Complete { public_profile: manifest.public_profile().into() }))
        }
        Err(wrong) => {
            if let ManifestError::Fields(fields) = &wrong {
                fields.iter().try_for_each(|field| output.text(field))?;
            }
            let error = match &wrong {
                ManifestError::Fields(fields) if output.is_text() => {
                    source.refused(format_args!("{} of its fields are wrong", fields.len()))
                }
                wrong => source.refused(wrong),
            };
            Ok(Outcome::stopped(error, ManifestChecked::Wrong { fields: fields(&wrong) }, None))
        }
    }
}
