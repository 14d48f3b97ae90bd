//! One line of `--output ndjson`. A contract: types and keys are only ever added; `schema.json` describes them.

use serde::Serialize;
use serde_json::Value;

use super::document::VERSION;
use crate::patience::now;

/// What happened, with what every event has.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    v: u8,
    r#type: &'static str,
    #[serde(flatten)]
    stamp: Stamp,
    service: Option<&'static str>,
    #[serde(flatten)]
    fields: &'a Value,
}

/// Which event of the run, when, and of which flow.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Stamp {
    /// From 1 on, without a gap.
    seq: u64,
    ts: String,
    flow: Option<String>,
}

impl Stamp {
    pub(super) fn new(seq: u64, flow: Option<String>) -> Self {
        Self { seq, ts: now().to_string(), flow }
    }
}

impl<'a> Event<'a> {
    pub(super) fn new(r#type: &'static str, stamp: Stamp, service: Option<&'static str>, fields: &'a Value) -> Self {
        Self { v: VERSION, r#type, stamp, service, fields }
    }
}
