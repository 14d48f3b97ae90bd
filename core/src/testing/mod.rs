//! The tests' model of the world around a ceremony, for everyone who builds on this crate. It needs the feature `testing`, is exempt from
//! semver, and is not for production.
//!
//! A [`World`] is a ceremony, the driver around it (with its store and its journal), a service and a clock, as one plain value. [`Op`]s
//! happen in it: whole exchanges with every fate that a request can have, crashes at every point, clock jumps, actions of a human. After
//! each operation, every [`Rule`] is checked. A [`Scenario`] runs a list of operations and brings the world to an end; [`check`] does so
//! for all ceremonies. A list can come from [`ops`] or `any::<Vec<Op>>()` (proptest), from [`Op::read_all`] (any bytes, for a fuzzer), or
//! from your own code. The strategies need proptest version 1, at least 1.9.
//!
//! ```
//! use enlist_core::testing::{Fate, Manner, Op, Reply, check};
//!
//! check(&[Op::Exchange { manner: Manner::Gateway { status: 503, has_word: false }, fate: Fate::CrashAfterJournal, ms: 20 }, Op::Reply(Reply::AsAsked), Op::Crash])?;
//! # Ok::<(), enlist_core::testing::Broken>(())
//! ```
//!
//! The services are models of the documents: [`OpenTrain`], [`SentryAgent`], [`Badges`]. Where the documents leave something open, a
//! *reading* chooses.
//! A hostile service is [`Manner::Says`] with any [`Words`].

mod answers;
mod classify;
mod endpoint;
mod harness;
mod inspect;
mod op;
mod oracle;
mod rotation_model;
mod rules;
mod scenario;
mod sentryagent_model;
mod service;
mod step;
mod world;

pub use classify::{Class, Classified, classify, did_in};
pub use harness::Harness;
pub use op::{BODIES, Fate, Manner, Op, Owner, Reply, UNSENT, Words, op, ops};
pub use rotation_model::{Badges, BadgesReading};
pub use rules::{Broken, Rule};
pub use scenario::{End, Ending, Scenario, check};
pub use sentryagent_model::{Echo, SentryAgent, SentryAgentReading};
pub use service::{Heard, OpenTrain, OpenTrainReading, Said, Service};
pub use world::{START, World};
