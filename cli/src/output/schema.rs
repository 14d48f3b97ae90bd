//! Generates `schema.json` from the types of the output. Only the tests have this module: the command prints the committed file.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::data::*;
use super::document::{Document, SandboxStarted, VERSION};
use super::event::{Event, Stamp};
use crate::store::Service;

/// The schema of some command's data.
pub(crate) type DataSchema = fn(&mut SchemaGenerator) -> Schema;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn either<A: JsonSchema, B: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let either = json!({ "anyOf": [generator.subschema_for::<A>(), generator.subschema_for::<B>()] });
    Schema::try_from(either).unwrap()
}

/// The data of each command. Those without an entry print a document only when they fail, and then without data.
pub(crate) const DATA: &[(&str, DataSchema)] = &[
    ("try", of::<Tour>),
    ("register", of::<CeremonyData>),
    ("claim", of::<CeremonyData>),
    ("otp", of::<CeremonyData>),
    ("resume", of::<CeremonyData>),
    ("pending", of::<Pending>),
    ("abandon", either::<FlowName, CeremonyData>),
    ("status", of::<Status>),
    ("token", of::<Secret>),
    ("badge show", of::<BadgeShown>),
    ("badge verify", of::<BadgeVerified>),
    ("badge sign", of::<Signed>),
    ("badge rotate", either::<RotationAsked, CeremonyData>),
    ("badge revoke", of::<Revoked>),
    ("badge lookup", of::<LookedUp>),
    ("revoke", of::<Revoked>),
    ("forget", of::<Forgotten>),
    ("adopt", of::<CeremonyData>),
    ("manifest", either::<ManifestTemplate, ManifestChecked>),
    ("profile list", of::<Profiles>),
    ("profile use", of::<ProfileUsed>),
    ("profile rename", of::<ProfileRenamed>),
    ("profile remove", of::<ProfileRemoved>),
    ("profile import", of::<CeremonyData>),
    ("profile export", of::<Exported>),
    ("doctor", of::<Doctor>),
    ("completion", of::<Completion>),
    ("man", of::<Man>),
    ("help", of::<Help>),
];

/// The schema, as the text of the file. `names` are the commands of the command line.
pub(crate) fn generated(names: &[&str]) -> String {
    text(&schema(names), 0) + "\n"
}

fn schema(names: &[&str]) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.meta_schema = None);
    let mut generator = settings.into_generator();
    let mut lines = Map::new();
    lines.insert("result".to_owned(), result(names, &mut generator));
    lines.insert("sandbox".to_owned(), own::<SandboxStarted<'_>>(&mut generator));
    lines.extend(events(&mut generator));
    let references: Vec<_> = lines.keys().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    let mut definitions = generator.take_definitions(true);
    let printed = serde_json::to_string(&(&definitions, &lines)).unwrap();
    definitions.retain(|name, _| printed.contains(&format!("\"#/$defs/{name}\"")));
    definitions.extend(lines);
    let mut schema = Schema::try_from(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "enlist: what --output json and ndjson print",
        "description": "One value of this is one line of stdout. Keys and types are only ever added: ignore what you do not know.",
        "oneOf": references,
        "$defs": definitions,
    }))
    .unwrap();
    RecursiveTransform(plain_numbers).transform(&mut schema);
    schema.to_value()
}

/// A schema that is not shared with others.
fn own<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

/// The document: its own members, and then the data of each command.
fn result(names: &[&str], generator: &mut SchemaGenerator) -> Value {
    let mut result = own::<Document<'_>>(generator);
    let names: BTreeSet<_> = names.iter().copied().chain(DATA.iter().map(|(name, _)| *name)).collect();
    result["properties"]["command"]["enum"] = names.into_iter().map(Value::from).chain([Value::Null]).collect();
    result["properties"]["command"].as_object_mut().unwrap().remove("type");
    let data = DATA.iter().map(|(name, data)| {
        let data = json!({ "anyOf": [data(generator), { "type": "null" }] });
        json!({ "if": { "properties": { "command": { "const": name } } }, "then": { "properties": { "data": data } } })
    });
    result["allOf"] = data.collect();
    result
}

/// One schema for each type of event, by its name: what every event has, and its own members.
fn events(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let service = generator.subschema_for::<Option<Service>>();
    let stamp = own::<Stamp>(generator);
    let mut events = own::<Event>(generator);
    // The members of an event that a document has too, which are printed side by side with the event's own.
    let shared = generator.definitions().clone();
    let event = |mut event: Value| {
        let name = event["properties"]["type"]["const"].as_str().unwrap().to_owned();
        let shared =
            event.as_object_mut().unwrap().remove("$ref").map(|of| shared[of.as_str().unwrap().rsplit('/').next().unwrap()].clone());
        let properties = event["properties"].as_object_mut().unwrap();
        properties.extend(shared.iter().flat_map(|of| of["properties"].as_object().unwrap().clone()));
        properties.insert("v".to_owned(), json!({ "const": VERSION }));
        properties.insert("service".to_owned(), service.clone().to_value());
        properties.extend(stamp["properties"].as_object().unwrap().clone());
        let mut required: BTreeSet<String> = serde_json::from_value(event["required"].take()).unwrap();
        required.extend(shared.iter().flat_map(|of| serde_json::from_value::<Vec<String>>(of["required"].clone()).unwrap()));
        required.extend(["v", "service", "seq", "ts", "flow"].map(str::to_owned));
        event["required"] = required.into_iter().collect();
        (name, event)
    };
    events["oneOf"].as_array_mut().unwrap().drain(..).map(event).collect()
}

/// Without Rust's names for the sizes of numbers, and without the smallest number where the numbers are listed.
fn plain_numbers(schema: &mut Schema) {
    let is_of_rust = |format: &Value| format.as_str().is_some_and(|format| format.starts_with("uint"));
    if schema.get("format").is_some_and(is_of_rust) {
        schema.remove("format");
        schema.remove("maximum");
    }
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        schema.remove("minimum");
    }
}

/// As text, with each value on one line that fits there.
fn text(value: &Value, depth: usize) -> String {
    let line = serde_json::to_string(value).unwrap();
    if depth * 2 + line.len() <= 130 {
        return line;
    }
    let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::Object(members) => {
            let lines: Vec<_> = members.iter().map(|(name, value)| format!("{indent}\"{name}\": {}", text(value, depth + 1))).collect();
            format!("{{\n{}\n{end}}}", lines.join(",\n"))
        }
        Value::Array(values) => {
            let lines: Vec<_> = values.iter().map(|value| indent.clone() + &text(value, depth + 1)).collect();
            format!("[\n{}\n{end}]", lines.join(",\n"))
        }
        _ => line,
    }
}
