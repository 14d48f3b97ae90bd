#![doc = include_str!("../README.md")]

mod address;
pub mod ambiguities;
mod browser;
mod clock;
mod config;
mod context;
mod control;
mod faults;
mod html;
mod http;
mod human;
mod limiter;
mod log;
mod opentrain;
mod outbox;
mod random;
mod retry_after;
mod routes;
mod sandbox;
mod sentryagent;
mod server;
mod store;
mod world;

pub use ambiguities::Ambiguities;
pub use config::{Config, Latency, Limits, RateLimit};
pub use control::Counts;
pub use faults::{Action, Canned, FaultsError, Scripted, parse_faults};
pub use log::{Answered, LoggedRequest};
pub use opentrain::{Attempt, AttemptState, NoOpenAttempt, Which};
pub use outbox::{Message, MessageKind};
pub use sandbox::{Sandbox, StartError};
