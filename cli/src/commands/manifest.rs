//! `enlist manifest`: a template, and all that is wrong with a manifest at once.

use std::io::Write;

use enlist_core::badge::{Manifest, ManifestError};

use super::register::fields;
use crate::args::ManifestArgs;
use crate::error::Error;
use crate::input::{Source, shown};
use crate::interrupt::Interrupt;
use crate::output::data::{FieldMeaning, ManifestChecked, ManifestTemplate};
use crate::output::stderr::note;
use crate::output::{Outcome, Output, print_text};
use crate::sys;
use crate::view::profile::{FIELDS, manifest};

pub(crate) fn run(args: &ManifestArgs, output: &Output) -> Result<Outcome, Error> {
    match args {
        ManifestArgs::Init { file } => init(&Source::named("manifest", file), output),
        ManifestArgs::Check { file } => check(&Source::named("manifest", file), output),
    }
}

fn init(source: &Source, output: &Output) -> Result<Outcome, Error> {
    let template = manifest(|field| field.empty);
    match source.path() {
        None if output.is_text() => print_text(&template)?,
        // There the document is what stdout carries; the template is in it.
        None => {}
        Some(path) => {
            let file = sys::create_private(path);
            file.and_then(|mut file| file.write_all(template.as_bytes())).map_err(|error| source.refused(error))?;
            output.text(format_args!("Written: {0}. Fill it in, then: enlist manifest check {0}", shown(path)))?;
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
            Ok(Outcome::stopped(source.refused(&wrong), ManifestChecked::Wrong { fields: fields(&wrong) }, None))
        }
    }
}
